"""Stand-in models: small, deterministic numpy functions of the pixels, behind the real runtime registry.

The embedder is a seeded projection of an 8 x 8 thumbnail, so that alike pictures have alike vectors; its
category logits prefer red, green or blue. The detector finds the bounding box of what differs from the
photo's top left pixel. Everything else in a test that uses them is real.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.formats import AttributeSpec, Bundle, DetectorSpec, EmbedderSpec, write_bundle
from pocketshelf.formats.bundle import QualitySpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.runtime import register

DIMENSION = 16
CATEGORIES = ("Red things", "Green things", "Blue things", "Grey things", "Other things")
SHADES = ("dark", "light")
GROUPS = ("upper", "goods")
STRIDES = (8, 16, 32)
SIZE = (64, 64)


class FakeEmbedder:
    def __init__(self, seed: int) -> None:
        self.projection = np.random.default_rng(seed).normal(size=(8 * 8 * 3, DIMENSION))
        self.calls = 0

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        self.calls += 1
        assert pixels.shape == (1, *SIZE, 3) and pixels.dtype == np.uint8
        small = pixels[0].reshape(8, 8, 8, 8, 3).mean(axis=(1, 3)) / 255 - 0.5
        red, green, blue = small.mean(axis=(0, 1))
        vector = small.reshape(-1) @ self.projection + 1e-3
        logits = 10 * np.array([red, green, blue, -0.2, -0.3])
        light = 20 * float(small.mean())
        # Not on the sphere, as a quantized model's is not.
        return [_row(3 * vector), _row(logits), _row(np.array([-light, light]))]


class FakeDetector:
    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        differs = np.abs(pixels[0].astype(int) - pixels[0, 0, 0]).sum(axis=2) > 60
        points = np.concatenate([_points(stride) for stride in STRIDES])
        scores = np.zeros((len(points), len(GROUPS)), dtype=np.float32)
        distances = np.ones((len(points), 4), dtype=np.float32)
        if differs.any():
            rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
            left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
            centre = np.array([(left + right) / 2, (top + bottom) / 2])
            nearest = np.argsort(np.hypot(*(points[:, :2] - centre).T))[:3]
            scores[nearest, 1] = (0.9, 0.8, 0.7)
            # The second group claims the same thing, less surely; and there is noise below any use.
            scores[nearest[0], 0] = 0.6
            scores[0, 0] = 0.1
            sides = [points[:, 0] - left, points[:, 1] - top, right - points[:, 0], bottom - points[:, 1]]
            distances = (np.stack(sides, axis=1) / points[:, 2:]).clip(0).astype(np.float32)
            distances[0] = 1
        return [scores[None], distances[None]]


class FakeJudge:
    """Two logits: how dark the frame is, and how bright."""

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        light = pixels.mean() / 255 - 0.5
        return [_row(np.array([-20 * light - 6, 20 * light - 6]))]


def _row(values: np.ndarray) -> np.ndarray:
    return values[None].astype(np.float32)


def _points(stride: int) -> np.ndarray:
    side = SIZE[0] // stride
    y, x = np.mgrid[:side, :side].reshape(2, -1)
    return np.stack([(x + 0.5) * stride, (y + 0.5) * stride, np.full(side * side, stride)], axis=1)


def _open(path: Path, threads: int) -> FakeEmbedder | FakeDetector | FakeJudge:
    recipe = json.loads(path.read_text())
    if recipe["kind"] == "judge":
        return FakeJudge()
    return FakeDetector() if recipe["kind"] == "detector" else FakeEmbedder(recipe["seed"])


register(".fake", _open)


def make_bundle(
    folder: Path, space: str = "fake-space", seed: int = 7, detector: bool = True, **more: object
) -> Bundle:
    """Write a complete bundle of stand-in models; ``more`` are further fields of the detector."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "embedder.fake").write_text(json.dumps({"kind": "embedder", "seed": seed}))
    (folder / "detector.fake").write_text(json.dumps({"kind": "detector"}))
    embedder = EmbedderSpec(
        "embedder.fake",
        Preprocessing(SIZE, margin=0.05),
        DIMENSION,
        CATEGORIES,
        attributes={"shade": AttributeSpec(2, SHADES)},
    )
    recall = {"bias": -4.0, "score": 8.0, "margin": 5.0, "threshold": 0.5}
    spec = DetectorSpec("detector.fake", Preprocessing(SIZE), GROUPS, **more)  # type: ignore[arg-type]
    return write_bundle(Bundle(folder, "fake", space, embedder, spec if detector else None, recall=recall))


def with_judge(bundle: Bundle) -> Bundle:
    """``bundle`` with a stand-in that judges photos, and rules that believe it."""
    (bundle.folder / "quality.fake").write_text(json.dumps({"kind": "judge"}))
    rules = {
        code: {"bias": 0.0, "likely": 0.5, "sure": 0.6, "weights": {f"net_{code}": 1.0}}
        for code in ("too_dark", "over_exposed")
    }
    spec = QualitySpec("quality.fake", preprocessing=Preprocessing(SIZE), faults=tuple(rules), rules=rules)
    return write_bundle(replace(bundle, quality=spec))
