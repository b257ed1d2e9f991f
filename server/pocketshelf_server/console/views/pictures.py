"""``/console/picture?id=…&side=…``: a product's picture, made small."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from pocketshelf_server.console.browse.pictures import SIDES
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.http.bodies import number_of
from pocketshelf_server.http.problems import Problem

__all__ = ["add"]

NONE = "there is no picture of it here"
# A name that its content may change under: asked for again after some minutes.
CACHING = "private, max-age=300"


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/picture")
    def picture() -> AnyResponse:
        product_id = request.args.get("id", "")
        side = number_of(request.args, "side", 320, 1, max(SIDES))
        if side not in SIDES or "\0" in product_id:
            raise Problem(404, NONE)
        product = desk.catalogue.get([product_id]).get(product_id)
        tag = desk.pictures.tag(product.image, side) if product else None
        if product is None or tag is None:
            raise Problem(404, NONE)
        response = Response(content_type="image/jpeg", headers={"Cache-Control": CACHING})
        response.set_etag(tag)
        if tag in request.if_none_match:
            response.status_code = 304
            return response
        made = desk.pictures.get(product.image, side)
        if made is None:
            raise Problem(404, NONE)
        response.set_data(made)
        return response
