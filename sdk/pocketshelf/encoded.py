"""What of a photo is embedded: its regions, each with a query vector, the model's say and its colours."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pocketshelf.formats.bundle import AttributeSpec
from pocketshelf.stages.colours import histograms, joined, palette_of, palettes_in
from pocketshelf.stages.embed import Embedding, top_categories
from pocketshelf.stages.light import Light
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Box, Detection, Quality, Region

__all__ = ["FRAME", "EncodedPhoto", "EncodedRegion", "moved"]

# The group of a region that no detector claims: the frame, as asked (score 1) or for want of boxes (0).
FRAME = "frame"


@dataclass(frozen=True)
class EncodedRegion:
    """A box, what the detector says of it, and what the embedder says of what is in it.

    Attributes:
        attributes: the bundle's heads, by name; an embedder of one's own need not have them.
        pixels: a few of the box's, see `pocketshelf.stages.colours.looked_at`; None where no photo is there.
        light: of the photo; None: enough of it, and white.
        told: its palettes as `to_region` tells them, where no photo is there but somebody knows.
    """

    detection: Detection
    embedding: Embedding
    attributes: Mapping[str, AttributeSpec]
    pixels: np.ndarray | None = field(default=None, compare=False, repr=False)
    light: Light | None = field(default=None, compare=False, repr=False)
    told: str | None = None

    @functools.cached_property
    def palettes(self) -> list[str]:
        """Its palettes, as it came first: see `pocketshelf.stages.light`; none where nobody knows."""
        if self.pixels is None:
            return palettes_in(self.told)
        return [palette_of(self.pixels)] if self.light is None else self.light.palettes_of(self.pixels)

    @property
    def palette(self) -> str | None:
        """Its palette as it came; None where nobody knows."""
        return next(iter(self.palettes), None)

    @functools.cached_property
    def colours(self) -> np.ndarray | None:
        """Its palettes' histograms, float32 (n, 700); the likest counts. None if none can be read."""
        found = histograms(self.palettes)
        found = found[found.any(axis=1)]
        return found if len(found) else None

    @property
    def attribute_probabilities(self) -> dict[str, dict[str, float]]:
        """Attribute → label → probability, of the attributes that things of its likely categories have."""
        return {
            name: dict(zip(head.labels, map(float, self.embedding.attributes[name]), strict=True))
            for name, head in self.attributes.items()
            if name in self.embedding.attributes
            and (not head.categories or self._probability(head.categories) >= 0.5)
        }

    def _probability(self, categories: Iterable[str]) -> float:
        return sum(self.embedding.categories.get(name, 0.0) for name in categories)

    def moved(self, by: tuple[float, float]) -> EncodedRegion:
        """The same in a photo in which this one's begins so far across and down."""
        return replace(self, detection=replace(self.detection, box=moved(self.detection.box, by)))

    def to_region(self, **more: Any) -> Region:
        """The typed result, with ``hits`` if given."""
        attributes = {
            name: max(by_label.items(), key=lambda item: item[1])
            for name, by_label in self.attribute_probabilities.items()
        }
        return Region(
            box=self.detection.box,
            group=self.detection.group,
            score=self.detection.score,
            categories=top_categories(self.embedding.categories),
            likelihoods=top_categories(self.embedding.categories, None),
            attributes=attributes,
            vector=self.embedding.vector,
            palette=(joined(vars(self)["palettes"]) or None) if "palettes" in vars(self) else self.told,
            **more,
        )


@dataclass(frozen=True)
class EncodedPhoto:
    """A photo's regions, most prominent first.

    Attributes:
        quality: what is wrong with the photo; None where the bundle has nothing to judge it by.
    """

    photo: Photo
    regions: tuple[EncodedRegion, ...]
    quality: Quality | None = None


def moved(box: Box, by: tuple[float, float]) -> Box:
    """A box in a photo in which its own begins so far across and down."""
    x, y, width, height = box
    return x + by[0], y + by[1], width, height
