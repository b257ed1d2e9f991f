"""Golden cases of following things from frame to frame of a camera."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.golden.stage_cases.detection import as_json, detections
from pocketshelf.live import Tracker
from pocketshelf.types import Detection

__all__ = ["tracks", "tracks_of"]

FRAMES = 12


def tracks() -> list[dict[str, Any]]:
    """Frames with their boxes, and which of them may begin a thing, most prominent first."""
    rng = np.random.default_rng(1551)
    return [
        {"name": "one thing that trembles", "frames": trembling(rng)},
        {"name": "two things that pass each other", "frames": passing(rng)},
        {"name": "gone for two frames, and for good", "frames": vanishing(rng)},
        {"name": "a thing that changes its group", "frames": changing(rng)},
        {
            "name": "a crowd",
            "frames": [moving(rng, [(90 * n, 70 * n) for n in range(7)], 30) for _ in range(FRAMES)],
        },
    ]


def moving(
    rng: np.random.Generator, corners: list[tuple[float, float]], jitter: float, group: str = "upper"
) -> dict[str, Any]:
    """A frame with a box of 160 x 200 at each corner, shaken; weak ones begin nothing."""
    found = []
    for x, y in corners:
        dx, dy, dw, dh = rng.uniform(-jitter, jitter, 4)
        box = (float(x + dx), float(y + dy), float(160 + dw), float(200 + dh))
        found.append(Detection(box, group, float(np.float32(rng.uniform(0.25, 0.95)))))
    found.sort(key=lambda detection: -detection.score)
    strong = [place for place, each in enumerate(found) if each.score >= 0.4]
    return {"found": list(map(as_json, found)), "new": [int(place) for place in rng.permutation(strong)]}


def trembling(rng: np.random.Generator) -> list[dict[str, Any]]:
    """One thing, shaken less or more."""
    return [moving(rng, [(100 + 4 * n, 100)], 3 + 4 * n) for n in range(FRAMES)]


def passing(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Two things that change places."""
    return [moving(rng, [(40 * n, 100), (440 - 40 * n, 120)], 4) for n in range(FRAMES)]


def vanishing(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Seen, missed twice, seen, missed for ever, and another."""
    seen = [True, True, True, False, False, True, True, False, False, False, False, False, True, True]
    return [moving(rng, [(200, 200)] if each else [], 2) for each in seen]


def changing(rng: np.random.Generator) -> list[dict[str, Any]]:
    """One thing that is said to be this, and later that."""
    groups = ["upper", "outerwear", "upper", "outerwear", "outerwear", "outerwear", "upper", "outerwear"]
    return [moving(rng, [(200, 200)], 2, group) for group in groups]


def tracks_of(case: dict[str, Any]) -> dict[str, Any]:
    """The shown things after each frame."""
    tracker, shown = Tracker(), []
    for frame in case["frames"]:
        found = detections(frame["found"])
        tracks = tracker.update(found, [found[place] for place in frame["new"]])
        shown.append(
            [
                {
                    "number": track.number,
                    **as_json(track.detection),
                    "seen": track.seen,
                    "missed": track.missed,
                }
                for track in tracks
            ]
        )
    return {"shown": shown}
