"""Which of the detector's groups a category is of, by its name or by its products, in a whole search."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from drawn_things import photo_of
from fake_models import make_bundle
from pocketshelf import Retriever
from pocketshelf.formats import write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.shelf import Shelf
from pocketshelf.stages.outfit import LOOK, WORD
from pocketshelf.store import Store
from pocketshelf.types import Hit


def telling_red_from_green(store: Path) -> GroupHead:
    """To which the store's red things look like goods, its green ones like uppers."""
    with Store.open(store) as opened:
        reds, greens = (opened.some_of(f"{name} things").astype(np.float32) for name in ("Red", "Green"))
    toward = reds.mean(axis=0) / np.linalg.norm(reds.mean(axis=0))
    toward -= greens.mean(axis=0) / np.linalg.norm(greens.mean(axis=0))
    return GroupHead(("goods", "upper"), 50 * np.stack([toward, -toward]), np.zeros(2, np.float32))


def test_categories_of_unknown_names_are_placed_by_their_products(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods"; what lies in "Red things" looks like it, what lies in the others like an upper."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    shelves = {"goods": ("Goods",), "upper": ("Tops",)}
    bundle = make_bundle(tmp_path / "named", categories=shelves)
    head = telling_red_from_green(store)
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    with Retriever.open(store, bundle) as opened:
        (found,) = opened.search(photo_of(tmp_path), top_k=9, category="all").regions
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo_of(tmp_path), top_k=9, category="all").regions
    before, after = ({hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, found))
    assert after["red"] == pytest.approx(before["red"])
    # Both witnesses are against it: what its category holds, and its own picture.
    assert after["green"] == pytest.approx(before["green"] - (WORD + LOOK) * found.score)


def test_a_products_own_picture_speaks_for_it_on_another_shelf(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods", and every category is named as of uppers; only green things look like uppers."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    names = ("Green things", "Red things", "Blue things", "White things")
    bundle = make_bundle(tmp_path / "named", categories={"goods": ("Goods",), "upper": names})
    head = telling_red_from_green(store)
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    with Retriever.open(store, bundle) as opened:
        (found,) = opened.search(photo_of(tmp_path), top_k=9, category="all").regions
        server = [Hit("red", 1.0, "", "Red things", source="server"), Hit("gone", 1.0, "", "")]
        assert opened._shelf.looks(server, "goods") == [None, None]
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo_of(tmp_path), top_k=9, category="all").regions
    before, after = ({hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, found))
    assert after["red"] == pytest.approx(before["red"] - WORD * found.score)
    assert after["green"] == pytest.approx(before["green"] - (WORD + LOOK) * found.score)


def test_a_whole_photo_needs_no_look_at_what_the_categories_hold(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(tmp_path / "named", categories={"goods": ("Goods",), "upper": ("Tops",)})
    head = GroupHead(
        ("goods",), np.zeros((1, bundle.embedder.dimension), np.float32), np.zeros(1, np.float32)
    )
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    looked: list[str] = []
    real = Store.some_of
    monkeypatch.setattr(Store, "some_of", lambda self, name: looked.append(name) or real(self, name))
    with Retriever.open(store, bundle) as opened:
        opened.search(photo_of(tmp_path), whole=True)
        assert looked == []
        opened.search(photo_of(tmp_path))
        assert sorted(looked) == sorted(opened.store.categories())
