"""What a photo finds that is not the right way up, once and looked at any way up."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawn_things import COLOURS
from pocketshelf.catalogue import build_store
from pocketshelf.formats.bundle import Bundle
from pocketshelf.retriever import Retriever
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.turned.figures import Seen, _rows, chosen, found_first, looks_of

# A product is found upright; a quarter turned something else is, which is less like the photo.
FOUND, MISSED, LOST = Seen(True, 0.9, False), Seen(False, 0.6, False), Seen(False, 0.85, False)


def test_a_turned_photo_is_found_where_the_upright_look_is_ahead() -> None:
    looks = [[FOUND, MISSED, MISSED, LOST]]
    assert [found_first(looks, quarters, None) for quarters in range(4)] == [1, 0, 0, 0]
    ahead = [found_first(looks, quarters, 0.06) for quarters in range(4)]
    assert ahead == [1, 1, 1, 0], "by 0.05 ahead of LOST"
    assert found_first(looks, 3, 0.0) == 1


def test_what_is_trusted_is_not_looked_at_again() -> None:
    sure = MISSED._replace(trusted=True)
    assert found_first([[FOUND, sure, MISSED, MISSED], [FOUND, MISSED, MISSED, MISSED]], 1, 0.0) == 0.5


def test_a_search_looks_at_the_turns_that_the_photo_looks_to_need() -> None:
    turned = MISSED._replace(turns=(1, 3), absent=True)
    looks = [[FOUND, turned, MISSED._replace(turns=(2,)), LOST._replace(turns=(2,))]]
    assert chosen(looks[0], 1, (1, 3)) == 0 and chosen(looks[0], 1, ()) == 1
    lacking = [FOUND._replace(absent=True), *looks[0][1:]]
    assert chosen(lacking, 1, (1, 3)) == 1, "nothing like it is there"
    rows = list(_rows(looks))
    assert [row["as a search does"] for row in rows] == [1, 1, 1, 0], "LOST is turned to MISSED alone"
    assert [row["looks"] for row in rows] == [1, 3, 2, 2]
    assert [row["absent"] for row in rows] == [0, 0, 0, 0]
    assert [row["absent by the first look"] for row in rows] == [0, 1, 0, 0]


def test_a_frame_alone_takes_no_sure_boxs_place() -> None:
    sure = MISSED._replace(has_box=True, is_sure=True)
    assert chosen([FOUND, sure], 1, (3,)) == 1
    assert chosen([FOUND._replace(has_box=True), sure], 1, (3,)) == 0
    assert chosen([FOUND, sure._replace(is_sure=False)], 1, (3,)) == 0


def test_a_look_is_what_a_search_of_the_turned_photo_finds(shop: Path, fake_bundle: Bundle) -> None:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    asking = [Sample(shop / "pictures" / f"{name}.png", "val", "street", name, "x") for name in COLOURS]
    with Retriever.open(shop / "store", fake_bundle) as retriever:
        looks = looks_of(retriever, asking, whole=True)
    assert [len(turns) for turns in looks] == [4] * len(COLOURS)
    for turns in looks:
        assert turns[0].right and turns[0].lead == pytest.approx(0.95, abs=0.02)
        assert all(turn.lead < turns[0].lead for turn in turns[1:])
        assert not any(turn.trusted for turn in turns), "the bundle has no calibration"
