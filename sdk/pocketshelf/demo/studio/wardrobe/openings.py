"""Necklines and sleeves, which an identity combines with a cut."""

from __future__ import annotations

from pocketshelf.demo.studio.cut import Part
from pocketshelf.demo.studio.outline import SMOOTH as S
from pocketshelf.demo.studio.outline import Points

__all__ = ["NECKLINES", "SLEEVES"]

NECKLINES: dict[str, Points] = {
    "crew": ((0, 0.14, S), (0.12, 0.1, S), (0.19, 0)),
    "v-neck": ((0, 0.38), (0.19, 0)),
    "boat": ((0, 0.08, S), (0.2, 0.05, S), (0.31, 0.02)),
    "scoop": ((0, 0.3, S), (0.16, 0.24, S), (0.23, 0.0)),
    "turtle": ((0, -0.1), (0.15, -0.1), (0.17, 0)),
    "collar": ((0, 0.2), (0.18, 0)),
    "straight": ((0, 0.24), (0.3, 0.2)),
    "open": ((0, 0.62), (0.2, 0)),
}

SLEEVES: dict[str, tuple[Part, ...]] = {
    "none": (),
    "cap": (Part(((0.3, 0.02), (0.5, 0.06, S), (0.62, 0.27), (0.42, 0.36)), "pair", tone=0.97),),
    "short": (
        Part(
            ((0.3, 0.02), (0.5, 0.06, S), (0.62, 0.22, S), (0.73, 0.55), (0.49, 0.6), (0.4, 0.4)),
            "pair",
            tone=0.97,
        ),
    ),
    "long": (
        Part(
            (
                (0.3, 0.02),
                (0.5, 0.06, S),
                (0.63, 0.24, S),
                (0.74, 0.7, S),
                (0.83, 1.3),
                (0.66, 1.33),
                (0.55, 0.8, S),
                (0.4, 0.4),
            ),
            "pair",
            tone=0.97,
        ),
    ),
}
