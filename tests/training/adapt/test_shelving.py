"""A shop's own categories in an adapted bundle: their groups are told by the bundle before it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from drawn_things import COLOURS, draw_thing
from fake_models import make_bundle
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle, write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf_training.adapt.assortment import Assortment
from pocketshelf_training.adapt.shelving import shelved


def shop_of(folder: Path) -> Assortment:
    """Two shelves whose names say nothing, one of each of two colours; a third that a group claims."""
    paths = []
    for number, name in enumerate(("red", "green", "green")):
        paths.append(folder / f"{number}.png")
        draw_thing(COLOURS[name][0]).save(paths[-1])
    none = np.zeros(3, bool)
    return Assortment(paths, np.arange(3), np.arange(3), none, none, ["a", "b", "c"], ["Haut", "Bas", "Tops"])


def bundle_of(folder: Path, shop: Assortment) -> Bundle:
    """Red things look like goods to it, green ones like an upper."""
    named = {"goods": ("Goods",), "upper": ("Tops",)}
    bundle = make_bundle(folder, categories=named)
    encoder = Encoder.open(bundle)
    red, green = (encoder.embed(path) for path in shop.paths[:2])
    toward = red / np.linalg.norm(red) - green / np.linalg.norm(green)
    head = GroupHead(("goods", "upper"), 50 * np.stack([toward, -toward]), np.zeros(2, np.float32))
    return write_bundle(replace(bundle, groups=head.to_json(bundle.space)))


def test_names_that_say_nothing_go_to_what_their_pictures_show(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    found = shelved(bundle_of(tmp_path / "bundle", shop), shop)
    assert found["upper"] == ("Tops", "Bas")
    assert "Haut" in found["goods"] and "Haut" not in found["upper"]


def test_looks_alone_make_no_garments_of_what_may_be_printed(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    assert shelved(bundle_of(tmp_path / "bundle", shop), shop)["goods"] == ("Goods", "Haut", "Bas")


def test_what_cannot_be_read_or_is_held_back_says_nothing(tmp_path: Path) -> None:
    shop = shop_of(tmp_path)
    bundle = bundle_of(tmp_path / "bundle", shop)
    shop.paths[0].write_bytes(b"no picture")
    held = replace(shop, held=np.array([False, True, False]))
    assert shelved(bundle, held) == {"goods": ("Goods",), "upper": ("Tops",)}


def test_a_bundle_without_a_head_keeps_its_names(tmp_path: Path) -> None:
    named = {"upper": ("Tops",)}
    assert shelved(make_bundle(tmp_path / "bundle", categories=named), shop_of(tmp_path)) == named
