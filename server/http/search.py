"""``POST /v1/search``: the nearest products of the full catalogue to a vector. No photo is sent."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
from flask import Blueprint, request

from server.http.problems import Problem
from server.search import SearchService
from server.site import SiteConfig

__all__ = ["parse_categories", "parse_k", "parse_vector", "search_blueprint"]

MAX_CATEGORIES = 1000
DEFAULT_K = 20
KEYS = {"vector", "space", "categories", "k"}


def search_blueprint(service: SearchService, space: str, config: SiteConfig) -> Blueprint:
    """The search endpoint over ``service``, whose vectors are of ``space``."""
    blueprint = Blueprint("search", __name__)

    @blueprint.post("/v1/search")
    def search() -> dict[str, Any]:
        body = _json_object()
        if unknown := sorted(set(body) - KEYS):
            raise Problem(422, f"unknown field {unknown[0]!r}; known: {', '.join(sorted(KEYS))}")
        check_space(body.get("space"), space)
        vector = parse_vector(body.get("vector"), service.dimension)
        k, categories = (
            parse_k(body.get("k", DEFAULT_K), config.max_k),
            parse_categories(body.get("categories")),
        )
        return answer(service, space, vector, k, categories)

    return blueprint


def answer(
    service: SearchService, space: str, vector: np.ndarray, k: int, categories: frozenset[str] | None
) -> dict[str, Any]:
    """The document that answers a search."""
    hits = service.search(vector, k, categories)
    return {
        "space": space,
        "hits": [
            {"product_id": h.product_id, "score": round(h.score, 6), "title": h.title, "category": h.category}
            for h in hits
        ],
    }


def check_space(given: Any, space: str) -> None:
    """Refuse a vector of another space: its scores would be noise that looks like an answer."""
    if not isinstance(given, str):
        raise Problem(422, "'space' must name the embedding space of the vector")
    if given != space:
        raise Problem(
            409, f"the vector is of space {given[:80]!r}, this catalogue of {space!r}; update the bundle"
        )


def parse_vector(given: Any, dimension: int) -> np.ndarray:
    """A list of numbers, or base64 of int8: float32 (D,), finite and not zero."""
    if isinstance(given, str):
        vector = _from_base64(given)
    elif isinstance(given, list) and len(given) <= 2 * dimension:
        if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in given):
            raise Problem(422, "'vector' must hold numbers only")
        vector = _from_numbers(given)
    else:
        raise Problem(422, f"'vector' must be a list of {dimension} numbers, or base64 of as many int8")
    if len(vector) != dimension:
        raise Problem(422, f"'vector' has {len(vector)} numbers, this space has {dimension}")
    if not np.isfinite(vector).all():
        raise Problem(422, "'vector' holds NaN or infinity")
    top = np.abs(vector).max()
    if top == 0:
        raise Problem(422, "'vector' is all zero")
    return vector / top


def _from_base64(text: str) -> np.ndarray:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "'vector' is not base64") from error
    return np.frombuffer(data, dtype=np.int8).astype(np.float32)


def _from_numbers(numbers: list) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            return np.array(numbers, dtype=np.float64).astype(np.float32)
    except OverflowError as error:
        raise Problem(422, "'vector' holds numbers beyond float32") from error


def parse_k(given: Any, most: int) -> int:
    """How many hits: a whole number from 1 to ``most``."""
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= most:
        raise Problem(422, f"'k' must be a whole number from 1 to {most}")
    return given


def parse_categories(given: Any) -> frozenset[str] | None:
    """Names of categories; None for all."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise Problem(422, "'categories' must be a list of names")
    if not 1 <= len(given) <= MAX_CATEGORIES:
        raise Problem(422, f"'categories' must hold 1 to {MAX_CATEGORIES} names; leave it out to search all")
    return frozenset(given)


def _json_object() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        if not request.is_json:
            raise Problem(415, "send a JSON object as application/json")
        raise Problem(400, "the body is not a JSON object")
    return body
