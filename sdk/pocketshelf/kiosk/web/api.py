"""What the page asks for, under ``/api``; see the room's description for the addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.web.bodies import (
    FRAME_BYTES,
    flag_of,
    id_of,
    json_body,
    name_of,
    number_of,
    photo_body,
    where_of,
)
from pocketshelf.kiosk.web.errors import Problem
from pocketshelf.kiosk.worker import Answer

__all__ = ["api_blueprint"]

TOP_K, MOST_HITS = 24, 200
GLANCE, MOST_GLANCE = 18, 60
_AGAIN: Mapping[str, tuple[type, ...]] = {
    "vector": (str,),
    "palette": (str,),
    "group": (str,),
    "score": (int, float),
    "categories": (list,),
    "attributes": (dict,),
    "category": (str,),
    "where": (dict,),
    "top_k": (int,),
}


def api_blueprint(kiosk: Kiosk) -> Blueprint:
    """The addresses of finding, answered by ``kiosk``."""
    api = Blueprint("api", __name__, url_prefix="/api")

    @api.post("/detect")
    def detect() -> Response:
        barcodes = flag_of(request.args, "barcodes")
        film = name_of(request.args, "film")
        return _document(kiosk.detect(photo_body(FRAME_BYTES), barcodes, film))

    @api.post("/search")
    def search() -> Response:
        wishes = {
            "category": request.args.get("category", "auto"),
            "where": where_of(request.args.getlist("where")),
            "whole": flag_of(request.args, "whole"),
            "top_k": number_of(request.args, "top_k", TOP_K, MOST_HITS),
        }
        return _document(kiosk.search(photo_body(), wishes))

    @api.post("/again")
    def again() -> Response:
        return _document(kiosk.ask("again", **_again_wishes(json_body())))

    @api.get("/products")
    @api.get("/products/<name:product_id>")
    def product(product_id: str | None = None) -> Response:
        return _document(kiosk.ask("product", id=id_of(product_id, request.args)))

    @api.get("/barcodes/<name:text>")
    def barcode(text: str) -> Response:
        return _document(kiosk.ask("barcode", text=text))

    @api.get("/shelf")
    def shelf() -> Response:
        return _document(kiosk.ask("glance", count=number_of(request.args, "count", GLANCE, MOST_GLANCE)))

    @api.post("/corrections")
    def correct() -> tuple[str, int]:
        body = json_body()
        if not kiosk.settings.current.corrections:
            raise Problem(403, "usage", "corrections are not counted here; staff can turn that on")
        kiosk.corrections.add(body.get("shown"), body.get("chosen"), body.get("category"))
        return "", 204

    return api


def _document(answer: Answer) -> Response:
    """A worker's document, as it is."""
    return Response(answer.body, mimetype="application/json")


def _again_wishes(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a region is known to the desk: the types are checked here, the rest there."""
    wishes = {name: body[name] for name in _AGAIN if body.get(name) is not None}
    for name, value in wishes.items():
        if not isinstance(value, _AGAIN[name]) or isinstance(value, bool):
            raise Problem(400, "usage", f"'{name}' is not what a region has there")
    if "vector" not in wishes:
        raise Problem(400, "usage", "'vector' is missing: the region's, as the search told it")
    if not 1 <= wishes.setdefault("top_k", TOP_K) <= MOST_HITS:
        raise Problem(400, "usage", f"'top_k' is a whole number from 1 to {MOST_HITS}")
    wishes["where"] = {name: _values(value) for name, value in wishes.get("where", {}).items()}
    return wishes


def _values(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(each, str) for each in values):
        raise Problem(400, "usage", "'where' names attributes, each with a value or a list of them")
    return values
