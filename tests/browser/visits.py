"""A person before a page: a browser's context that records what leaves it and what goes wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright

# Upright touch screen, landscape, phone.
SIZES = {"upright": (1080, 1920), "landscape": (1280, 800), "phone": (390, 844)}
# A busy machine is no finding.
PATIENCE_MS = 30_000


def launch(playwright: Playwright, chromium: str, camera: Path | None = None, *flags: str) -> Browser:
    """A headless browser whose camera shows the film ``camera``, over and over.

    Whether a page may use the camera is up to each context.
    """
    arguments = ["--use-fake-device-for-media-stream", *flags]
    if camera:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    return playwright.chromium.launch(executable_path=chromium, args=arguments)


def write_film(path: Path, scene: Path) -> Path:
    """A film of two equal frames, as Chromium's false camera reads it (MJPEG)."""
    stream = io.BytesIO()
    with Image.open(scene) as opened:
        opened.convert("RGB").save(stream, "JPEG", quality=92)
    path.write_bytes(stream.getvalue() * 2)
    return path


class Visit:
    """One visitor of the page of ``origin``.

    Attributes:
        foreign: addresses asked for that are not of the origin.
        complaints: what the console, the policy and the scripts complained of.
    """

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context, self.origin = context, origin
        self.foreign: list[str] = []
        self.requests: list[str] = []
        self.complaints: list[str] = []
        # A busy kiosk answers so to a live frame, which the page then drops.
        self.forgiven = [r"status of 503"]
        context.on("request", lambda request: self._asked(request.url))
        context.on("console", lambda message: self._said(message.type, message.text, message.location["url"]))
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)

    def _asked(self, url: str) -> None:
        self.requests.append(url)
        if urlsplit(url).scheme not in ("blob", "data") and not url.startswith(f"{self.origin}/"):
            self.foreign.append(url)

    def _said(self, kind: str, text: str, url: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{text} ({url})" if url else text)

    def forgive(self, pattern: str) -> None:
        """Complaints that a test provokes, such as of a server that it stopped."""
        self.forgiven.append(pattern)

    def left(self) -> list[str]:
        """What nobody forgave."""
        told = [text for text in self.complaints if not any(re.search(p, text) for p in self.forgiven)]
        return [*told, *(f"left for {url}" for url in self.foreign)]

    def go(self, path: str = "/") -> Page:
        self.page.goto(self.origin + path)
        return self.page

    def find(self, name: str, **attributes: str) -> Locator:
        """The elements that the page names ``name`` for tests, those with the attributes."""
        wanted = "".join(f'[{key.replace("_", "-")}="{value}"]' for key, value in attributes.items())
        return self.page.locator(f'[data-test="{name}"]{wanted}')

    def best_hit(self) -> Locator:
        """The first hit of a search that is sure of it."""
        return self.page.locator('[data-test="hit"].best')

    def overflow(self) -> dict[str, Any]:
        """Pixels that the page is wider than the screen; and the elements with text that sticks out."""
        return self.page.evaluate(OVERFLOW)


OVERFLOW = """() => {
  const root = document.documentElement, out = new Set();
  const seen = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true});
  const clipped = e => {
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    return false;
  };
  for (const e of document.querySelectorAll('body *')) {
    if (!seen(e)) continue;
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    if (box.width <= 2) continue;
    const name = `${e.dataset.test ?? e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 30)}`;
    if (!clipped(e) && (box.right > root.clientWidth + 1 || box.left < -1)) out.add(name);
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const wide = style.display !== 'inline' && e.scrollWidth > e.clientWidth + 1;
    if (own && wide && style.overflowX === 'visible') out.add(name);
  }
  return {page: root.scrollWidth - root.clientWidth, elements: [...out]};
}"""


@contextmanager
def visiting(
    browser: Browser, origin: str, size: str = "landscape", camera: bool = True, **options: Any
) -> Iterator[Visit]:
    """A visitor with a screen of ``size``; fails at the end if a request left or something complained."""
    width, height = SIZES[size]
    options = {"reduced_motion": "reduce", "locale": "en-GB", "has_touch": size != "landscape", **options}
    context = browser.new_context(
        viewport={"width": width, "height": height},
        permissions=["camera"] if camera else [],
        **options,
    )
    try:
        visit = Visit(context, origin)
        yield visit
        if left := visit.left():
            raise AssertionError("\n".join(left))
    finally:
        context.close()
