"""Which products' local features are kept: goods' by default, garments' if they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drawn_prints import write_covers
from pocketshelf.catalogue import build_store
from pocketshelf.closely import CLOSELY_UP_TO, FeaturesWanted, wanted
from pocketshelf.errors import BundleError, RuntimeUnavailable
from pocketshelf.formats import Bundle

pytest.importorskip("cv2")
NAMES = {"upper": ("Tee", "T-Shirt"), "bag": ("Bag",), "goods": ("Milk", "Bag")}


@pytest.fixture
def bundle(fake_bundle: Bundle) -> Bundle:
    """Its detector knows names of garments and of goods."""
    assert fake_bundle.detector is not None
    return replace(fake_bundle, detector=replace(fake_bundle.detector, categories=NAMES))


@pytest.mark.parametrize(
    ("asked", "products", "kept"),
    [
        (None, CLOSELY_UP_TO, {"Women > Tees": False, "Milk": True, "Bag": True, "Films": True}),
        (None, CLOSELY_UP_TO + 1, {"Women > Tees": False, "Milk": False, "Films": False}),
        (True, CLOSELY_UP_TO + 1, {"Women > Tees": True, "Milk": True, "Films": True}),
        (False, 1, {"Women > Tees": False, "Milk": False, "Films": False}),
    ],
)
def test_names_of_garments_say_no(
    bundle: Bundle, asked: bool | None, products: int, kept: dict[str, bool]
) -> None:
    choice = FeaturesWanted(asked, bundle).choose(products)
    assert {category: choice(category) for category in kept} == kept


def test_models_are_read_when_a_category_is_asked_about(bundle: Bundle, tmp_path: Path) -> None:
    choice = FeaturesWanted(None, str(tmp_path / "none")).choose(1)
    with pytest.raises(BundleError, match="no bundle here"):
        choice("Tee")
    without = replace(bundle, detector=None)
    assert FeaturesWanted(None, without).choose(1)("Tee"), "nothing says what a garment is"


def test_opencv_is_asked_for_by_name(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wanted, "is_available", lambda: False)
    assert not FeaturesWanted(None, bundle).choose(1)("Milk")
    with pytest.raises(RuntimeUnavailable, match="closely"):
        FeaturesWanted(True, bundle).choose(1)


def test_a_shop_of_garments_keeps_features_only_if_asked(bundle: Bundle, tmp_path: Path) -> None:
    catalogue = write_covers(tmp_path / "catalogue.csv", range(3))
    lines = catalogue.read_text().splitlines()
    lines[1] = lines[1].replace("Other things", "Tee")
    catalogue.write_text("\n".join(lines))
    assert build_store(catalogue, tmp_path / "default", bundle=bundle).prints == 2
    assert build_store(catalogue, tmp_path / "asked", bundle=bundle, closely=True).prints == 3
