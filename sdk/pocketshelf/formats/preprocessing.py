"""How a crop becomes a network's input: what a bundle says of it, and the hash that a store must share.

`pocketshelf.stages.preprocess` does it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from pocketshelf.formats.fields import Fields

__all__ = ["Preprocessing", "parse_preprocessing"]


@dataclass(frozen=True)
class Preprocessing:
    """How a crop becomes a network's input. Part of a bundle; its hash is part of a store.

    Attributes:
        size: (height, width) of the input in pixels.
        margin: share of the box's sides added on each side before cropping.
        max_aspect: a crop longer than this is widened with the photo around it, as far as the
            photo reaches, before it is squashed to ``size``.
        filter: the resampling filter; only "bilinear-antialias" is defined.
        version: changes whenever the arithmetic changes.
    """

    size: tuple[int, int]
    margin: float = 0.0
    max_aspect: float = 4 / 3
    filter: str = "bilinear-antialias"
    version: int = 1

    @property
    def hash(self) -> str:
        """16 hexadecimal digits that change with anything above."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse_preprocessing(part: Fields) -> Preprocessing:
    """Read a model's "preprocessing"; ``part`` raises its own error where something does not fit."""
    height, width, *more = part.integers("size", low=1)
    if more:
        raise part.error("size", "must be [height, width]")
    preprocessing = Preprocessing(
        size=(height, width),
        margin=part.number("margin", 0.0, low=0),
        max_aspect=part.number("max_aspect", 4 / 3, low=1),
        filter=part.text("filter"),
        version=part.integer("version"),
    )
    known = Preprocessing((1, 1))
    if (preprocessing.filter, preprocessing.version) != (known.filter, known.version):
        raise part.error(
            "filter", f"asks for {preprocessing.filter!r} version {preprocessing.version}; update pocketshelf"
        )
    return preprocessing
