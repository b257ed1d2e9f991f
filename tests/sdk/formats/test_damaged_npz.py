"""A bundle's archives of numbers, damaged anywhere: one clear error, or numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import BundleError
from pocketshelf.formats.enrolment import Enrolment, load_enrolment, save_enrolment
from pocketshelf.outfit import load_head
from pocketshelf.shipped import shipped

OUTFIT = shipped("models") / "universal/outfit.npz"
DAMAGED = 300


def enrolment(folder: Path) -> bytes:
    photos = np.random.default_rng(0).normal(size=(40, 16)).astype(np.float32)
    save_enrolment(
        folder / "e.npz", Enrolment(photos / np.linalg.norm(photos, axis=1, keepdims=True), 0.5, 0.1)
    )
    return (folder / "e.npz").read_bytes()


@pytest.mark.parametrize(
    ("made", "read"),
    [(lambda folder: OUTFIT.read_bytes(), load_head), (enrolment, load_enrolment)],
    ids=["outfit head", "enrolment"],
)
def test_damage_anywhere_is_one_error(
    made: Callable[[Path], bytes], read: Callable[[Path], object], tmp_path: Path
) -> None:
    whole, draw, refused = made(tmp_path), random.Random(1), 0
    for _ in range(DAMAGED):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 6)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        (tmp_path / "damaged.npz").write_bytes(data)
        try:
            read(tmp_path / "damaged.npz")
        except BundleError:
            refused += 1
    assert refused > DAMAGED // 2
