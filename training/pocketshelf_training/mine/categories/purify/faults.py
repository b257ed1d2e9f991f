"""What is wrong with a candidate's photo itself, whatever its label."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import read_photo

__all__ = ["LEAST_SIDE", "too_small"]

LEAST_SIDE = 96


def too_small(path: Path, least: int = LEAST_SIDE) -> str:
    """A thumbnail shows too little to learn from; says so, or nothing."""
    try:
        photo = read_photo(path)
    except PhotoError as error:
        return str(error)
    return f"{photo.width} x {photo.height} pixels" if min(photo.width, photo.height) < least else ""
