"""Golden cases of light: pictures that are dark, tinted, both, veiled, without colours, or none of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.golden.stage_cases.colouring import CROPS, picture
from pocketshelf.stages.colours import looked_at
from pocketshelf.stages.light import DARK, Light

__all__ = ["lights", "lights_of"]

LIGHTS: dict[str, list[float]] = {
    "as it is": [1, 1, 1],
    "half the light": [0.73, 0.73, 0.73],
    "a quarter of it": [0.53, 0.53, 0.53],
    "next to none": [0.02, 0.02, 0.02],
    "black and white": [0, 0, 0.004],
    "under a lamp": [1.1, 1, 0.79],
    "in the shade": [0.87, 1, 1.14],
    "under a lamp that gives little": [0.6, 0.52, 0.42],
    "red light alone": [1, 0, 0],
    "behind a veil": [0.5, 0.5, 0.5],
}


def lights() -> list[dict[str, Any]]:
    """The golden pictures' crops, whose levels are multiplied, rounded and raised; and next to the bound."""
    cases: list[dict[str, Any]] = [
        {"name": f"{name}: {image}, {box}", "image": f"{image}.png", "box": box, "times": times}
        for (image, box), (name, times) in zip([*CROPS, *CROPS], LIGHTS.items(), strict=True)
    ]
    cases[-1]["plus"] = 110
    (image, box), *_ = CROPS
    brightest = np.sort(looked_at(picture(f"{image}.png")).max(axis=-1), axis=None)
    top = int(brightest[int(0.99 * brightest.size)])
    for level in (DARK - 1, DARK):
        times = [(level + 0.1) / top] * 3
        cases.append({"name": f"up to {level}", "image": f"{image}.png", "box": box, "times": times})
    return cases


def lights_of(case: dict[str, Any]) -> dict[str, Any]:
    """What levels are multiplied by against the dark and against a tint, and the palettes of the box."""
    photo = picture(case["image"])
    frame, part = (
        (np.rint(looked_at(photo, box) * np.array(case["times"])) + case.get("plus", 0)).clip(0, 255)
        for box in (None, case["box"])
    )
    light = Light(frame.astype(np.uint8))
    palettes = light.palettes_of(part.astype(np.uint8))
    return {"lift": light.lift, "whitening": light.whitening, "veil": light.veil, "palettes": palettes}
