"""Detection: decoding against hand-made outputs, suppression, the choice of regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.errors import BundleError
from pocketshelf.formats import DetectorSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.detect import (
    Cutoffs,
    NetworkDetector,
    decode_boxes,
    non_maximum_suppression,
    pairwise_iou,
    prominence,
    pyramid_points,
    select_regions,
)
from pocketshelf.stages.preprocess import Photo, network_input
from pocketshelf.types import Detection

SPEC = DetectorSpec("d.fake", Preprocessing((64, 96)), ("upper", "bag"), strides=(8, 16, 32))
N = 8 * 12 + 4 * 6 + 2 * 3
PHOTO = Photo(np.zeros((128, 192, 3), np.uint8), 384, 256)


class Outputs:
    """A network that says what it is told."""

    def __init__(self, scores: np.ndarray, distances: np.ndarray) -> None:
        self.outputs = [scores, distances]

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        assert pixels.shape == (1, 64, 96, 3)
        return self.outputs


Point = tuple[int, int, float, tuple[float, float, float, float]]


def detect(*found: Point, cutoffs: Cutoffs | None = None) -> list[Detection]:
    """Run the decoder on points (index, group, score, distances)."""
    scores, distances = np.zeros((1, N, 2), np.float32), np.ones((1, N, 4), np.float32)
    for point, group, score, sides in found:
        scores[0, point, group], distances[0, point] = score, sides
    return NetworkDetector(SPEC, Outputs(scores, distances), cutoffs).detect(PHOTO)


def test_points_are_the_cells_centres_level_by_level_row_major() -> None:
    points, strides = pyramid_points((64, 96), (8, 16, 32))
    assert points.shape == (N, 2) and strides.tolist() == [8] * 96 + [16] * 24 + [32] * 6
    assert points[0].tolist() == [4, 4] and points[1].tolist() == [12, 4] and points[12].tolist() == [4, 12]
    assert points[96].tolist() == [8, 8] and points[-1].tolist() == [80, 48]


def test_distances_are_in_strides_and_boxes_in_the_photos_pixels() -> None:
    # Second cell of the 16-pixel level: centre (24, 8) of 96 x 64, which the photo has 4 times.
    (found,) = detect((97, 1, 0.75, (1, 0.25, 2, 1.5)))
    assert found == Detection((4 * 8.0, 4 * 4.0, 4 * 48.0, 4 * 28.0), "bag", 0.75)


def test_boxes_are_cut_to_the_frame_and_negative_distances_are_none() -> None:
    boxes = decode_boxes(
        np.array([[9, 9, 9, 9], [-1, 0, 1, 1]], float),
        np.array([[4, 4], [40, 40]], float),
        np.array([8, 8.0]),
        (96, 64),
    )
    assert boxes.tolist() == [[0, 0, 76, 64], [40, 40, 48, 48]]


def test_a_box_without_area_is_dropped() -> None:
    assert detect((97, 0, 0.9, (0, 0, 0, 1))) == []


def test_scores_below_the_floor_are_dropped_and_the_best_come_first() -> None:
    found = detect((0, 0, 0.049, (1, 1, 1, 1)), (40, 0, 0.06, (1, 1, 1, 1)), (95, 1, 0.5, (1, 1, 1, 1)))
    assert [(d.group, round(d.score, 2)) for d in found] == [("bag", 0.5), ("upper", 0.06)]


def test_suppression_is_within_a_group() -> None:
    same = (2.0, 2.0, 2.0, 2.0)
    found = detect(
        (40, 0, 0.9, same), (41, 0, 0.8, (3, 2, 1, 2)), (41, 1, 0.7, (3, 2, 1, 2)), (46, 0, 0.3, same)
    )
    assert [(d.group, round(d.score, 1)) for d in found] == [("upper", 0.9), ("bag", 0.7), ("upper", 0.3)]


def test_at_most_fifty_boxes() -> None:
    assert len(detect(*((n, 0, 0.5, (0.4, 0.4, 0.4, 0.4)) for n in range(96)))) == 50


def test_a_measurement_may_cut_elsewhere() -> None:
    small = (0.4, 0.4, 0.4, 0.4)
    points = [*((n, 0, 0.5 - n / 1000, small) for n in range(96)), (95, 1, 0.02, small)]
    assert len(detect(*points, cutoffs=Cutoffs(score=0.01, boxes=100))) == 97
    assert {d.group for d in detect(*points, cutoffs=Cutoffs(boxes=100))} == {"upper"}
    few = detect(*points, cutoffs=Cutoffs(score=0.01, candidates=3))
    assert [round(d.score, 3) for d in few] == [0.5, 0.499, 0.498, 0.02]


@pytest.mark.parametrize(("shorter", "scale"), [(147, 1), (148, 2), (294, 2), (295, 4)])
def test_the_network_is_shown_the_photo_halved_while_a_little_more_than_it_takes_is_left(
    shorter: int, scale: int
) -> None:
    shown: list[np.ndarray] = []

    class Seeing(Outputs):
        def run(self, pixels: np.ndarray) -> list[np.ndarray]:
            shown.append(pixels[0])
            return super().run(pixels)

    nothing = Seeing(np.zeros((1, N, 2), np.float32), np.ones((1, N, 4), np.float32))
    pixels = np.random.default_rng(0).integers(0, 255, (shorter, 3 * shorter, 3), dtype=np.uint8)
    assert NetworkDetector(SPEC, nothing).detect(Photo(pixels, 3 * shorter, shorter)) == []
    small = Image.fromarray(pixels)
    for _ in range(scale // 2):
        small = small.reduce(2)
    assert np.array_equal(shown[0], network_input(small, SPEC.preprocessing))


def test_suppression_keeps_the_better_of_two() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 6], [0, 0, 10, 4], [20, 20, 30, 30]], float)
    assert non_maximum_suppression(boxes, 0.55).tolist() == [0, 2, 3]
    assert non_maximum_suppression(boxes, 0.3).tolist() == [0, 3]
    assert non_maximum_suppression(np.zeros((0, 4)), 0.5).tolist() == []


@pytest.mark.parametrize("count", [1, 8, 9, 300])
def test_suppression_is_that_of_the_plain_definition(count: int) -> None:
    """Box by box, each against all that were kept."""
    rng = np.random.default_rng(count)
    low = rng.uniform(0, 60, (count, 2))
    boxes = np.concatenate([low, low + rng.uniform(5, 40, (count, 2))], axis=1).astype(np.float32)
    kept: list[int] = []
    for i in range(count):
        if not kept or pairwise_iou(boxes[i][None], boxes[kept]).max() <= 0.4:
            kept.append(i)
    assert non_maximum_suppression(boxes, 0.4).tolist() == kept


def test_iou_of_known_boxes() -> None:
    a = np.array([[0, 0, 2, 2]], float)
    b = np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6], [0, 0, 0, 0]], float)
    np.testing.assert_allclose(pairwise_iou(a, b), [[1, 1 / 3, 0, 0]], atol=1e-9)


@pytest.mark.parametrize(
    ("scores", "distances"),
    [((1, N, 3), (1, N, 4)), ((1, N - 1, 2), (1, N - 1, 4)), ((1, N, 2), (1, N, 5)), ((N, 2), (N, 4))],
)
def test_outputs_of_another_shape_are_refused(scores: tuple[int, ...], distances: tuple[int, ...]) -> None:
    network = Outputs(np.zeros(scores, np.float32), np.zeros(distances, np.float32))
    with pytest.raises(BundleError, match="as its bundle says"):
        NetworkDetector(SPEC, network).detect(PHOTO)
    network.outputs.pop()
    with pytest.raises(BundleError, match="fewer than its bundle names"):
        NetworkDetector(SPEC, network).detect(PHOTO)


def test_regions_are_distinct_prominent_and_few() -> None:
    shirt = Detection((100, 50, 200, 200), "upper", 0.8)
    coat = Detection((102, 50, 198, 205), "outerwear", 0.6)
    shoe = Detection((10, 220, 40, 30), "footwear", 0.95)
    faint = Detection((0, 0, 384, 256), "goods", 0.2)
    assert select_regions([shoe, coat, shirt, faint], (384, 256), 0.3) == [shirt, shoe]
    many = [Detection((30.0 * n, 0, 20, 20), "bag", 0.5) for n in range(12)]
    assert len(select_regions(many, (384, 256), 0.3)) == 8
    assert select_regions([faint], (384, 256), 0.3) == []


def test_prominence_grows_with_score_size_and_centrality() -> None:
    def of(score: float, box: tuple[float, float, float, float]) -> float:
        return prominence(Detection(box, "bag", score), (100, 100))

    assert of(1.0, (0, 0, 100, 100)) == pytest.approx(1.0)
    assert of(0.5, (0, 0, 100, 100)) == pytest.approx(0.5)
    assert of(1.0, (25, 25, 50, 50)) == pytest.approx(0.5)
    assert of(1.0, (0, 0, 50, 50)) == pytest.approx(0.5 * 0.75)


def test_mean_precision_can_be_measured_on_real_photos(trained_bundle: Path, real_photos: Path) -> None:
    from pocketshelf.encoder import Encoder

    encoder = Encoder.open(trained_bundle)
    photos = sorted((real_photos / "street").rglob("*.jpg"))[:5]
    results = [encoder.detect(photo) for photo in photos]
    assert sum(region.score > 0.3 for result in results for region in result.regions) >= 5
    for result in results:
        scores = [region.score for region in result.regions]
        assert scores == sorted(scores, reverse=True) and len(scores) <= 50
        for x, y, w, h in (region.box for region in result.regions):
            assert x >= 0 and y >= 0 and w > 0 and h > 0
            assert x + w <= result.width + 0.01 and y + h <= result.height + 0.01
