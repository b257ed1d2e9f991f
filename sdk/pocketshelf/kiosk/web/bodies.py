"""What a request brings: a photo, a JSON object, the wishes in an address. Bounded, and in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from pocketshelf.formats import strict_json
from pocketshelf.kiosk.report import PHOTO_BYTES
from pocketshelf.kiosk.web.errors import Problem

__all__ = [
    "FRAME_BYTES",
    "JSON_BYTES",
    "flag_of",
    "id_of",
    "json_body",
    "number_of",
    "photo_body",
    "where_of",
]

FRAME_BYTES = 8_000_000
JSON_BYTES = 200_000
MOST_CONDITIONS = 32
_FLAGS = {"0": False, "1": True}


def photo_body(most: int = PHOTO_BYTES) -> bytes:
    """A photo's file.

    Raises:
        Problem: it is too large, or comes as a form.
    """
    megabytes = most // 1_000_000
    _check_length(most, "photo_too_large", f"this photo has more than {megabytes} MB; send a smaller one")
    if request.mimetype.startswith("multipart/"):
        raise Problem(415, "usage", "send the photo's bytes as the body, not as a form")
    return request.get_data(cache=False)


def json_body() -> dict[str, Any]:
    """A JSON object.

    Raises:
        Problem: it is none, or too long.
    """
    _check_length(JSON_BYTES, "usage", "the body is too long")
    if not request.is_json:
        raise Problem(415, "usage", "send a JSON object as application/json")
    try:
        body = strict_json.loads(request.get_data(cache=False))
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Problem(400, "usage", "the body is not a JSON object")
    return body


def _check_length(most: int, code: str, message: str) -> None:
    if request.content_length is not None and request.content_length > most:
        raise Problem(413, code, message)
    request.max_content_length = most


def flag_of(fields: Mapping[str, str], name: str) -> bool:
    """``name=0`` or ``name=1``; False where it is not said."""
    text = fields.get(name, "0")
    if text not in _FLAGS:
        raise Problem(400, "usage", f"{name} is 0 or 1")
    return _FLAGS[text]


def number_of(fields: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to ``most``."""
    text = fields.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise Problem(400, "usage", f"{name} is a whole number from 1 to {most}")
    return int(text)


def id_of(named: str | None, fields: Mapping[str, str]) -> str:
    """A product's id, out of the address's path or ``id=``: no path ends in "." or ".."."""
    found = fields.get("id") if named is None else named
    if not found:
        raise Problem(400, "usage", "name a product: id=…")
    return found


def name_of(fields: Mapping[str, str], name: str) -> str | None:
    """A name of at most 64 plain letters and digits that a page has chosen; None where it is not said."""
    text = fields.get(name)
    if text is not None and not (text.isascii() and text.isalnum() and len(text) <= 64):
        raise Problem(400, "usage", f"{name} is 1 to 64 plain letters and digits")
    return text


def where_of(conditions: list[str]) -> dict[str, list[str]]:
    """From several ``KEY=VALUE``."""
    found: dict[str, list[str]] = {}
    for condition in conditions[:MOST_CONDITIONS]:
        key, equals, value = condition.partition("=")
        if not key or not equals or not value:
            raise Problem(400, "usage", "where is of the form KEY=VALUE")
        found.setdefault(key, []).append(value)
    return found
