"""How arms are held: the points of a sleeve or of an arm, turned about the shoulder and the elbow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pocketshelf_training.studio.drawing.outline import Points, rotation

__all__ = ["ELBOW", "HANGING", "SHOULDER", "WRIST", "Arms", "draw_arms", "swing"]

# The right arm (of the picture), hanging; body units.
SHOULDER, ELBOW, WRIST = (0.46, 0.14), (0.61, 0.76), (0.69, 1.36)


@dataclass(frozen=True)
class Arms:
    """One arm. Angles in radians, 0 hanging.

    Attributes:
        raised: away from the body about the shoulder.
        bent: the forearm inwards about the elbow.
        front: it is before the body.
    """

    raised: float = 0.0
    bent: float = 0.0
    front: bool = False


HANGING = Arms()


def swing(points: Points, arm: Arms, side: int) -> list[tuple[float, ...]]:
    """Points of the *right* arm or sleeve, hanging, as this arm holds them.

    Args:
        side: 1 for the right arm, -1 for the left one, into which the points are mirrored.
    """
    return [_swung(point, arm, side) for point in points]


def _swung(point: tuple[float, ...], arm: Arms, side: int) -> tuple[float, ...]:
    at = np.array(point[:2], dtype=np.float64)
    along = _share(at)
    if along > 1:  # Below the elbow.
        at = _turned(at, ELBOW, arm.bent)
    # The cloth at the shoulder stays.
    at = _turned(at, SHOULDER, -arm.raised * min(1.0, max(0.0, (along - 0.1) / 0.3)))
    return (float(at[0]) * side, float(at[1]), *point[2:])


def _share(at: np.ndarray) -> float:
    """How far along the upper arm: 0 at the shoulder, 1 at the elbow."""
    axis = np.subtract(ELBOW, SHOULDER)
    return float((at - SHOULDER) @ axis / (axis @ axis))


def _turned(at: np.ndarray, about: tuple[float, float], angle: float) -> np.ndarray:
    return (at - about) @ rotation(angle) + about


def draw_arms(rng: np.random.Generator) -> tuple[Arms, Arms]:
    """Left and right: mostly hanging loosely, some raised, some with the forearm before the body."""
    left, right = (_draw_arm(rng) for _ in range(2))
    return left, right


def _draw_arm(rng: np.random.Generator) -> Arms:
    kind = rng.random()
    if kind < 0.5:
        return Arms(float(rng.uniform(-0.04, 0.25)), float(rng.uniform(-0.05, 0.25)))
    if kind < 0.72:
        return Arms(float(rng.uniform(0.3, 1.1)), float(rng.uniform(-0.9, 0.6)))
    return Arms(float(rng.uniform(0.05, 0.3)), float(rng.uniform(1.1, 2.2)), True)
