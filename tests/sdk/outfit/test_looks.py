"""The library of looks: a store like any other, and what it advises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fake_models import DIMENSION, make_bundle
from outfit_things import make_colours, make_head, make_looks, make_outfit_bundle, make_shop
from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.outfit import Looks
from pocketshelf.outfit import looks as looks_module
from pocketshelf.outfit.looks import Advisor, look_product
from pocketshelf.stages.colours import first_palettes, histograms

EYE = np.eye(DIMENSION, dtype=np.float32)
WORN = {
    "one": {"upper": EYE[0], "lower": EYE[1]},
    "two": {"upper": EYE[2], "lower": EYE[3], "bag": EYE[4]},
    "three": {"upper": EYE[0] + 0.1 * EYE[5], "footwear": EYE[6]},
}


def test_a_library_comes_back_from_its_store(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    looks = Looks.open(make_looks(tmp_path / "looks", bundle, WORN), bundle)
    assert sorted(looks.names) == ["one", "three", "two"] and len(looks) == 3
    assert looks.images[looks.names.index("two")] == "two.jpg"
    np.testing.assert_allclose(looks.vectors["bag"][looks.names.index("two")], EYE[4], atol=1e-3)
    assert not looks.vectors["bag"][looks.names.index("one")].any()


def test_advice_comes_from_the_looks_that_have_both_garments_nearest_first(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    looks = Looks.open(make_looks(tmp_path / "looks", bundle, WORN), bundle)
    head = make_head(neighbours=5, temperature=0.1)
    advice = Advisor(looks, head).advice("upper", head.project(EYE[:1])[0], "lower")
    assert advice is not None and advice.looks == ["one", "two"] and advice.images == ["one.jpg", "two.jpg"]
    assert advice.nearness[0] == pytest.approx(1, abs=1e-4) and advice.weights[0] > advice.weights[1]
    assert advice.weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(advice.partners[0], EYE[1], atol=1e-3)
    votes = advice.votes(head.project(EYE[[1, 7]]))
    assert votes.shape == (2, 2) and votes[0, 0] == pytest.approx(advice.weights[0], abs=1e-4)


def test_no_more_looks_are_asked_than_the_head_wants(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    looks = Looks.open(make_looks(tmp_path / "looks", bundle, WORN), bundle)
    head = make_head(neighbours=1)
    advice = Advisor(looks, head).advice("upper", head.project(EYE[2:3])[0], "lower")
    assert advice is not None and advice.looks == ["two"]
    assert Advisor(looks, head).advice("hat", head.project(EYE[:1])[0], "lower") is None


def test_of_looks_alike_those_of_the_same_colour_advise_first(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = {"a": "aa1111:100", "b": "1111aa:100", "c": ""}
    monkeypatch.setattr(looks_module, "_AT_ONCE", 2)
    library = Looks.of(
        look_product(name, role, EYE[place], None, palette=palette)
        for name, palette in colours.items()
        for place, role in enumerate(("upper", "lower"))
    )
    assert library.palettes["upper"] == list(colours.values()) and library.palettes["bag"] == ["", "", ""]
    head = make_head(neighbours=3, temperature=0.1, colours=make_colours())
    advisor = Advisor(library, head)
    for name in "ab":
        asked = head.project(EYE[:1], colours=histograms([colours[name]]))[0]
        advice = advisor.advice("upper", asked, "lower")
        assert advice is not None and advice.nearness[0] == pytest.approx(1, abs=1e-4)
        # What has no colours is judged by its embedding, which is the same.
        assert sorted(advice.looks[:2]) == sorted([name, "c"])
    unknown = advisor.advice("upper", head.project(EYE[:1])[0], "lower")
    assert unknown is not None
    np.testing.assert_allclose(unknown.nearness, 1, atol=1e-4)


def test_a_store_without_looks_is_refused(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    with pytest.raises(StoreError, match="no looks"):
        Looks.open(make_shop(tmp_path / "shop", bundle), bundle)
    with pytest.raises(StoreError):
        Looks.open(tmp_path / "nowhere", bundle)


def test_more_looks_than_a_device_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    store = make_looks(tmp_path / "looks", bundle, WORN)
    monkeypatch.setattr("pocketshelf.outfit.looks.MAX_GARMENTS", 6)
    with pytest.raises(StoreError, match="7 garments; a device takes up to 6"):
        Looks.open(store, bundle)


def test_looks_of_another_space_are_refused(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle")
    looks = make_looks(tmp_path / "looks", bundle, WORN)
    with pytest.raises(SpaceMismatch):
        Looks.open(looks, make_bundle(tmp_path / "other", space="other-space"))


def test_the_palette_of_the_first_picture_is_read_and_what_is_none_is_unknown() -> None:
    stated = [{}, {"palette": "aa1111:60 222222:40; bbbbbb:100"}, {"palette": 3}, {"palette": "aa1111:100"}]
    found = first_palettes(stated)
    assert found == ["", "aa1111:60 222222:40", "", "aa1111:100"]
    assert histograms(found).any(axis=1).tolist() == [False, True, False, True]
