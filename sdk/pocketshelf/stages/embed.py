"""Embedding: one vector for a crop, with the model's category and attribute probabilities."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import EmbedderSpec
from pocketshelf.runtime import ModelRunner
from pocketshelf.stages.preprocess import Photo
from pocketshelf.stages.preprocess.photo import SPARE
from pocketshelf.types import Box, Categories

__all__ = ["Embedder", "Embedding", "NetworkEmbedder", "blend", "normalise", "softmax", "top_categories"]

TOP_CATEGORIES = 5


@dataclass(frozen=True)
class Embedding:
    """What the embedder says about a crop.

    Attributes:
        vector: float32 (D,), of length 1.
        categories: name → probability, all that the model knows.
        attributes: name → probabilities in the order of the bundle's labels, (n,).
    """

    vector: np.ndarray
    categories: Mapping[str, float]
    attributes: Mapping[str, np.ndarray]


class Embedder(Protocol):
    """The stage that turns a crop into a vector."""

    def embed(self, photo: Photo, box: Box | None = None) -> Embedding:
        """Embed ``box`` (in the photo's own pixels; the whole frame if None)."""


class NetworkEmbedder:
    """The default `Embedder`: a bundle's network on the crop that its preprocessing makes.

    Args:
        spec: what the bundle says of the network.
        runner: the loaded network.
    """

    def __init__(self, spec: EmbedderSpec, runner: ModelRunner) -> None:
        self._spec = spec
        self._runner = runner

    @property
    def least(self) -> int:
        """So many pixels at a crop's shorter side are shown to the network as more would be, halved."""
        return math.ceil(SPARE * max(self._spec.preprocessing.size))

    def embed(self, photo: Photo, box: Box | None = None) -> Embedding:
        """See `Embedder`.

        Raises:
            BundleError: the network's outputs are not those its bundle describes.
        """
        spec = self._spec
        outputs = self._runner.run(self._input(photo, box)[None])
        logits = self._output(outputs, spec.outputs["categories"], len(spec.categories))
        probabilities = softmax(logits / spec.temperature)
        attributes = {
            name: softmax(self._output(outputs, head.output, len(head.labels)))
            for name, head in spec.attributes.items()
        }
        vector = normalise(self._output(outputs, spec.outputs["embedding"], spec.dimension))
        return Embedding(
            vector, dict(zip(spec.categories, map(float, probabilities), strict=True)), attributes
        )

    def _input(self, photo: Photo, box: Box | None) -> np.ndarray:
        decoded = None if box is None else photo.to_decoded(box)
        return photo.network_input(self._spec.preprocessing, decoded)

    def _output(self, outputs: list[np.ndarray], index: int, length: int) -> np.ndarray:
        if index >= len(outputs) or outputs[index].shape != (1, length):
            shapes = [list(output.shape) for output in outputs]
            raise BundleError(
                f"{self._spec.file}: its outputs are {shapes}; its bundle says that number {index} is "
                f"[1, {length}]"
            )
        return outputs[index][0]


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n,) of logits (n,)."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def normalise(vector: np.ndarray) -> np.ndarray:
    """Float32 (D,) of length 1. Quantized models leave the sphere, so that this is done here, always."""
    return (vector / max(float(np.linalg.norm(vector)), 1e-9)).astype(np.float32)


def blend(crop: Embedding, frame: Embedding, weight: float) -> Embedding:
    """(1 - weight) · crop + weight · frame, for the vector (normalised again) and every probability."""

    def mix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (1 - weight) * a + weight * b

    return Embedding(
        normalise(mix(crop.vector, frame.vector)),
        {name: (1 - weight) * p + weight * frame.categories[name] for name, p in crop.categories.items()},
        {name: mix(p, frame.attributes[name]) for name, p in crop.attributes.items()},
    )


def top_categories(probabilities: Mapping[str, float], count: int | None = TOP_CATEGORIES) -> Categories:
    """The likeliest (name, probability), likeliest first; of ``count`` None, all."""
    return tuple(sorted(probabilities.items(), key=lambda item: -item[1])[:count])
