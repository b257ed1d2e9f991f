"""Golden cases of what is decided by sightings: which belong to a box, which to none, and the hits' order."""

from __future__ import annotations

from typing import Any

import numpy as np

from pocketshelf.closely import Sighting, lifted, of_region, unclaimed
from pocketshelf.types import Hit

__all__ = ["cases", "decided"]

FRAME = [640, 480]
HITS = [["a", 0.9], ["b", 0.8], ["c", 0.7], ["d", 0.6]]
MIDDLE, WHOLE = [100.0, 100.0, 200.0, 200.0], [0.0, 0.0, 640.0, 480.0]


def cases() -> list[dict[str, Any]]:
    """Sightings, boxes, the hits of one region and the products that are found beside them ("known")."""
    base: dict[str, Any] = {"boxes": [WHOLE], "frame": FRAME, "hits": HITS, "known": ["y", "z"], "k": 4}
    here = [sighting("c", 30, 0.4, MIDDLE)]
    several = [
        sighting(name, 60 - 5 * place, 0.5, [20.0 + 150 * place, 40.0 + 30 * place, 120.0, 170.0])
        for place, name in enumerate("zyab")
    ]
    turned = {**sighting("c", 30, 0.4, MIDDLE), "corners": [[200, 60], [340, 200], [200, 340], [60, 200]]}
    named: dict[str, dict[str, Any]] = {
        "nothing is seen": {"sightings": []},
        "what the embedding ranks third": {"sightings": here},
        "what it does not rank": {
            "sightings": [sighting("z", 40, 0.4, MIDDLE), sighting("c", 20, 0.2, MIDDLE)]
        },
        "what is not to be had": {"sightings": [sighting("x", 40, 0.4, MIDDLE), *here]},
        "about as much there: the embedding decides": {
            "sightings": [sighting("b", 40, 0.4, MIDDLE), sighting("a", 36, 0.4, MIDDLE)]
        },
        "clearly more there": {
            "sightings": [sighting("b", 40, 0.4, MIDDLE), sighting("a", 34, 0.4, MIDDLE)]
        },
        "more inliers on less of the picture": {
            "sightings": [sighting("b", 40, 0.1, MIDDLE), sighting("d", 30, 0.4, MIDDLE)]
        },
        "two that it does not rank, about as much there": {
            "sightings": [sighting("z", 40, 0.4, MIDDLE), sighting("y", 39, 0.4, MIDDLE)]
        },
        "fewer hits than wanted": {"sightings": here, "k": 2},
        "no hits": {"sightings": here, "hits": [], "known": ["c"]},
        "eleven inliers are none": {"sightings": [sighting("c", 11, 0.4, MIDDLE)]},
        "twelve inliers on a tenth": {"sightings": [sighting("c", 12, 0.1, MIDDLE)]},
        "a brand's mark alone": {"sightings": [sighting("c", 60, 0.09, MIDDLE)]},
        "a box beside it": {"sightings": here, "boxes": [[400.0, 100.0, 100.0, 100.0]]},
        "a box on it": {"sightings": here, "boxes": [[250.0, 250.0, 30.0, 30.0]]},
        "a box half on it, half beside": {"sightings": here, "boxes": [[250.0, 110.0, 100.0, 100.0]]},
        "half of its inliers in a box": {
            "sightings": [
                {**here[0], "points": [[120.0, 120.0], [130.0, 120.0], [280.0, 280.0], [290.0, 280.0]]}
            ],
            "boxes": [[40.0, 40.0, 90.0, 90.0], [40.0, 40.0, 89.5, 90.0]],
        },
        "a turned print: its outline counts, not its frame": {
            "sightings": [{**turned, "points": [[150.0, 150.0]]}],
            "boxes": [[70.0, 70.0, 60.0, 60.0], [180.0, 180.0, 60.0, 60.0]],
        },
        "several, some claimed": {
            "sightings": several, "boxes": [[20.0, 40.0, 120.0, 170.0], [600.0, 400.0, 9.0, 9.0]]
        },
        "four that no box claims: three": {"sightings": several, "boxes": []},
        "two of one place: one box": {
            "sightings": [
                sighting("c", 40, 0.4, MIDDLE), sighting("d", 30, 0.4, [102.0, 98.0, 196.0, 204.0])
            ],
            "boxes": [],
        },
        "too small for a region": {
            "sightings": [sighting("c", 30, 0.4, [100.0, 100.0, 110.0, 111.0])], "boxes": []
        },
        "reaching out of the frame": {
            "sightings": [sighting("c", 30, 0.4, [-50.0, 300.0, 200.0, 300.0])], "boxes": []
        },
        "outside of the frame": {
            "sightings": [sighting("c", 30, 0.4, [700.0, 100.0, 200.0, 200.0])], "boxes": []
        },
    }  # fmt: skip
    return [{"name": name, **base, **case} for name, case in named.items()]


def sighting(product_id: str, inliers: int, spread: float, box: list[float]) -> dict[str, Any]:
    """One whose picture fills a box upright, its inliers on a slanting line through it."""
    x, y, w, h = box
    shares = (np.arange(4) + 0.5) / 4
    return {
        "product_id": product_id,
        "inliers": inliers,
        "spread": spread,
        "corners": [[x, y], [x + w, y], [x + w, y + h], [x, y + h]],
        "points": np.stack([x + shares * w, y + shares * h], axis=1).tolist(),
    }


def decided(case: dict[str, Any]) -> dict[str, Any]:
    """The case, with the ids of each box's sightings, boxes of those of none, and (id, inliers) of hits."""
    given = ("name", "sightings", "boxes", "frame", "hits", "known", "k")
    seen = [
        Sighting(
            each["product_id"],
            each["inliers"],
            each["spread"],
            np.array(each["corners"], float),
            np.array(each["points"], float),
        )
        for each in case["sightings"]
    ]
    boxes = [tuple(box) for box in case["boxes"]]
    hits = [Hit(product_id, score, "", "") for product_id, score in case["hits"]]

    def find(product_id: str) -> Hit | None:
        return Hit(product_id, 0.1, "", "") if product_id in case["known"] else None

    return {
        **{name: case[name] for name in given},
        "of_region": [[each.product_id for each in of_region(seen, box)] for box in boxes],
        "unclaimed": [list(box) for box in unclaimed(seen, boxes, tuple(case["frame"]))],
        "lifted": [[hit.product_id, hit.inliers] for hit in lifted(hits, seen, case["k"], find)],
    }
