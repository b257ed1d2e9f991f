"""``/console/picture?id=…&side=…``: a product's picture, made small."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response as AnyResponse

from pocketshelf_server.console.desk import Desk
from pocketshelf_server.http.pictures import sent_picture

__all__ = ["add"]


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/picture")
    def picture() -> AnyResponse:
        return sent_picture(desk.catalogue, desk.pictures, request.args.get("id", ""), "private")
