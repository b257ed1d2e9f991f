"""``GET /v1/pictures``: a product's picture, made small, for who shows what the full catalogue has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, request

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.http.admission import RateLimit, caller
from pocketshelf_server.http.bodies import number_of
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import SIDES, Pictures
from pocketshelf_server.site import SiteConfig

__all__ = ["pictures_blueprint", "sent_picture"]

OFF = "this server shows no pictures"
NONE = "there is no picture of it here"
# A name that its content may change under: asked for again after some minutes.
SECONDS = 300
# Requests that may read pictures at once: the console's own always find a place beside them.
AT_ONCE = 8


def pictures_blueprint(catalogue: Catalogue, pictures: Pictures | None, config: SiteConfig) -> Blueprint:
    """The endpoint; without pictures it says that it is off."""
    blueprint = Blueprint("pictures", __name__)
    limit = RateLimit(config.pictures_per_minute)
    places = threading.BoundedSemaphore(AT_ONCE)

    @blueprint.get("/v1/pictures")
    def picture() -> Response:
        if pictures is None:
            raise Problem(404, OFF)
        limit.check(caller(request.remote_addr))
        product_id = request.args.get("product_id")
        if not product_id:
            raise Problem(422, "name a product: ?product_id=…&side=480")
        with _one_of(places):
            return sent_picture(catalogue, pictures, product_id, "public")

    return blueprint


def sent_picture(catalogue: Catalogue, pictures: Pictures, product_id: str, who: str) -> Response:
    """The answer to a request for a product's picture, whose ``side`` is one of `SIDES`.

    Args:
        who: may keep it for a while: "public" or "private".

    Raises:
        Problem: 404, there is none; 422, another side.
        PhotosBusy, PhotoError, PhotoLost: it cannot be read, or not now.
    """
    side = number_of(request.args, "side", 320, 1, max(SIDES))
    if side not in SIDES:
        raise Problem(422, f"'side' is one of {', '.join(map(str, SIDES))}")
    product = None if "\0" in product_id else catalogue.get([product_id]).get(product_id)
    tag = pictures.tag(product.image, side) if product else None
    if product is None or tag is None:
        raise Problem(404, NONE)
    headers = {"Cache-Control": f"{who}, max-age={SECONDS}"}
    response = Response(content_type="image/jpeg", headers=headers)
    response.set_etag(tag)
    if tag in request.if_none_match:
        response.status_code = 304
        return response
    made = pictures.get(product.image, side)
    if made is None:
        raise Problem(404, NONE)
    response.set_data(made)
    return response


@contextmanager
def _one_of(places: threading.BoundedSemaphore) -> Iterator[None]:
    if not places.acquire(blocking=False):
        raise Problem(503, "too many pictures at once; ask again", {"Retry-After": "1"})
    try:
        yield
    finally:
        places.release()
