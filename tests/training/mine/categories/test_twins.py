"""Twins: changed copies are found, chains are not drawn together, what has no print has no twin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.mine.categories.figures.doubles import CHANGES
from pocketshelf_training.mine.categories.purify.twins import fingerprints, twins


def textured(seed: int) -> Image.Image:
    """Blots of several sizes: a picture with structure, as photos have it."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 9, 3)).astype(np.uint8))
    return small.resize((320, 240), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_a_twin(tmp_path: Path, change: str) -> None:
    paths = []
    for seed in range(6):
        for name, image in (("a", textured(seed)), ("b", CHANGES[change](textured(seed)))):
            paths.append(tmp_path / f"{seed}{name}.jpg")
            image.save(paths[-1], quality=90)
    assert twins(fingerprints(paths), 16).tolist() == [-1, 0, -1, 2, -1, 4, -1, 6, -1, 8, -1, 10]


def test_a_twin_across_blocks_is_found() -> None:
    prints = np.random.default_rng(0).integers(1, 2**63, (1300, 2), dtype=np.uint64)
    prints[1299] = prints[3]
    prints[700] = prints[3]
    first = twins(prints)
    assert first[1299] == first[700] == 3 and (first >= 0).sum() == 2


def test_each_is_compared_with_first_ones_alone() -> None:
    chain = np.array([[0b1, 1], [0b111, 1], [0b11111, 1]], np.uint64)
    assert twins(chain, 2).tolist() == [-1, 0, -1]


def test_what_cannot_be_read_is_nobodys_twin(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    prints = fingerprints([tmp_path / "a.jpg", tmp_path / "a.jpg"])
    assert not prints.any() and twins(prints).tolist() == [-1, -1]
    assert twins(np.zeros((0, 2), np.uint64)).tolist() == []
