"""Photos spoilt as a camera, a hand or a messenger spoils them, for a network that is to see through it.

Shaken, far away, noisy, coded hard, dark or pale or tinted, in black and white; with a phone before the
thing, as before a mirror, or fingers that hold it. All of it is synthetic. A document measures by other code
(`pocketshelf_training.quality.degrade`).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

__all__ = ["fingers", "phone", "shaken", "spoilt"]

# How often a photo has each.
HELD_BY_PHONE, HELD_BY_FINGERS, LIT, GREY, SHAKEN, FAR, NOISY, CODED = (
    0.14,
    0.14,
    0.2,
    0.08,
    0.2,
    0.15,
    0.25,
    0.25,
)
# Bounds of a shake, of the photo's side; of its pixels far away, of its noise in levels, and of its JPEG.
SHAKE, PIXELS, NOISE, QUALITY = (0.008, 0.05), (48, 160), (3.0, 30.0), (8, 60)
_SKIN = ((160, 120, 90), (230, 190, 170))


def spoilt(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A photo, uint8 (h, w, 3) in RGB, with none to several of what may spoil it."""
    if rng.random() < HELD_BY_PHONE:
        pixels = phone(pixels, rng)
    elif rng.random() < HELD_BY_FINGERS:
        pixels = fingers(pixels, rng)
    if rng.random() < LIT:
        pixels = _lit(pixels, rng)
    if rng.random() < GREY:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < SHAKEN:
        pixels = shaken(pixels, rng.uniform(*SHAKE), rng)
    elif rng.random() < FAR:
        pixels = _far(pixels, int(rng.integers(*PIXELS)))
    if rng.random() < NOISY:
        spread = math.exp(rng.uniform(*np.log(NOISE)))
        pixels = (pixels + rng.normal(0, spread, pixels.shape)).clip(0, 255).astype(np.uint8)
    if rng.random() < CODED:
        pixels = _coded(pixels, int(rng.integers(*QUALITY)))
    return pixels


def shaken(pixels: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Moved along a line by ``share`` of its height while it was taken."""
    reach = max(2, round(share * pixels.shape[0]))
    kernel = np.zeros((2 * reach + 1,) * 2, np.float32)
    angle = rng.uniform(0, math.pi)
    half = np.array((math.cos(angle), math.sin(angle))) * reach / 2
    start, end = (np.rint(reach + sign * half).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    return cv2.filter2D(pixels, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def phone(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Taken in a mirror: a phone and the hand that holds it before the thing, an arm from a side."""
    pixels, (height, width) = pixels.copy(), pixels.shape[:2]
    tall = rng.uniform(0.18, 0.32) * height
    wide = tall * rng.uniform(0.45, 0.55)
    centre = np.array((width * rng.uniform(0.3, 0.7), height * rng.uniform(0.2, 0.6)))
    skin, turn = _skin(rng), rng.uniform(-25, 25)
    elbow = (rng.choice([-0.1, 1.1]) * width, height * rng.uniform(0.6, 1.1))
    _stroke(pixels, centre + np.array((0, 0.2 * tall)), elbow, wide * rng.uniform(0.6, 0.9), skin)
    case = rng.uniform(0, 60) if rng.random() < 0.8 else rng.uniform(150, 250)
    corners = cv2.boxPoints((tuple(centre.tolist()), (wide, tall), turn)).astype(np.int32)
    cv2.fillPoly(pixels, [corners], (case + rng.uniform(-8, 8, 3)).clip(0, 255).tolist(), cv2.LINE_AA)
    along = np.array((-math.sin(math.radians(turn)), math.cos(math.radians(turn))))
    across = np.array((along[1], -along[0]))
    for place in (-0.1, 0.03, 0.16, 0.29):
        tip = centre + across * 0.2 * wide + along * place * tall
        _stroke(pixels, tip, tip + across * 0.45 * wide, 0.1 * tall, skin * rng.uniform(0.85, 1.1))
    return pixels


def fingers(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Held: four fingers from beyond a border inwards."""
    pixels, size = pixels.copy(), np.array(pixels.shape[1::-1])
    skin, side, middle = _skin(rng), int(rng.integers(4)), rng.uniform(0.2, 0.8)
    for place in range(4):
        along, reach = middle + 0.11 * (place - 1.5), rng.uniform(0.12, 0.35)
        root, tip = np.array((along, -0.05)), np.array((along + rng.uniform(-0.05, 0.05), reach))
        if side % 2:
            root, tip = 1 - root, 1 - tip
        if side // 2:
            root, tip = root[::-1], tip[::-1]
        thick = size[0] * rng.uniform(0.06, 0.1)
        _stroke(pixels, root * size, tip * size, thick, skin * rng.uniform(0.85, 1.1))
    return pixels


def _skin(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(*_SKIN) * rng.uniform(0.5, 1)


def _stroke(
    pixels: np.ndarray,
    start: np.ndarray,
    end: np.ndarray | tuple[float, float],
    thick: float,
    colour: np.ndarray,
) -> None:
    (left, top), (right, bottom) = (np.asarray(point).astype(int).tolist() for point in (start, end))
    shade = colour.clip(0, 255).tolist()
    cv2.line(pixels, (left, top), (right, bottom), shade, max(2, int(thick)), cv2.LINE_AA)


def _lit(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """In less or more light, that is not quite white."""
    levels = (np.arange(256) / 255) ** math.exp(rng.uniform(-0.7, 0.5)) * rng.uniform(0.6, 1.2)
    table = 255 * levels[:, None] * rng.uniform(0.85, 1.15, 3)
    return cv2.LUT(pixels, table.clip(0, 255).astype(np.uint8)[None])


def _far(pixels: np.ndarray, side: int) -> np.ndarray:
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, pixels.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _coded(pixels: np.ndarray, quality: int) -> np.ndarray:
    _, coded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
