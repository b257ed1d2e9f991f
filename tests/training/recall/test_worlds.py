"""Catalogues to calibrate in, on the real photos where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from evaluate_shop import COLOURS, draw
from fake_models import make_bundle
from pocketshelf.encoder import Encoder
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.data.shop import style_of
from pocketshelf_training.recall import encodings
from pocketshelf_training.recall.encodings import RememberingEncoder
from pocketshelf_training.recall.worlds import World, catalogue_of, search_world, worlds

real = pytest.mark.skipif("POCKETSHELF_DATA" not in os.environ, reason="needs the real photos")


@real
def test_no_photo_and_no_style_is_fitted_on_and_tested_on() -> None:
    fitted, tested = worlds("val"), worlds("test")
    for before, after in zip(fitted, tested, strict=True):
        assert before.name == after.name and before.photos and after.photos
        assert not set(before.photos) & set(after.photos)
        assert not {sample.image for sample in before.gallery} & set(before.photos)
    styles = [{style_of(s.identity or "") for s in world[1].gallery} for world in (fitted, tested)]
    assert styles[0] and styles[1] and not styles[0] & styles[1]


@real
def test_a_shop_may_call_its_categories_what_it_likes() -> None:
    found = {world.name: world for world in worlds("val", limit=3)}
    for name in ("groceries", "clothing"):
        plain, own = found[name], found[f"{name}, own names"]
        assert [s.identity for s in plain.gallery] == [s.identity for s in own.gallery]
        assert not {s.category for s in plain.gallery} & {s.category for s in own.gallery}
        assert own.asking == plain.asking and catalogue_of(own.name) == name


@real
def test_a_shop_may_have_one_category() -> None:
    found = {world.name: world for world in worlds("val", limit=3)}
    plain, one = found["groceries"], found["groceries, one category"]
    assert len({s.category for s in plain.gallery}) > 10 and len({s.category for s in one.gallery}) == 1
    assert one.asking == plain.asking and catalogue_of(one.name) == "groceries"


@real
def test_only_a_catalogues_own_photos_name_its_products() -> None:
    for world in worlds("test", limit=20):
        held = {sample.identity for sample in world.gallery}
        for name, samples in world.asking.items():
            assert 0 < len(samples) <= 20
            assert all((s.identity in held) if name == "own" else s.identity is None for s in samples)


def test_strangers_find_nothing_of_theirs_and_the_encodings_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, colour in enumerate(COLOURS):
        draw(colour, 0).save(tmp_path / f"{number}.png")
        draw(colour, 2, 230).save(tmp_path / f"photo-{number}.png")
    gallery = [
        Sample(tmp_path / f"{n}.png", "val", "shop", str(n), "Red things") for n in range(len(COLOURS))
    ]
    own = [Sample(tmp_path / f"photo-{n}.png", "val", "street", str(n)) for n in range(3)]
    others = [Sample(tmp_path / f"photo-{n}.png", "val", "street") for n in (3, 4)]
    world = World("drawn", gallery, {"own": own, "others": others})
    encoder = RememberingEncoder(Encoder.open(make_bundle(tmp_path / "bundle")), tmp_path / "cache")
    rows = search_world(world, encoder, tmp_path / "a", 2, seed=0)
    assert {row["set"] for row in rows} == {"own", "others"} and {row["world"] for row in rows} == {"drawn"}
    assert not any(row["local"] or row["rank"] for row in rows if row["set"] == "others")
    assert all(row["local"] and row["rank"] == 1 for row in rows if row["set"] == "own" and row["shelf"] == 0)
    first = encoder.encode(own[0].image)
    assert encoder.encode(first.photo, True) is encoder.encode(own[0].image, True), (
        "what a photo is of is known"
    )
    monkeypatch.setattr(Encoder, "encode", lambda *_: pytest.fail("encoded again"))
    again = RememberingEncoder(Encoder.open(tmp_path / "bundle"), tmp_path / "cache").encode(own[0].image)
    assert np.array_equal(again.regions[0].embedding.vector, first.regions[0].embedding.vector)


def test_another_bundle_is_encoded_anew_and_another_calibration_is_not(tmp_path: Path) -> None:
    from dataclasses import replace

    from pocketshelf.formats.bundle import write_bundle

    bundle = make_bundle(tmp_path / "bundle")
    states = [encodings._state(bundle), encodings._state(write_bundle(replace(bundle, recall=None)))]
    assert states[0] == states[1] != encodings._state(make_bundle(tmp_path / "other", seed=8))
