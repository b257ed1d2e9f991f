"""Local features of a picture: ORB (Rublee et al., ICCV 2011), few, stable and well spread.

A gallery's picture is seen twice more, slightly turned, tilted and blurred: what is not found again there
would not be found in a photo, and is not kept.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.errors import RuntimeUnavailable
from pocketshelf.formats.features import DESCRIPTOR_BYTES, MOST_FEATURES

__all__ = [
    "GALLERY_FEATURES",
    "PHOTO_FEATURES",
    "Features",
    "extract",
    "is_available",
]

GALLERY_SIDE, PHOTO_SIDE = 400, 640
GALLERY_FEATURES, PHOTO_FEATURES = MOST_FEATURES, 500
# A picture with fewer is no print.
FEWEST = 24
# Before the choice, so many times the wanted are looked for.
SPARE, GRID, FULL = 3, 6, 3.0
FAST_THRESHOLD = 12
# Another view of a picture of 1 x 1: where its corners come to lie, and how blurred it is.
VIEWS = (
    (((0.06, 0.02), (0.98, 0.07), (0.92, 0.97), (0.01, 0.90)), 0.8),
    (((0.12, 0.10), (0.86, 0.04), (0.95, 0.88), (0.05, 0.93)), 1.3),
)
FOUND_AGAIN_PIXELS, FOUND_AGAIN_BITS = 4.0, 60


@dataclass(frozen=True)
class Features:
    """The features of one picture, n of them.

    Attributes:
        points: float32 (n, 2), x and y as shares of its width and height.
        sizes: float32 (n,), octaves: log2 of the scale, in a picture of the longer side 400.
        angles: float32 (n,), turns in [0, 1), clockwise.
        descriptors: uint8 (n, 32).
    """

    points: np.ndarray
    sizes: np.ndarray
    angles: np.ndarray
    descriptors: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def chosen(self, places: np.ndarray) -> Features:
        """Those at ``places``."""
        return Features(*(np.ascontiguousarray(values[places]) for values in vars(self).values()))


def is_available() -> bool:
    """Whether OpenCV is installed."""
    return importlib.util.find_spec("cv2") is not None


@functools.cache
def opencv() -> Any:
    """OpenCV, loaded when first needed.

    Raises:
        RuntimeUnavailable: it is not installed, or does not load.
    """
    try:
        cv2: Any = importlib.import_module("cv2")
        # Another package may have left an empty one.
        _ = cv2.ORB_create
    except (ImportError, AttributeError) as error:
        raise RuntimeUnavailable(
            f"looking closely needs OpenCV ({error}): pip install 'pocketshelf[closely]'"
        ) from error
    return cv2


def extract(pixels: np.ndarray, gallery: bool) -> Features | None:
    """The features of a picture; None of a gallery's that has too few stable ones.

    Args:
        pixels: uint8 (h, w, 3), RGB.
        gallery: as a shelf keeps them; else as a photo that is searched has them: more, and untested.

    Raises:
        RuntimeUnavailable: OpenCV is not installed.
    """
    grey = _grey(pixels, GALLERY_SIDE if gallery else PHOTO_SIDE)
    if grey is None:
        return None
    wanted = GALLERY_FEATURES if gallery else PHOTO_FEATURES
    found, strength = _detected(grey, SPARE * wanted)
    if gallery:
        stable = _found_again(grey, found)
        kept = np.flatnonzero(stable)
        found, strength = found.chosen(kept), strength[kept] * stable[kept]
        if len(found) < FEWEST:
            return None
    return found.chosen(_spread(found.points, strength, wanted))


def _grey(pixels: np.ndarray, side: int) -> np.ndarray | None:
    """uint8 (h, w), its longer side ``side``; None of what is too narrow to have corners."""
    cv2 = opencv()
    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if min(size) < 48:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def _detected(grey: np.ndarray, most: int) -> tuple[Features, np.ndarray]:
    """ORB features and their strengths, float32 (n,)."""
    cv2 = opencv()
    orb = cv2.ORB_create(most, fastThreshold=FAST_THRESHOLD, edgeThreshold=20)
    points, descriptors = orb.detectAndCompute(grey, None)
    height, width = grey.shape
    table = np.array(
        [(p.pt[0] / width, p.pt[1] / height, p.octave, p.angle, p.response) for p in points], np.float32
    ).reshape(-1, 5)
    features = Features(
        table[:, :2],
        table[:, 2] * np.float32(np.log2(1.2)) + np.float32(np.log2(GALLERY_SIDE / max(height, width))),
        np.mod(table[:, 3] / 360, 1.0),
        np.zeros((0, DESCRIPTOR_BYTES), np.uint8) if descriptors is None else descriptors,
    )
    return features, np.maximum(table[:, 4], 1e-9)


def _found_again(grey: np.ndarray, found: Features) -> np.ndarray:
    """int (n,): in how many other views of the picture each feature is found where it must be."""
    cv2 = opencv()
    height, width = grey.shape
    frame = np.array([(width, height)], np.float32)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32) * frame
    times = np.zeros(len(found), int)
    for target, blur in VIEWS:
        warp = cv2.getPerspectiveTransform(corners, np.array(target, np.float32) * frame)
        view = cv2.warpPerspective(grey, warp, (width, height), borderMode=cv2.BORDER_REPLICATE)
        seen, _ = _detected(cv2.GaussianBlur(view, (0, 0), blur), 2 * len(found) + 1)
        if not len(found) or not len(seen):
            continue
        expected = cv2.perspectiveTransform((found.points * frame)[None], warp)[0]
        distances = np.linalg.norm(expected[:, None] - (seen.points * frame)[None], axis=2)
        first, second = np.nonzero(distances <= FOUND_AGAIN_PIXELS)
        bits = np.bitwise_count(found.descriptors[first] ^ seen.descriptors[second]).sum(axis=1)
        times[np.unique(first[bits <= FOUND_AGAIN_BITS])] += 1
    return times


def _spread(points: np.ndarray, strength: np.ndarray, wanted: int) -> np.ndarray:
    """Places of the strongest, of no cell of a grid much more than its share while others have some."""
    order = np.argsort(-strength, kind="stable")
    cells = np.minimum((points * GRID).astype(int), GRID - 1) @ np.array([1, GRID])
    rank = np.zeros(len(order), int)  # Of each among those of its cell.
    for cell in sorted(set(cells.tolist())):
        inside = order[cells[order] == cell]
        rank[inside] = np.arange(len(inside))
    cap = int(np.ceil(FULL * wanted / GRID**2))
    return order[np.argsort(rank[order] >= cap, kind="stable")][:wanted]
