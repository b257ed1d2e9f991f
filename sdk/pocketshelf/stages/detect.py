"""Detection: boxes and their groups, by an anchor-free network as FCOS is (Tian et al., ICCV 2019).

The network gives, for N points of a pyramid, group scores and the distances to the four sides; decoding
and suppression happen here, since a graph with them does not stay on a phone's neural unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import DetectorSpec
from pocketshelf.runtime import ModelRunner
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Box, Detection

__all__ = [
    "MOST_BOXES",
    "Cutoffs",
    "Detector",
    "NetworkDetector",
    "around",
    "decode_boxes",
    "non_maximum_suppression",
    "pairwise_iou",
    "prominence",
    "select_regions",
]

MAX_REGIONS = 8
# Boxes of a photo, the best of all groups.
MOST_BOXES = 50
# Two groups that claim nearly the same box are one thing seen twice.
SAME_THING_IOU = 0.7
# Pixels a side that must be left of a halved photo, by those that the network takes. Boxes hardly depend on
# them (`benchmarks/large_photos.py`); vectors do.
SPARE = 1.15


@dataclass(frozen=True)
class Cutoffs:
    """What a detector leaves out; a measurement of average precision may want other ones.

    Attributes:
        score: boxes below are noise.
        candidates: so many of a group, the best, enter the suppression, which compares all pairs.
        boxes: so many are left of a photo, the best of all groups.
    """

    score: float = 0.05
    candidates: int = 300
    boxes: int = MOST_BOXES


class Detector(Protocol):
    """The stage that finds things in a photo."""

    def detect(self, photo: Photo) -> list[Detection]:
        """Everything that may be something, best score first; `select_regions` chooses among it."""


class NetworkDetector:
    """The default `Detector`: a bundle's network, decoded, with suppression within each group.

    Args:
        spec: what the bundle says of the network.
        runner: the loaded network.
        cutoffs: which boxes are left out.
    """

    def __init__(self, spec: DetectorSpec, runner: ModelRunner, cutoffs: Cutoffs | None = None) -> None:
        self._spec = spec
        self._runner = runner
        self._cutoffs = cutoffs or Cutoffs()
        self._points, self._strides = pyramid_points(spec.preprocessing.size, spec.strides)

    def detect(self, photo: Photo) -> list[Detection]:
        """See `Detector`.

        Raises:
            BundleError: the network's outputs are not those its bundle describes.
        """
        scores, distances = self._run(photo)
        # Of thousands of points a few dozen see something, of a few groups.
        seen = np.flatnonzero((scores >= self._cutoffs.score).any(axis=1))
        scores = scores[seen]
        height, width = self._spec.preprocessing.size
        boxes = decode_boxes(distances[seen], self._points[seen], self._strides[seen], (width, height))
        boxes *= np.array([photo.width / width, photo.height / height] * 2, dtype=np.float32)
        groups = np.flatnonzero((scores >= self._cutoffs.score).any(axis=0))
        found = [d for column in groups.tolist() for d in self._group(boxes, scores[:, column], column)]
        return sorted(found, key=lambda detection: -detection.score)[: self._cutoffs.boxes]

    def _run(self, photo: Photo) -> tuple[np.ndarray, np.ndarray]:
        spec = self._spec
        outputs = self._runner.run(photo.network_input(spec.preprocessing, spare=SPARE)[None])
        if len(outputs) <= max(spec.outputs.values()):
            raise BundleError(f"{spec.file}: gives {len(outputs)} outputs, fewer than its bundle names")
        scores, distances = outputs[spec.outputs["scores"]], outputs[spec.outputs["distances"]]
        n = len(self._points)
        if scores.shape != (1, n, len(spec.groups)) or distances.shape != (1, n, 4):
            raise BundleError(
                f"{spec.file}: its outputs are {list(scores.shape)} and {list(distances.shape)}, not "
                f"[1, {n}, {len(spec.groups)}] and [1, {n}, 4] as its bundle says"
            )
        return scores[0], distances[0]

    def _group(self, boxes: np.ndarray, scores: np.ndarray, column: int) -> list[Detection]:
        candidates = np.flatnonzero(scores >= self._cutoffs.score)
        candidates = candidates[np.argsort(-scores[candidates], kind="stable")][: self._cutoffs.candidates]
        # A box without area cannot be cropped.
        sides = boxes[candidates, 2:] - boxes[candidates, :2]
        candidates = candidates[(sides > 0).all(axis=1)]
        kept = candidates[non_maximum_suppression(boxes[candidates], self._spec.nms_iou)]
        kept = kept[: self._cutoffs.boxes]
        name = self._spec.groups[column]
        pairs = zip(boxes[kept].tolist(), scores[kept].tolist(), strict=True)
        return [Detection(_to_box(corners), name, score) for corners, score in pairs]


def pyramid_points(size: tuple[int, int], strides: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Float32 (N, 2) points (x, y) in input pixels, and (N,) strides; the levels in order, row-major."""
    points, steps = [], []
    for stride in strides:
        rows, columns = size[0] // stride, size[1] // stride
        y, x = np.mgrid[:rows, :columns].reshape(2, -1)
        points.append(np.stack([x + 0.5, y + 0.5], axis=1) * stride)
        steps.append(np.full(rows * columns, stride))
    return np.concatenate(points).astype(np.float32), np.concatenate(steps).astype(np.float32)


