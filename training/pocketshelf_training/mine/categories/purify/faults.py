"""What is wrong with a candidate's photo itself, whatever its label: by the filter of the phone."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import PhotoError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.quality import Judge
from pocketshelf.stages.preprocess import read_photo

__all__ = ["LEAST_SIDE", "PhotoFaults"]

LEAST_SIDE = 96
# Faults that make a picture useless to learn a category from; clutter or half a body do not. Over-exposure is
# left out: the filter, made for phones' photos, takes a studio's white ground for it.
WORDS = {
    "too_dark": "too dark",
    "blurred": "blurred",
    "collage": "a collage or a screenshot",
}


class PhotoFaults:
    """Says what is wrong with a photo, or nothing; with the bundle's network of quality, if it has one.

    Args:
        size_alone: nothing but the photo's size counts.
    """

    def __init__(self, bundle: Bundle, size_alone: bool = False) -> None:
        self._judge = None if size_alone else Judge.open(bundle) or Judge()

    def __call__(self, path: Path) -> str:
        try:
            photo = read_photo(path)
            if min(photo.width, photo.height) < LEAST_SIDE:
                return f"{photo.width} x {photo.height} pixels"
            found = self._judge.faults(photo) if self._judge else []
        except PhotoError as error:
            return str(error)
        sure = [fault for fault in found if fault.sure and fault.code in WORDS]
        return ", ".join(f"{WORDS[fault.code]} {fault.score:.2f}" for fault in sure)
