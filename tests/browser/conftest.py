"""Chromium, and kiosks for it to look at. Everything is real but the camera's film."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("flask", reason="needs the extra 'kiosk'")
pytest.importorskip("playwright", reason="needs Playwright: pip install playwright")

from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from browser.processes import Program, kiosk
from browser.shelves import Shelf, make_shelf
from browser.visits import PATIENCE_MS, Visit, launch, visiting, write_film
from pocketshelf.catalogue import build_store

Visiting = Callable[..., Visit]
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build/screenshots"


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium: `POCKETSHELF_CHROMIUM`, or what is on the path."""
    found = os.environ.get("POCKETSHELF_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        pytest.skip("needs Chromium: apt-get install chromium, or set POCKETSHELF_CHROMIUM")
    return found


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Ends with this folder: while it runs, nothing else in the process can run an event loop."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Shelf:
    """A shop's goods: photographs where they are, drawings elsewhere."""
    data = os.environ.get("POCKETSHELF_DATA")
    return make_shelf(tmp_path_factory.mktemp("shelf") / "goods", Path(data) if data else None)


@pytest.fixture(scope="package")
def browser(
    playwright: Playwright, chromium_path: str, shelf: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    """Its camera sees the shelf's scene."""
    film = write_film(tmp_path_factory.mktemp("film") / "scene.mjpeg", shelf.scene)
    running = launch(playwright, chromium_path, film, "--host-resolver-rules=MAP kiosk.example 127.0.0.1")
    yield running
    running.close()


@pytest.fixture(scope="session")
def store(shelf: Shelf) -> Path:
    """The shelf's goods as a store. Nothing writes into it."""
    folder = shelf.catalogue.parent / "store"
    assert build_store(shelf.catalogue, folder).problems == []
    return folder


@pytest.fixture(scope="package")
def running_kiosk(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A kiosk that no test stops or changes."""
    with kiosk(store, tmp_path_factory.mktemp("kiosk")) as program:
        yield program


@pytest.fixture
def make_kiosk(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts kiosks of the test's own: ``make_kiosk(store, "--option", …)``."""
    with ExitStack() as stack:

        def make(store: Path, *options: str) -> Program:
            return stack.enter_context(kiosk(store, tmp_path, *options))

        yield make


@pytest.fixture
def visit(browser: Browser, running_kiosk: Program) -> Iterator[Visiting]:
    """``visit(size=, camera=, origin=, …)``: someone before the kiosk; whatever leaves or complains fails."""
    with ExitStack() as stack:

        def make(origin: str = running_kiosk.url, **options: Any) -> Visit:
            made: AbstractContextManager[Visit] = visiting(browser, origin, **options)
            return stack.enter_context(made)

        yield make


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pages are drawn into, to be looked at; git does not see it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
