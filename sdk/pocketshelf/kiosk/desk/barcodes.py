"""Barcodes: read from a frame by zxing-cpp, and looked up in what the catalogue states."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from PIL import Image

__all__ = ["can_read", "is_code_name", "keys_of", "read_barcodes"]

# Attributes that hold one, whatever their case: "GTIN", "ean13", "Variant Barcode", "isbn-10".
_NAME = re.compile(r"(^|[^a-z])(gtin|ean|upc|barcode|isbn)[ _-]?\d{0,2}$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s-]+")
_GTIN_DIGITS = 14
MOST_READ = 8
MOST_TEXT = 200


def is_code_name(name: str) -> bool:
    """Whether an attribute of this name holds barcodes."""
    return _NAME.search(name) is not None


def keys_of(value: Any) -> list[str]:
    """How barcodes are compared: without separators; a GTIN of 8, 12, 13 or 14 digits filled up to 14.

    So a UPC-A equals the EAN-13 that has a 0 before it (GS1 General Specifications, 2.1). A spreadsheet's
    0 may be lost in front: 11 digits are taken for 12. A list holds several.
    """
    values = (
        value if isinstance(value, list) else re.split(r"[|;,]", value) if isinstance(value, str) else [value]
    )
    return [key for each in values if (key := _key(each))]


def _key(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = _SEPARATORS.sub("", str(value))[:MOST_TEXT]
    if text.isascii() and text.isdigit() and 7 <= len(text) <= _GTIN_DIGITS:
        return text.rjust(_GTIN_DIGITS, "0")
    return text.casefold()


def can_read() -> bool:
    """Whether zxing-cpp is here."""
    try:
        import zxingcpp  # noqa: F401
    except ImportError:
        return False
    return True


def read_barcodes(pixels: np.ndarray) -> list[tuple[str, str]]:
    """(text, format) of each barcode in uint8 (h, w, 3) pixels of RGB; none where zxing-cpp is not here."""
    try:
        import zxingcpp
    except ImportError:
        return []
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    found = zxingcpp.read_barcodes(grey)[:MOST_READ]
    return [(each.text[:MOST_TEXT], _format(each)) for each in found if each.valid and each.text]


def _format(barcode: Any) -> str:
    name = getattr(barcode.format, "name", None)
    return name or str(barcode.format).rpartition(".")[2]
