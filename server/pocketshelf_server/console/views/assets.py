"""Scripts, styles, icons and fonts: named by their content, so that they may be kept for ever."""

from __future__ import annotations

from flask import Blueprint, Response

from pocketshelf.page.asset_files import CACHING, served_asset
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.http.problems import Problem

__all__ = ["add"]


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/assets/<version>/<path:name>")
    def asset(version: str, name: str) -> Response:
        found = served_asset(version, name)
        if found is None:
            raise Problem(404, "there is no such file in this release; reload the page")
        return Response(found.content, content_type=found.content_type, headers={"Cache-Control": CACHING})
