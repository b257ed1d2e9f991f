"""The typed results of a search, and the one JSON line that each becomes.

Boxes are (x, y, width, height) in pixels of the upright photo. Scores are cosines in [-1, 1] for
hits and probabilities in [0, 1] everywhere else. Times are milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

__all__ = [
    "FALLBACK_UNAVAILABLE",
    "Box",
    "Categories",
    "Detection",
    "FallbackState",
    "Hit",
    "Quality",
    "Region",
    "SearchResult",
    "StoreInfo",
    "Timings",
]

Box = tuple[float, float, float, float]
Categories = tuple[tuple[str, float], ...]

FALLBACK_UNAVAILABLE: Literal["unavailable"] = "unavailable"
# False: answered locally. True: the server's hits are merged in. "unavailable": it was asked in vain.
FallbackState = bool | Literal["unavailable"]


@dataclass(frozen=True)
class Detection:
    """One box that the detector proposes.

    Attributes:
        box: pixels of the upright photo, inside its frame.
        group: one of the bundle's detector groups.
        score: probability in [0, 1].
    """

    box: Box
    group: str
    score: float


@dataclass(frozen=True)
class Hit:
    """One product that answers a region; each product once, by its best picture.

    Attributes:
        score: cosine between the query's and the product's vector.
        source: "local" for the store's own products, "server" for the fallback's.
        inliers: local features of its picture that lie in the photo as a camera would see them
            (`pocketshelf.closely`): such hits come first, whatever their score. None where not found so.
        read: words in the photo that speak for it and not for all hits as near (`pocketshelf.reading`), in
            the order in which they were read; such hits may come before nearer ones. Empty where none was.
        image: the product's picture as its catalogue names it; part of the full JSON line only.
        attributes: the catalogue's further columns; part of the full JSON line only.
    """

    product_id: str
    score: float
    title: str
    category: str
    source: str = "local"
    inliers: int | None = None
    read: tuple[str, ...] = ()
    image: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    def to_json(self, full: bool = False) -> dict[str, Any]:
        """The hit as `contract/schemas/answer.schema.json` has it; ``full`` with image and attributes."""
        more: dict[str, Any] = {} if self.inliers is None else {"inliers": self.inliers}
        if self.read:
            more["read"] = list(self.read)
        if full:
            more |= {"image": self.image, "attributes": self.attributes}
        return {
            "product_id": self.product_id,
            "score": round(float(self.score), 5),
            "title": self.title,
            "category": self.category,
            "source": self.source,
            **more,
        }


@dataclass(frozen=True)
class Quality:
    """What is wrong with a photo, if anything is.

    Attributes:
        faults: (code, probability) of each that is sure enough to be told, the one to mend first in front;
            the codes are `pocketshelf.quality.FAULTS`.
        advice: a few words for who holds the camera; None where there is nothing to mend.
    """

    faults: tuple[tuple[str, float], ...] = ()
    advice: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The line's "quality" object."""
        return {"faults": [[code, round(float(p), 4)] for code, p in self.faults], "advice": self.advice}


@dataclass(frozen=True)
class Region:
    """One group of results: a box, what is in it, and the products that match it.

    Attributes:
        categories: the model's (name, probability), the likeliest few first.
        attributes: name → (label, probability).
        hits: best first; None where nothing was searched (`detect`).
        vector: float32 (D,), L2-normalised query vector; None where nothing was embedded.
        palette: its colours, where the shelf states some (`pocketshelf.stages.colours`), as they came and,
            behind semicolons, in other light (`pocketshelf.stages.light`).
        likelihoods: as ``categories``, all of them: who asks about the region again is routed as it was.
        confidence: probability that the first hit is the right product; None where the bundle carries no
            calibration for it.
        confident: whether that is enough to trust it. None as above.
        absent: whether it is so little, before other looks at the photo limit it, that there is nothing like
            this here; None as above, and where the bundle's calibration does not tell. Neither confident nor
            absent: one of the hits may be it.
    """

    box: Box
    group: str
    score: float
    categories: Categories = ()
    attributes: dict[str, tuple[str, float]] = field(default_factory=dict)
    hits: tuple[Hit, ...] | None = None
    vector: np.ndarray | None = field(default=None, repr=False, compare=False)
    palette: str | None = field(default=None, repr=False, compare=False)
    likelihoods: Categories = field(default=(), repr=False, compare=False)
    confidence: float | None = None
    confident: bool | None = None
    absent: bool | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether a page says "nothing like this here"; a bundle that has one threshold says so below it."""
        return not self.hits or (self.confident is False if self.absent is None else self.absent)

    def to_json(self, full: bool = False) -> dict[str, Any]:
        """The region as that schema has it; without "hits" where nothing was searched."""
        line: dict[str, Any] = {
            "box": [round(float(side), 1) for side in self.box],
            "group": self.group,
            "score": round(float(self.score), 4),
            "categories": [[name, round(float(p), 4)] for name, p in self.categories],
            "attributes": {name: [label, round(float(p), 4)] for name, (label, p) in self.attributes.items()},
        }
        if self.hits is not None:
            line["confidence"] = None if self.confidence is None else round(float(self.confidence), 4)
            line["confident"] = self.confident
            line["absent"] = self.absent
            line["hits"] = [hit.to_json(full) for hit in self.hits]
        return line


@dataclass
class Timings:
    """Wall time of each stage in milliseconds."""

    decode: float = 0.0
    detect: float = 0.0
    embed: float = 0.0
    search: float = 0.0
    total: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Rounded to a hundredth of a millisecond."""
        return {name: round(value, 2) for name, value in vars(self).items()}


@dataclass(frozen=True)
class StoreInfo:
    """Which state of which store answered."""

    sequence: int
    space: str
    bundle: str

    def to_json(self) -> dict[str, Any]:
        """The line's "store" object."""
        return {"sequence": self.sequence, "space": self.space, "bundle": self.bundle}


@dataclass(frozen=True)
class SearchResult:
    """The answer to one photo.

    Attributes:
        width, height: of the upright photo, in its own pixels.
        local_recall: estimated probability that the wanted product, if it is in the full catalogue, is
            among the local hits; None when the bundle carries no calibration for it.
        fallback: see `FallbackState`.
        regions: most prominent first.
        quality: None where the bundle has nothing to judge it by.
    """

    photo: str
    width: int
    height: int
    regions: tuple[Region, ...]
    ms: Timings
    store: StoreInfo | None = None
    local_recall: float | None = None
    fallback: FallbackState = False
    quality: Quality | None = None

    def to_json(self, full: bool = False) -> dict[str, Any]:
        """The answer of `contract/schemas/answer.schema.json`; ``json.dumps`` of it is the line."""
        judged = {} if self.quality is None else {"quality": self.quality.to_json()}
        recall = None if self.local_recall is None else round(float(self.local_recall), 4)
        return {
            "photo": self.photo,
            "width": self.width,
            "height": self.height,
            "local_recall": recall,
            "fallback": self.fallback,
            "store": None if self.store is None else self.store.to_json(),
            "ms": self.ms.to_json(),
            **judged,
            "regions": [region.to_json(full) for region in self.regions],
        }
