"""Embedding: normalisation, calibrated probabilities, crops in the right pixels, the blend with the frame."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf.errors import BundleError
from pocketshelf.formats import AttributeSpec, EmbedderSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.embed import NetworkEmbedder, blend, softmax, top_categories
from pocketshelf.stages.preprocess import Photo


def spec(**more: object) -> EmbedderSpec:
    fields = {
        "dimension": 3,
        "categories": ("a", "b"),
        "attributes": {"shade": AttributeSpec(2, ("dark", "light"))},
    }
    return EmbedderSpec("e.fake", Preprocessing((8, 8)), **{**fields, **more})  # type: ignore[arg-type]


class Mean:
    """Embeds a crop as its mean colour; logits and attributes are fixed."""

    outputs: tuple[np.ndarray, ...] = (np.array([[2.0, 0.0]]), np.array([[0.0, 0.0]]))

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        return [pixels.astype(np.float32).mean(axis=(1, 2)), *self.outputs]


def two_halves() -> Photo:
    """Left red, right blue; decoded at half its size."""
    pixels = np.zeros((50, 100, 3), np.uint8)
    pixels[:, :50, 0], pixels[:, 50:, 2] = 255, 255
    return Photo(pixels, 200, 100)


def test_vectors_have_length_one_and_boxes_are_in_the_photos_own_pixels() -> None:
    embedder = NetworkEmbedder(spec(), Mean())
    np.testing.assert_allclose(embedder.embed(two_halves(), (110, 10, 60, 60)).vector, [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(embedder.embed(two_halves(), (10, 10, 60, 60)).vector, [1, 0, 0], atol=1e-6)
    whole = embedder.embed(two_halves()).vector
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, [0.5**0.5, 0, 0.5**0.5], atol=1e-2)


def test_a_vector_of_zeros_stays_finite() -> None:
    black = Photo(np.zeros((9, 9, 3), np.uint8), 9, 9)
    assert not NetworkEmbedder(spec(), Mean()).embed(black).vector.any()


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_temperature_divides_the_logits(temperature: float) -> None:
    found = NetworkEmbedder(spec(temperature=temperature), Mean()).embed(two_halves())
    assert found.categories["a"] == pytest.approx(1 / (1 + np.exp(-2 / temperature)))
    assert found.attributes["shade"].tolist() == [0.5, 0.5]


def test_softmax_survives_large_logits() -> None:
    np.testing.assert_allclose(softmax(np.array([1e4, 1e4, -1e4])), [0.5, 0.5, 0])


@pytest.mark.parametrize(
    "changed",
    [{"dimension": 4}, {"categories": ("a", "b", "c")}, {"attributes": {"x": AttributeSpec(9, ("y",))}}],
)
def test_outputs_of_another_shape_are_refused(changed: dict[str, object]) -> None:
    with pytest.raises(BundleError, match="its bundle says"):
        NetworkEmbedder(spec(**changed), Mean()).embed(two_halves())


def test_a_blend_is_normalised_again_and_mixes_probabilities() -> None:
    embedder = NetworkEmbedder(spec(), Mean())
    red, blue = embedder.embed(two_halves(), (0, 0, 60, 60)), embedder.embed(two_halves(), (140, 0, 60, 60))
    mixed = blend(red, blue, 0.25)
    np.testing.assert_allclose(mixed.vector, np.array([0.75, 0, 0.25]) / np.hypot(0.75, 0.25), atol=1e-6)
    assert mixed.categories == pytest.approx(red.categories) and sum(
        mixed.categories.values()
    ) == pytest.approx(1)


def test_the_top_categories_come_likeliest_first() -> None:
    assert top_categories({"a": 0.1, "b": 0.6, "c": 0.3}, 2) == (("b", 0.6), ("c", 0.3))
