"""What tells a turned picture is learnt from pictures that were turned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_things import COLOURS
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.turned_head import NAMES, TurnedHead
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.turned.train import (
    AT_MOST,
    Turned,
    fit_turned,
    log_loss,
    seen_turned,
    taken_for_turned,
    threshold_of,
)

DIMENSION = 8


def drawn(count: int, seed: int, spread: float = 0.3, garments: bool = True) -> Turned:
    """Pictures whose vectors say by the first three numbers which way up they are, left being right."""
    rng = np.random.default_rng(seed)
    vectors = spread * rng.normal(size=(count, 4, 2, DIMENSION))
    for quarters, place in enumerate((0, 1, 2, 1)):
        vectors[:, quarters, :, place] += 1
    return Turned(vectors.astype(np.float32), garments)


def test_rows_are_of_three_classes() -> None:
    vectors, classes = drawn(5, 0).rows()
    assert vectors.shape == (40, DIMENSION)
    assert list(np.bincount(classes)) == [10, 20, 10], "upright, sideways, upside down"
    assert (vectors[:, :3].argmax(axis=1) == classes).mean() > 0.8


def test_a_fitted_head_tells_pictures_it_did_not_see() -> None:
    head, held = fit_turned([drawn(60, 1), drawn(20, 2)], 10.0), drawn(100, 3)
    turns = [head.turns(picture[quarters, 0]) for picture in held.vectors for quarters in range(4)]
    right = [turn == wanted for turn, wanted in zip(turns, 100 * [(), (1, 3), (2,), (1, 3)], strict=True)]
    assert np.mean(right) > 0.9
    assert log_loss(head, held) < 0.5 < log_loss(fit_turned([drawn(60, 1, spread=10)], 10.0), held)


def test_the_threshold_keeps_upright_garments_from_being_turned() -> None:
    """One upright vector in ten is more sideways than not: the threshold is the first that leaves it out."""
    head = TurnedHead(NAMES, np.eye(3, DIMENSION, dtype=np.float32) * 4, np.zeros(3, np.float32), 0.5)
    part = drawn(20, 0, spread=0.0)
    part.vectors[:2, 0, :, :2] = [0.75, 1.0]
    sideways = float(head.probabilities(part.vectors[:1, 0, 0])[0, 1])
    assert 0.65 < sideways < 0.7
    assert taken_for_turned(head, part, 0) == pytest.approx(0.1)
    assert AT_MOST < 0.1
    assert threshold_of(head, [part]) == 0.7
    assert taken_for_turned(replace(head, threshold=0.7), part, 0) == 0.0
    assert threshold_of(head, [part, drawn(20, 0, spread=0.0)]) == 0.5, "5 % on average"
    fruit = replace(part, garments=False)
    assert threshold_of(head, [drawn(20, 0, spread=0.0), fruit]) == 0.5, "an orange has no way up"


def test_pictures_are_seen_in_all_turns_by_box_and_whole(shop: Path, fake_bundle: Bundle) -> None:
    paths = [shop / "pictures" / f"{name}.png" for name in COLOURS]
    broken = shop / "pictures" / "broken.png"
    broken.write_bytes(b"no picture")
    encoder = Encoder.open(fake_bundle)
    found = seen_turned(encoder, [*paths, broken])
    assert found.shape == (len(paths), 4, 2, fake_bundle.embedder.dimension)
    whole = encoder.embed(read_photo(paths[0]).turned(3))
    assert np.allclose(found[0, 3, 1], whole, atol=1e-6)
