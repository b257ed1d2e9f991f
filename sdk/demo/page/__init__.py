"""The demo's HTML page: one file, no outside resources, readable offline and on a phone."""

from sdk.demo.page.document import render_page

__all__ = ["render_page"]
