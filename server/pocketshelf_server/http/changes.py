"""``/v1/changes``: the change log to read, and changes to make, for the shop's own systems.

Guarded by the site's admin token and a rate limit. A change is in the full-catalogue search at once, and
on devices with the next publication.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from flask import Blueprint, request

from pocketshelf.closely import FeaturesWanted
from pocketshelf.errors import PhotoError
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.formats.product_rules import MAX_TEXT, MAX_VECTORS, check_described
from pocketshelf.stages.colours import PALETTE, joined
from pocketshelf_server.catalogue import Catalogue, Delete, Upsert
from pocketshelf_server.http.admission import RateLimit, caller, check_token
from pocketshelf_server.http.bodies import check_keys, check_space, json_object, number_of, parse_vector
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import Enrolled, PhotoEmbedder, Photos
from pocketshelf_server.site import SiteConfig

__all__ = ["changes_blueprint"]

MAX_CHANGES = 1000
MAX_PICTURES = 100
UPSERT_KEYS = ("op", "product_id", "title", "category", "image", "attributes", "vectors", "pictures")


@dataclass(frozen=True)
class PictureReader:
    """Reads the pictures of a call's changes.

    Attributes:
        looks: whether the products of a category keep local features.
    """

    embedder: PhotoEmbedder
    looks: Callable[[str], bool]


def changes_blueprint(
    catalogue: Catalogue, config: SiteConfig, photos: Photos | None, wish: FeaturesWanted
) -> Blueprint:
    """Both methods of the endpoint; without anything that reads photos it takes no pictures."""
    blueprint = Blueprint("changes", __name__)
    calls, guesses = RateLimit(config.changes_per_minute), RateLimit(config.changes_per_minute)

    @blueprint.before_request
    def admit() -> None:
        try:
            check_token(request.headers.get("Authorization"), config.token_sha256)
        except Problem:
            # Counted apart, and after the look at the token: who guesses keeps nobody out but himself.
            guesses.check(caller(request.remote_addr))
            raise
        calls.check("token")

    @blueprint.get("/v1/changes")
    def read() -> dict[str, Any]:
        check_keys(request.args.to_dict(), ("since", "limit"), "the query")
        since = number_of(request.args, "since", 0, 0, 2**62)
        changes = catalogue.changes(since, number_of(request.args, "limit", 100, 1, MAX_CHANGES))
        return {
            "sequence": catalogue.sequence(),
            "oldest": catalogue.oldest_change(),
            "changes": [vars(change) for change in changes],
        }

    @blueprint.post("/v1/changes")
    def write() -> dict[str, Any]:
        body = json_object()
        check_keys(body, ("space", "changes", "keep_good"))
        check_space(body.get("space"), catalogue.space.name)
        given, keep_good = body.get("changes"), body.get("keep_good", False)
        if not isinstance(given, list) or not 1 <= len(given) <= MAX_CHANGES:
            raise Problem(422, f"'changes' must be a list of 1 to {MAX_CHANGES} changes")
        if not isinstance(keep_good, bool):
            raise Problem(422, "'keep_good' must be true or false")
        pictures = sum(len(_pictures(item)) for item in given)
        if pictures > MAX_PICTURES:
            raise Problem(422, f"{pictures} pictures; a call takes {MAX_PICTURES} at most: make several")
        if pictures and photos is None:
            raise Problem(422, "this server embeds no pictures; send 'vectors', or use `import`")
        refused = Refused(keep_good)
        with photos.place() if pictures and photos else nullcontext() as embedder:
            reader = PictureReader(embedder, wish.choose(catalogue.count())) if embedder else None
            good = _good(given, catalogue.space.dimension, reader, refused)
        places = list(good)
        for number, reason in catalogue.refusals(list(good.values())).items():
            refused.add(places[number], Problem(422, f"changes[{places[number]}]: {reason}"))
            del good[places[number]]
        return vars(catalogue.apply(list(good.values()))) | refused.to_json()

    return blueprint


class Refused:
    """Changes that cannot be made: the first ends the call, unless the good ones are to be kept."""

    def __init__(self, keep_good: bool) -> None:
        self._keep_good = keep_good
        self._found: list[dict[str, Any]] = []

    def add(self, place: int, problem: Problem) -> None:
        """Note the change at ``place``; raises ``problem`` if the call is all or none."""
        if not self._keep_good:
            raise problem
        self._found.append({"change": place, "detail": problem.detail})

    def to_json(self) -> dict[str, Any]:
        """What is said of them beside the rest."""
        found = sorted(self._found, key=lambda entry: entry["change"])
        return {"refused": found} if self._keep_good else {}


def _good(
    given: list[Any], dimension: int, reader: PictureReader | None, refused: Refused
) -> dict[int, Upsert | Delete]:
    """The changes that can be read, by their places."""
    good: dict[int, Upsert | Delete] = {}
    for place, item in enumerate(given):
        try:
            good[place] = _parse(item, place, dimension, reader)
        except Problem as problem:
            refused.add(place, problem)
    return good


def _pictures(item: Any) -> list[Any]:
    given = item.get("pictures") if isinstance(item, dict) else None
    return given if isinstance(given, list) else []


def _parse(item: Any, place: int, dimension: int, reader: PictureReader | None) -> Upsert | Delete:
    where = f"changes[{place}]"
    if not isinstance(item, dict):
        raise Problem(422, f"{where} must be an object")
    try:
        if item.get("op") == "delete":
            check_keys(item, ("op", "product_id"), where)
            product_id = _text(item, "product_id", 1)
            if len(product_id) > MAX_TEXT:
                raise Problem(422, f"'product_id' must have at most {MAX_TEXT} characters")
            return Delete(product_id)
        if item.get("op") == "upsert":
            check_keys(item, UPSERT_KEYS, where)
            return _upsert(item, dimension, reader)
    except Problem as problem:
        detail = problem.detail if problem.detail.startswith(where) else f"{where}: {problem.detail}"
        raise Problem(problem.status, detail) from problem
    except (ValueError, PhotoError) as error:
        raise Problem(422, f"{where}: {error}") from error
    raise Problem(422, f"{where}: 'op' must be 'upsert' or 'delete'")


def _upsert(item: dict[str, Any], dimension: int, reader: PictureReader | None) -> Upsert:
    """A product with what its pictures show: as an import of them would make it."""
    attributes = item.get("attributes", {})
    if not isinstance(attributes, dict):
        raise Problem(422, "'attributes' must be an object")
    texts = [_text(item, "product_id", 1), _text(item, "category", 1), _text(item, "title", 0)]
    image = None if item.get("image") is None else _text(item, "image", 0)
    check_described(texts[0], texts[1], texts[2], image, attributes)
    closely = reader is not None and bool(item.get("pictures")) and reader.looks(texts[1])
    given, pictures = _seen(item, dimension, reader, closely)
    vectors = quantize_vectors(np.stack([*given, *(picture.vector for picture in pictures)]))
    if pictures:
        attributes = {PALETTE: joined(picture.palette for picture in pictures), **attributes}
    features = next((picture.features for picture in pictures if picture.features), b"") if closely else None
    return Upsert(Product(texts[0], 0, texts[1], texts[2], image, vectors, attributes), features=features)


def _seen(
    item: dict[str, Any], dimension: int, reader: PictureReader | None, closely: bool
) -> tuple[list[np.ndarray], list[Enrolled]]:
    """The vectors that were sent, and what there is to each picture."""
    given, pictures = item.get("vectors", []), item.get("pictures", [])
    for name, value in (("vectors", given), ("pictures", pictures)):
        if not isinstance(value, list):
            raise Problem(422, f"{name!r} must be a list")
    if not 1 <= len(given) + len(pictures) <= MAX_VECTORS:
        raise Problem(422, f"a product has 1 to {MAX_VECTORS} 'vectors' and 'pictures' together")
    vectors = [parse_vector(vector, dimension) for vector in given]
    if reader is None:
        return vectors, []
    seen = [_enrolled(picture, place, reader.embedder, closely) for place, picture in enumerate(pictures)]
    return vectors, seen


def _enrolled(picture: Any, place: int, embedder: PhotoEmbedder, closely: bool) -> Enrolled:
    try:
        data = base64.b64decode(picture if isinstance(picture, str) else "?", validate=True)
    except ValueError as error:
        raise Problem(422, f"pictures[{place}] must be a picture's file in base64") from error
    try:
        return embedder.enrol(data, closely)
    except PhotoError as error:
        raise PhotoError(f"pictures[{place}]: {str(error).removeprefix('photo: ')}") from error


def _text(item: dict[str, Any], key: str, least: int) -> str:
    value = item.get(key, "")
    if not isinstance(value, str) or len(value) < least:
        raise Problem(422, f"{key!r} must be a text" + (" that is not empty" if least else ""))
    return value
