"""What ``bundle.json`` says of each of its files; the format is described in `pocketshelf.formats.bundle`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pocketshelf.formats.preprocessing import Preprocessing

__all__ = ["AttributeSpec", "DetectorSpec", "EmbedderSpec", "FileSpec", "ModelSpec", "QualitySpec"]


@dataclass(frozen=True)
class FileSpec:
    """A file of a bundle, or a folder as ``.mlpackage`` is one.

    Attributes:
        file: its name inside the bundle.
        sha256, bytes: filled in by `pocketshelf.formats.bundle.write_bundle`.
    """

    file: str
    sha256: str = field(default="", kw_only=True)
    bytes: int = field(default=0, kw_only=True)


@dataclass(frozen=True)
class ModelSpec(FileSpec):
    """What the bundle says of either model's file."""

    precision: str = field(default="int8", kw_only=True)
    preprocessing: Preprocessing


@dataclass(frozen=True)
class AttributeSpec:
    """One attribute head.

    Attributes:
        output: index of its logits among the model's outputs.
        labels: of the logits.
        categories: those whose products have the attribute; empty: all of them. It is reported for a
            region that more likely than not is of one of these.
    """

    output: int
    labels: tuple[str, ...]
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class EmbedderSpec(ModelSpec):
    """The embedder of a bundle.

    Attributes:
        outputs: index of "embedding" (1, dimension) and of "categories" (1, len(categories)) logits.
        temperature: the category logits are divided by it before the softmax.
    """

    dimension: int
    categories: tuple[str, ...]
    outputs: Mapping[str, int] = field(default_factory=lambda: {"embedding": 0, "categories": 1})
    temperature: float = 1.0
    attributes: Mapping[str, AttributeSpec] = field(default_factory=dict)


@dataclass(frozen=True)
class DetectorSpec(ModelSpec):
    """The detector of a bundle.

    Attributes:
        groups: names of the score columns, in order.
        strides: of the pyramid's levels, in pixels of the input.
        outputs: index of "scores" (1, N, len(groups)) and of "distances" (1, N, 4).
        score_threshold: `search` looks at boxes from here on.
        nms_iou: boxes of one group that overlap more are one.
        frame_weight: group → weight w in [0, 1]; the query of such a region is the normalised
            (1 - w·s)·crop + w·s·whole frame, s following from the photo
            (`pocketshelf.stages.outfit.frame_share`). Absent groups: 0.
        categories: group → names that shops give categories of such things; see
            `pocketshelf.stages.outfit.Shelves`.
    """

    groups: tuple[str, ...]
    strides: tuple[int, ...] = (8, 16, 32)
    outputs: Mapping[str, int] = field(default_factory=lambda: {"scores": 0, "distances": 1})
    score_threshold: float = 0.3
    nms_iou: float = 0.55
    frame_weight: Mapping[str, float] = field(default_factory=dict)
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class QualitySpec(ModelSpec):
    """The network that looks for a photo's faults.

    Attributes:
        faults: what its one output's columns are the logits of.
        rules: see `pocketshelf.quality.rules`, which reads them.
    """

    faults: tuple[str, ...]
    rules: Mapping[str, Any]
