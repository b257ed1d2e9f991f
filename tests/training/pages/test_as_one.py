"""One thing that the detector takes apart: by its boxes, and by the frame as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawn_things import COLOURS
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.looking import SURE
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.pages import as_one
from pocketshelf_training.pages.as_one import Asked, found_first

# The frame is right, and nearer than two boxes of which neither is sure.
PARTS = Asked(boxes=False, frame=True, lead=0.6, whole=0.7, score=0.55, trusted=False, around=0.6)


def test_the_frame_stands_first_where_it_is_nearer_than_boxes_that_nobody_trusts() -> None:
    assert PARTS.is_one(SURE) and not PARTS.is_one(0.5), "a box of 0.55 is sure from 0.5 on"
    assert not PARTS.is_one(wide=0.7), "they lie in a part of the photo"
    assert not PARTS._replace(trusted=True).is_one(SURE)
    assert not PARTS._replace(whole=0.6).is_one(SURE)
    asked = [PARTS, PARTS._replace(boxes=True, frame=False, whole=0.5)]
    assert (found_first(asked, 0.0), found_first(asked, SURE)) == (0.5, 1.0)


def test_what_is_asked_is_what_searches_find(shop: Path, fake_bundle: Bundle) -> None:
    shown = [Sample(shop / "pictures" / f"{name}.png", "val", "shop", name, "x") for name in COLOURS]
    asking = [(sample, sample.identity) for sample in shown]
    found = as_one._asked(Encoder.open(fake_bundle), shown, asking, lambda product_id: product_id, "photos")
    assert len(found) == len(COLOURS) and all(each.frame for each in found)
    assert all(each.whole == pytest.approx(1.0, abs=0.03) and not each.trusted for each in found)
    row = as_one._row("drawn", found)
    assert row["whole"] == 1.0 and list(row["by_sure"]) == ["0", "0.6", "0.7", "0.8", "1.01"]
    assert set(row["by_share"].values()) == {row["by_sure"]["0.7"]}, "no frame is nearer than its boxes"
    assert as_one._page([row, {**row, "set": "outfits"}]).count("| drawn |") == 2
