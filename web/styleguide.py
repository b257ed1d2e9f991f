"""Serves the styleguide with the built assets: ``./dev styleguide``, then a browser at the address said."""

from __future__ import annotations

import mimetypes
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pocketshelf.page.asset_files import FOLDER

HERE = Path(__file__).parent
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'"
PAGES = {"/": "styleguide.html", "/styleguide.js": "styleguide.js"}


class Handler(BaseHTTPRequestHandler):
    """The page, its script, and any asset by its name; an asset's fonts lie beside it under their hashes."""

    def do_GET(self) -> None:
        """Answer the one method that there is."""
        path = _file(self.path.split("?")[0])
        if path is None or not path.is_file():
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", mimetypes.guess_type(path)[0] or "application/octet-stream")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(path.read_bytes())


def _file(path: str) -> Path | None:
    if path in PAGES:
        return HERE / PAGES[path]
    name = f"fonts/{Path(path).name}" if path.endswith(".woff2") else path.removeprefix("/assets/")
    found = (FOLDER / name).resolve()
    return found if found.is_relative_to(FOLDER) else None


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 0), Handler)
    sys.stderr.write(f"http://127.0.0.1:{server.server_port}/\n")
    server.serve_forever()
