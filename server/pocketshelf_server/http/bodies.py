"""Reading what a request brings: JSON bodies, vectors, counts, names. Every fault is a 4xx `Problem`."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from flask import request

from pocketshelf_server.http.problems import Problem

__all__ = [
    "check_keys",
    "check_space",
    "json_object",
    "number_of",
    "parse_categories",
    "parse_number",
    "parse_vector",
]

MAX_CATEGORIES = 1000


def json_object() -> dict[str, Any]:
    """The request's body, which must be a JSON object."""
    if not request.is_json:
        raise Problem(415, "send a JSON object as application/json")
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):  # Flask's own reader lets the second one through.
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "the body is not a JSON object")
    return body


def check_keys(body: dict[str, Any], known: Collection[str], where: str = "the body") -> None:
    """Refuse fields that nobody reads: a typing slip must not pass silently."""
    if unknown := sorted(set(body) - set(known)):
        raise Problem(
            422, f"{where} has an unknown field {unknown[0][:80]!r}; known: {', '.join(sorted(known))}"
        )


def check_space(given: Any, space: str) -> None:
    """Refuse a vector of another space: its scores would be noise that looks like an answer."""
    if not isinstance(given, str):
        raise Problem(422, "'space' must name the embedding space of the vectors")
    if given != space:
        raise Problem(
            409, f"the vector is of space {given[:80]!r}, this catalogue of {space!r}; update the bundle"
        )


def parse_vector(given: Any, dimension: int) -> np.ndarray:
    """A list of numbers, or base64 of int8: float32 (D,), finite, the largest magnitude 1."""
    if isinstance(given, str):
        vector = _from_base64(given)
    elif isinstance(given, list) and len(given) <= 2 * dimension:
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
    # Divided in float64: the reciprocal of the least float32 would overflow.
    return (vector / top).astype(np.float32)


def _from_base64(text: str) -> np.ndarray:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem(422, "'vector' is not base64") from error
    return np.frombuffer(data, dtype=np.int8).astype(np.float64)


def _from_numbers(numbers: list) -> np.ndarray:
    if not all(isinstance(x, int | float) and not isinstance(x, bool) for x in numbers):
        raise Problem(422, "'vector' must hold numbers only")
    try:
        return np.array(numbers, dtype=np.float64)
    except OverflowError as error:
        raise Problem(422, "'vector' holds numbers beyond float64") from error


def parse_number(name: str, given: Any, least: int, most: int) -> int:
    """A whole number from ``least`` to ``most``; ``name`` is what it is of."""
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise Problem(422, f"'{name}' must be a whole number from {least} to {most}")
    return given


def number_of(fields: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """The same where it comes as text, in a query or a form; ``default`` if it does not."""
    text = fields.get(name)
    given = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else text
    return parse_number(name, default if text is None else given, least, most)


def parse_categories(given: Any) -> frozenset[str] | None:
    """Names of categories; None for all."""
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise Problem(422, "'categories' must be a list of names")
    if not 1 <= len(given) <= MAX_CATEGORIES:
        raise Problem(422, f"'categories' must hold 1 to {MAX_CATEGORIES} names; leave it out to search all")
    for name in given:
        if not name or "\0" in name or any("\ud800" <= character <= "\udfff" for character in name):
            raise Problem(422, f"'categories' holds {name[:80]!r}, which is no name")
    return frozenset(given)
