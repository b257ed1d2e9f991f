"""What a bundle says of a network, made from its checkpoint: exports record it, measurements run by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from pocketshelf.formats.bundle import AttributeSpec, DetectorSpec, EmbedderSpec

__all__ = ["TUNED", "detector_spec", "embedder_spec"]

# Of a detector's record, what `pocketshelf-train tune` chose.
TUNED = ("score_threshold", "nms_iou", "frame_weight", "categories")


def embedder_spec(network: nn.Module, meta: Mapping[str, Any]) -> EmbedderSpec:
    """The entry of an embedder, but for its file and precision.

    Args:
        network: has ``config`` and ``preprocessing`` as `pocketshelf_training.models.embedder.Embedder` has;
            the logits of ``config["attributes"]`` (name → labels) are its outputs from the third on.
        meta: of its checkpoint.
    """
    config: dict[str, Any] = network.config  # type: ignore[assignment]
    attributes: dict[str, list[str]] = config.get("attributes", {})
    categories: dict[str, list[str]] = meta.get("attribute_categories", {})
    return EmbedderSpec(
        file="",
        precision="",
        preprocessing=network.preprocessing,  # type: ignore[arg-type]
        dimension=config["dimension"],
        categories=tuple(config["categories"]),
        temperature=float(meta.get("temperature", 1.0)),
        attributes={
            name: AttributeSpec(index, tuple(labels), tuple(categories.get(name, ())))
            for index, (name, labels) in enumerate(attributes.items(), 2)
        },
    )


def detector_spec(network: nn.Module, meta: Mapping[str, Any]) -> DetectorSpec:
    """The entry of a detector, but for its file and precision.

    Args:
        network: has ``groups``, ``strides`` and ``preprocessing`` as
            `pocketshelf_training.models.detector.Detector` has.
        meta: of its checkpoint.
    """
    return DetectorSpec(
        file="",
        precision="",
        preprocessing=network.preprocessing,  # type: ignore[arg-type]
        groups=tuple(network.groups),  # type: ignore[arg-type]
        strides=tuple(network.strides),  # type: ignore[arg-type]
        **{key: meta[key] for key in TUNED if key in meta},
    )
