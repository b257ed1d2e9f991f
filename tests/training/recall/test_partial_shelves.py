"""Shelves with a part of a catalogue, and a server for the rest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pocketshelf.encoder import Encoder
from pocketshelf_training.predict.asking import asked_of
from pocketshelf_training.recall.partial import COLUMNS, WAYS, Told, shares, told_of


def test_shares_are_of_the_photos_that_they_are_about() -> None:
    told = [
        Told(held=False, right=False, confident=True, absent=False),
        Told(held=False, right=False, confident=False, absent=True),
        Told(held=True, right=True, confident=True, absent=False),
        Told(held=True, right=False, confident=True, absent=False),
        Told(held=True, right=False, confident=False, absent=False),
    ]
    assert shares(told) == dict(zip(COLUMNS, (2, 0.5, 0.5, 3, 0.333, 0.667, 0.5), strict=True))
    assert shares([]) == dict(zip(COLUMNS, (0, 0.0, 0.0, 0, 0.0, 0.0, 0.0), strict=True))


@pytest.mark.skipif("POCKETSHELF_DATA" not in os.environ, reason="needs the real photos: POCKETSHELF_DATA")
def test_what_the_full_catalogue_lacks_is_seldom_confident_whoever_holds_it(trained_bundle: Path) -> None:
    """Real groceries: of a shelf that holds a tenth, a server's hits are judged by the whole."""
    gallery, asking = asked_of("groceries", "val", None)
    found = told_of(gallery, asking[::2], Encoder.open(trained_bundle), draws=1)
    whole, by_shelf, by_catalogue = (shares(found[way]) for way in WAYS)
    wrong = "of them confident"
    assert by_catalogue["lacking"] >= 60 and by_catalogue[wrong] <= 0.06
    assert by_shelf[wrong] >= by_catalogue[wrong] + 0.1
    # What is there is found and trusted as on a shelf that holds all of it, or nearly.
    assert by_catalogue["of them right"] >= whole["of them right"] - 0.05
    assert by_catalogue["confident"] >= whole["confident"] - 0.1
