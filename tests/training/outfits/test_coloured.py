"""Colours beside the embedding are heard where it is silent; their share is of the squared length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from outfit_tables import related, street

from pocketshelf_training.outfits import coloured
from pocketshelf_training.outfits.street import StreetOutfits


def shown(photos: int, seed: int, first: int = 0) -> StreetOutfits:
    """What is worn together is told by the colours; the embedding is chance."""
    known = related(photos, seed, noise=0.1, first=first)
    chance = np.random.default_rng(seed + 50).normal(size=(len(known), 64 - known.vectors.shape[1]))
    silent = chance / np.linalg.norm(chance, axis=1, keepdims=True)
    return street(replace(known, colours=known.vectors, vectors=silent.astype(np.float32)))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_is_that_of_the_squared_length(share: float):
    known = shown(6, 0)
    both = coloured.coloured(known, share).cut.garments.vectors
    count = known.cut.garments.vectors.shape[1]
    assert np.allclose((both[:, count:] ** 2).sum(1), share, atol=1e-5)
    assert np.allclose((both**2).sum(1), 1, atol=1e-5)
    assert np.allclose(both[:, :count], known.cut.garments.vectors * np.sqrt(1 - share), atol=1e-6)


def test_colours_that_tell_what_is_worn_together_are_chosen_and_win(monkeypatch):
    for name, values in (("SHARES", (0.0, 0.8)), ("DROPOUTS", (0.2,)), ("BOX_PAIRS", (True, False))):
        monkeypatch.setattr(coloured, name, values)
    found = coloured.coloured_figures(shown(120, 0), shown(60, 1), shown(90, 2), shown(40, 3))
    assert [row["share"] for row in found["choice"]] == [0.8, 0.8, 0.0, 0.0]
    for form, ways in found["forms"].items():
        assert ways["embeddings and colours"]["AUC"].value > 0.75, form
        assert found["choice"][-1]["AUC"] < 0.6