def decode_boxes(
    distances: np.ndarray, points: np.ndarray, strides: np.ndarray, frame: tuple[int, int]
) -> np.ndarray:
    """Distances (N, 4) left, top, right, bottom in strides to corners (N, 4) within ``frame`` (w, h)."""
    reach = np.maximum(distances, 0) * strides[:, None]
    corners = np.concatenate([points - reach[:, :2], points + reach[:, 2:]], axis=1)
    return np.clip(corners, 0, np.array([*frame, *frame], dtype=np.float32))


def non_maximum_suppression(boxes: np.ndarray, iou: float) -> np.ndarray:
    """Greedy: which corner boxes (n, 4), best first, no better one overlaps by more than ``iou``."""
    kept, covered = [], 0
    # A box covers others as an integer's bits: hundreds of boxes take as long as a call of numpy's.
    for i, covers in enumerate(np.packbits(pairwise_iou(boxes, boxes) > iou, axis=1, bitorder="little")):
        if not covered >> i & 1:
            kept.append(i)
            covered |= int.from_bytes(covers.tobytes(), "little")
    return np.array(kept, dtype=np.int64)


def pairwise_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of corner boxes (n, 4) and (m, 4): (n, m)."""
    (left, top, right, bottom), others = a.T[:, :, None], b.T[:, None]
    width = np.maximum(np.minimum(right, others[2]) - np.maximum(left, others[0]), 0)
    height = np.maximum(np.minimum(bottom, others[3]) - np.maximum(top, others[1]), 0)
    shared = width * height
    areas_a, areas_b = ((x[2] - x[0]) * (x[3] - x[1]) for x in (a.T, b.T))
    return shared / np.maximum(areas_a[:, None] + areas_b[None] - shared, 1e-9)


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all of ``boxes``, one at least."""
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


def select_regions(
    detections: Sequence[Detection], frame: tuple[int, int], threshold: float
) -> list[Detection]:
    """What `search` looks at: from ``threshold`` on, each thing once, most prominent first.

    Args:
        frame: (width, height) of the photo.
    """
    good = sorted((d for d in detections if d.score >= threshold), key=lambda d: -d.score)
    if not good:
        return []
    corners = np.array([[d.box[0], d.box[1], d.box[0] + d.box[2], d.box[1] + d.box[3]] for d in good])
    distinct = [good[i] for i in non_maximum_suppression(corners, SAME_THING_IOU)]
    return sorted(distinct, key=lambda d: -prominence(d, frame))[:MAX_REGIONS]


def prominence(detection: Detection, frame: tuple[int, int]) -> float:
    """How much a photo is about a box: score · sqrt(share of the area) · centrality.

    Centrality falls linearly from 1 in the middle to 1/2 in a corner.
    """
    x, y, w, h = detection.box
    area = (w * h) / (frame[0] * frame[1])
    off = np.hypot((x + w / 2) / frame[0] - 0.5, (y + h / 2) / frame[1] - 0.5) / np.hypot(0.5, 0.5)
    return float(detection.score * np.sqrt(area) * (1 - 0.5 * off))


def _to_box(corners: Sequence[float]) -> Box:
    left, top, right, bottom = corners
    return left, top, right - left, bottom - top
