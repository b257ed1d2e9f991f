"""``POST /v1/search``: the nearest products of the full catalogue to a vector. No photo is sent.

``POST /v1/search/photo`` is for callers without a model of their own who choose to send the photo.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from flask import Blueprint, request

from pocketshelf.recall import CatalogueSpread
from pocketshelf.types import Box, Hit
from pocketshelf_server.http.admission import RateLimit, caller
from pocketshelf_server.http.bodies import (
    check_keys,
    check_space,
    json_object,
    number_of,
    parse_categories,
    parse_number,
    parse_vector,
)
from pocketshelf_server.http.lengths import NO_PHOTOS
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import Photos
from pocketshelf_server.search import SearchService
from pocketshelf_server.site import SiteConfig

__all__ = ["photo_blueprint", "search_blueprint"]

DEFAULT_K = 20
KEYS = ("vector", "space", "categories", "k", "full")
FORM_KEYS = ("photo", "k", "categories", "box")


def search_blueprint(service: SearchService, space: str, config: SiteConfig) -> Blueprint:
    """The search endpoint over ``service``, whose vectors are of ``space``."""
    blueprint = Blueprint("search", __name__)
    limit = RateLimit(config.searches_per_minute)

    @blueprint.post("/v1/search")
    def search() -> dict[str, Any]:
        limit.check(caller(request.remote_addr))
        body = json_object()
        check_keys(body, KEYS)
        check_space(body.get("space"), space)
        vector = parse_vector(body.get("vector"), service.dimension)
        k = parse_number("k", body.get("k", DEFAULT_K), 1, config.max_k)
        full = body.get("full", False)
        if not isinstance(full, bool):
            raise Problem(422, "'full' must be true or false")
        categories = parse_categories(body.get("categories"))
        return _answer(service, space, vector, k, categories, full, tells=True)

    return blueprint


def photo_blueprint(
    service: SearchService, space: str, config: SiteConfig, photos: Photos | None
) -> Blueprint:
    """The photo endpoint; without anything that reads photos it says that it is off."""
    blueprint = Blueprint("photo", __name__)
    limit = RateLimit(config.photos_per_minute)
    parsing = threading.Lock()  # One form at a time: it is work of this process, that searches wait for.

    @blueprint.post("/v1/search/photo")
    def search_photo() -> dict[str, Any]:
        if photos is None:
            raise Problem(404, NO_PHOTOS)
        limit.check(caller(request.remote_addr))
        if request.mimetype != "multipart/form-data":
            raise Problem(415, "send multipart/form-data with a file named 'photo'")
        # The place comes first: to take a form apart costs time as well.
        with photos.place() as embedder:
            with parsing:
                photo, box, k, categories = _parse_form(config.max_k)
            vector = embedder.embed(photo, box)
        return _answer(service, space, vector, k, categories)

    return blueprint


def _parse_form(max_k: int) -> tuple[bytes, Box | None, int, frozenset[str] | None]:
    check_keys(request.form.to_dict(), FORM_KEYS, "the form")
    k = number_of(request.form, "k", DEFAULT_K, 1, max_k)
    categories = parse_categories(request.form.getlist("categories") or None)
    box = _parse_box(request.form.get("box"))
    photo = request.files.get("photo")
    if photo is None:
        raise Problem(422, "the form has no file named 'photo'")
    return photo.stream.read(), box, k, categories


def _answer(
    service: SearchService,
    space: str,
    vector: np.ndarray,
    k: int,
    categories: frozenset[str] | None,
    full: bool = False,
    tells: bool = False,
) -> dict[str, Any]:
    """Of a search.

    Args:
        tells: what a device judges the hits by, too; who sends a photo has no model, and judges nothing.
    """
    found = service.search(vector, k, categories, full)
    answer: dict[str, Any] = {"space": space, "hits": [_hit(hit, full) for hit in found]}
    if tells and (told := service.told(vector, found)):
        answer["catalogue"] = _told(told)
    # A slip would else look like an empty shelf. No error: bundles know more categories than a shop has.
    if unknown := service.unknown(categories):
        answer["unknown_categories"] = unknown
    return answer


def _told(told: CatalogueSpread) -> dict[str, Any]:
    """What the hits are judged by, of the first of them in their order."""
    return {
        "nearest": _spread(told.nearest),
        "background": _spread(told.of_query),
        "hits": [_spread(each) for each in told.of_hits.values()],
    }


def _spread(mean_and_spread: tuple[float, float]) -> dict[str, float]:
    mean, spread = mean_and_spread
    return {"mean": round(mean, 6), "spread": round(spread, 6)}


def _hit(hit: Hit, full: bool) -> dict[str, Any]:
    return {
        "product_id": hit.product_id,
        "score": round(hit.score, 6),
        "title": hit.title,
        "category": hit.category,
        **({"image": hit.image, "attributes": hit.attributes} if full else {}),
    }


def _parse_box(text: str | None) -> Box | None:
    if text is None:
        return None
    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError as error:
        raise Problem(422, "'box' must be x,y,width,height in pixels of the upright photo") from error
    if not all(math.isfinite(side) and abs(side) < 1e6 for side in (x, y, w, h)) or w <= 0 or h <= 0:
        raise Problem(422, "'box' must have a positive width and height, in pixels of the upright photo")
    return x, y, w, h
