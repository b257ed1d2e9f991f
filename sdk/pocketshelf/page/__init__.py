"""The demo's HTML page: one file, no outside resources, readable offline and on a phone."""

from pocketshelf.page.document import render_page

__all__ = ["render_page"]
