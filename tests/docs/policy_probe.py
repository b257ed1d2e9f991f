"""What Chromium makes of the policies that it finds, as JSON; a test runs it in a mount namespace."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import sys
import threading

from playwright.sync_api import Error, Page, sync_playwright

ROWS = """() => {
  const rows = [];
  const walk = root => {
    for (const e of root.querySelectorAll('*')) {
      if (e.tagName === 'POLICY-ROW') rows.push(e.shadowRoot);
      if (e.shadowRoot) walk(e.shadowRoot);
    }
  };
  walk(document);
  const text = (row, part) => row?.querySelector(part)?.textContent.trim() ?? '';
  return rows.filter(row => text(row, '.source')).map(row => [text(row, '.name'), text(row, '.messages')]);
}"""


class Empty(http.server.BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def policies(page: Page) -> dict[str, str]:
    page.goto("chrome://policy")
    page.wait_for_function(f"() => ({ROWS})().length > 5")
    return dict(page.evaluate(ROWS))


def camera(page: Page) -> str:
    """The state of the permission on the kiosk's address, which nobody was asked for."""
    with contextlib.suppress(OSError):  # Another kiosk may stand there already: its page will do.
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Empty)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    page.goto("http://127.0.0.1:8080/")
    state = page.evaluate("async () => (await navigator.permissions.query({name: 'camera'})).state")
    return str(state)


def elsewhere(page: Page) -> str:
    try:
        page.goto("http://127.0.0.1:9/")
    except Error as error:
        return str(error)
    return "open"


def main(profile: str) -> None:
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        context = playwright.chromium.launch_persistent_context(profile, executable_path=chromium)
        page = context.new_page()
        found = {"policies": policies(page), "camera": camera(page), "elsewhere": elsewhere(page)}
        context.close()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
