"""Where a print lies in a photo: matches, a homography (Hartley and Zisserman, 2004, ch. 4), doubts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pocketshelf.closely.features import Features, opencv

__all__ = ["LEAST_INLIERS", "Sighting", "sighted"]

MOST_BITS, RATIO = 72, 0.88
LEAST_INLIERS = 8
# Pixels of a photo of the longer side 640.
RANSAC_PIXELS, RANSAC_ROUNDS = 6.0, 400
PHOTO_SIDE = 640.0
# Of the photo's frame: of a smaller print no features are left, and none is larger.
SMALLEST, LARGEST = 0.01, 6.0
# Neighbouring sides of a print in a photo stand to each other as 1 to at most so much more than its own do.
SLANT, FLATTEST_SINE = 3.5, 0.25
# How much the scale may differ between matches, in octaves, and the turn, in turns.
OCTAVES, TURNS = 0.75, 1 / 9


@dataclass(frozen=True)
class Sighting:
    """A product's picture, found in a photo.

    Attributes:
        inliers: features of the picture that lie in the photo where the homography says.
        spread: share of the picture that the outline of its inliers encloses: little of a brand's mark alone.
        corners: float64 (4, 2), of the picture in pixels of the upright photo, clockwise from its upper left.
        points: float64 (inliers, 2), in such pixels.
    """

    product_id: str
    inliers: int
    spread: float
    corners: np.ndarray
    points: np.ndarray

    @property
    def evidence(self) -> float:
        """How much of the picture is there: inliers · sqrt(spread)."""
        return float(self.inliers * np.sqrt(self.spread))


def sighted(
    product_id: str, print_: Features, photo: Features, size: tuple[int, int], shape: float = 1.0
) -> Sighting | None:
    """The print in the photo, if it is there.

    Args:
        size: of the upright photo, (width, height) in pixels.
        shape: the print's width by its height.
    """
    first, second = _matches(print_, photo)
    first, second = _consistent(print_, photo, first, second)
    if len(set(first.tolist())) < LEAST_INLIERS:
        return None
    cv2 = opencv()
    scale = PHOTO_SIDE / max(size)
    frame = np.array(size, np.float64) * scale
    own = print_.points * np.array([shape, 1.0], np.float32)
    there = (photo.points[second] * frame).astype(np.float32)
    # The same matches give the same answer.
    cv2.setRNGSeed(1)
    found, mask = cv2.findHomography(
        own[first], there, cv2.RANSAC, RANSAC_PIXELS, maxIters=RANSAC_ROUNDS, confidence=0.995
    )
    if found is None or not np.isfinite(found).all():
        return None
    inside = np.flatnonzero(mask.ravel())
    _, once = np.unique(first[inside], return_index=True)
    _, again = np.unique(second[inside[once]], return_index=True)
    kept = inside[once][again]
    outline = np.array([(0, 0), (shape, 0), (shape, 1), (0, 1)], np.float64)
    corners = _mapped(found, outline)
    if len(kept) < LEAST_INLIERS or corners is None or not _is_plausible(corners, shape, frame):
        return None
    spread = float(cv2.contourArea(cv2.convexHull(print_.points[first[kept]])))
    return Sighting(product_id, len(kept), spread, corners / scale, there[kept].astype(np.float64) / scale)


def _matches(print_: Features, photo: Features) -> tuple[np.ndarray, np.ndarray]:
    """Places of features in print and photo that look alike, and clearly more than the next of the print."""
    matcher = opencv().BFMatcher(opencv().NORM_HAMMING)
    pairs = [
        (best.trainIdx, best.queryIdx)
        for best, *next_ in matcher.knnMatch(photo.descriptors, print_.descriptors, 2)
        if best.distance <= MOST_BITS and (not next_ or best.distance <= RATIO * next_[0].distance)
    ]
    table = np.array(pairs, int).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _consistent(
    print_: Features, photo: Features, first: np.ndarray, second: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The matches that agree on turn and scale with most others (Lowe, IJCV 2004, by a vote)."""
    if len(first) < LEAST_INLIERS:
        return first, second
    turn = np.mod(photo.angles[second] - print_.angles[first], 1.0)
    octaves = photo.sizes[second] - print_.sizes[first]
    apart = np.abs(turn[:, None] - turn[None])
    near = np.minimum(apart, 1 - apart) <= TURNS
    near &= np.abs(octaves[:, None] - octaves[None]) <= OCTAVES
    kept = near[int(near.sum(axis=1).argmax())]
    return first[kept], second[kept]


def _mapped(homography: np.ndarray, points: np.ndarray) -> np.ndarray | None:
    """``points`` (n, 2) in the photo; None where one would lie behind the camera."""
    mapped = np.c_[points, np.ones(len(points))] @ homography.T
    depth = mapped[:, 2:] * np.sign(homography[2, 2] or 1.0)
    if (depth <= 1e-6).any():
        return None
    return mapped[:, :2] / mapped[:, 2:]


def _is_plausible(corners: np.ndarray, shape: float, frame: np.ndarray) -> bool:
    """Whether a camera can have seen a print so: convex, not mirrored, neither tiny nor a sliver."""
    sides = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(sides, axis=1)
    turns = sides[:, 0] * np.roll(sides, -1, axis=0)[:, 1] - sides[:, 1] * np.roll(sides, -1, axis=0)[:, 0]
    if (lengths <= 1e-3).any() or (turns <= FLATTEST_SINE * lengths * np.roll(lengths, -1)).any():
        return False  # Mirrored ones turn the other way.
    x, y = corners.T
    share = 0.5 * (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / frame.prod()
    aspect = lengths[[0, 2]].mean() / lengths[[1, 3]].mean() / shape
    opposite = max(
        lengths[0] / lengths[2], lengths[2] / lengths[0], lengths[1] / lengths[3], lengths[3] / lengths[1]
    )
    return bool(SMALLEST <= share <= LARGEST and 1 / SLANT <= aspect <= SLANT and opposite <= SLANT)
