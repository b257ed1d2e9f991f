"""When geometry overrules the embedding. Chosen on grocery val and on covers of val: docs/closely.md.

Products of one brand share its mark, variants of one design most of their print, and a photo shows a
product's neighbours on the shelf. So a print counts as seen where its inliers are many and spread over much
of it; those seen come before what is not; and of two the one that is clearly more there, else the embedding's
order stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from pocketshelf.closely.geometry import Sighting
from pocketshelf.types import Box, Hit

__all__ = ["CONFIRMED", "SURE", "SURE_INLIERS", "lifted", "of_region", "unclaimed"]

# From so many inliers on, spread over such a share of the picture, a print is there.
CONFIRMED, LEAST_SPREAD = 12, 0.1
# Of two that are there, one with so many times the evidence comes first, whatever the embedding says.
CLEARLY = 1.15
# Share of a sighting's inliers in a box, or of the box in its outline, from which on they belong together.
INSIDE, COVERED = 0.5, 0.7
# So many prints that no box claims become regions; each has at least such a share of the frame.
MOST_OWN, LEAST_SHARE = 3, 0.04
# The confidence that a confirmed first hit is right: the share that was, among covers of val.
SURE = 0.93
# From so many inliers on it has that confidence: 19 in 20 of the right ones among covers of val do. With
# fewer, a variant may be seen in its place, as where a shop lacks the product.
SURE_INLIERS = 22


def of_region(sightings: Sequence[Sighting], box: Box) -> list[Sighting]:
    """Those that lie in a region's box, or that its box lies in."""
    return [each for each in sightings if _is_there(each) and _belongs(each, box)]


def unclaimed(sightings: Sequence[Sighting], boxes: Sequence[Box], frame: tuple[int, int]) -> list[Box]:
    """Boxes of the prints that are there and belong to none of ``boxes``: first those with most inliers.

    Args:
        frame: size of the upright photo, (width, height).
    """
    found: list[Box] = []
    for each in sightings:
        low, high = np.maximum(each.corners.min(axis=0), 0), np.minimum(each.corners.max(axis=0), frame)
        width, height = np.maximum(high - low, 0)
        claimed = any(_belongs(each, box) for box in [*boxes, *found])
        if _is_there(each) and not claimed and width * height >= LEAST_SHARE * frame[0] * frame[1]:
            found.append((float(low[0]), float(low[1]), float(width), float(height)))
    return found[:MOST_OWN]


def lifted(
    hits: Sequence[Hit], sightings: Sequence[Sighting], k: int, find: Callable[[str], Hit | None]
) -> list[Hit]:
    """At most ``k`` hits: those seen first, as far as `CLEARLY` says, then the others in their order.

    Args:
        find: a product that is not among the hits; None where it is not to be had, or not wished for.
    """
    by_id = {hit.product_id: hit for hit in hits}
    rank = {product_id: place for place, product_id in enumerate(by_id)}
    seen: list[tuple[float, int, Hit]] = []
    for sighting in sightings:
        hit = by_id.get(sighting.product_id) or find(sighting.product_id)
        if hit is not None:
            place = rank.get(sighting.product_id, len(rank))
            seen.append((sighting.evidence, place, replace(hit, inliers=sighting.inliers)))
    if not seen:
        return list(hits)[:k]
    seen.sort(key=lambda each: -each[0])
    most = seen[0][0]
    # Of those about as much there as the first, the one that the embedding likes best.
    first = min((each for each in seen if each[0] * CLEARLY >= most), key=lambda each: (each[1], -each[0]))
    order = [first[2], *(hit for _, _, hit in seen if hit is not first[2])]
    chosen = {hit.product_id for hit in order}
    return [*order, *(hit for hit in hits if hit.product_id not in chosen)][:k]


def _is_there(sighting: Sighting) -> bool:
    return sighting.inliers >= CONFIRMED and sighting.spread >= LEAST_SPREAD


def _belongs(sighting: Sighting, box: Box) -> bool:
    x, y, w, h = box
    low, high = np.array([x, y]), np.array([x + w, y + h])
    inside = ((sighting.points >= low) & (sighting.points <= high)).all(axis=1).mean()
    return bool(inside >= INSIDE) or _covered(sighting.corners, box) >= COVERED


def _covered(corners: np.ndarray, box: Box) -> float:
    """Share of a box inside a convex outline, by a grid of 12 x 12 points."""
    steps = (np.arange(12) + 0.5) / 12
    x, y = np.meshgrid(box[0] + steps * box[2], box[1] + steps * box[3])
    inside = np.ones(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        inside &= (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
    return float(inside.mean())
