"""The studio: different garments, the same pictures for the same seed, and boxes that fit."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.demo.studio import (
    CUTS,
    Attributes,
    Identity,
    draw_identities,
    draw_sample,
    shop_picture,
    street_picture,
)
from pocketshelf.demo.studio.fabric import PATTERNS, weave
from pocketshelf.demo.studio.outline import SMOOTH, curve, mirrored, polygon_patch
from pocketshelf.demo.studio.palette import rgb
from pocketshelf.demo.studio.wardrobe import cut_named


def _identity(cut: str = "T-shirt", colour: str = "red", pattern: str = "solid") -> Identity:
    return Identity("x", cut, Attributes(colour, "navy", pattern, "short", "crew"), 1.0, 3)


def test_identities_differ_and_the_seed_fixes_them() -> None:
    drawn = draw_identities(120, seed=3)
    assert drawn == draw_identities(120, seed=3) != draw_identities(120, seed=4)
    assert len({(one.cut_name, one.attributes) for one in drawn}) == 120
    assert {one.cut_name for one in drawn} == {cut.name for cut in CUTS}


def test_a_colour_that_does_not_show_tells_no_products_apart() -> None:
    solid = [one for one in draw_identities(200, seed=11) if one.attributes.pattern == "solid"]
    worn = [one for one in solid if one.cut.place == "worn"]
    assert worn and all(one.attributes.second_colour == one.attributes.colour for one in worn)


def test_every_cut_names_known_parts() -> None:
    for identity in draw_identities(len(CUTS), seed=1):
        picture = shop_picture(identity, side=64)
        assert picture.category == identity.cut.category
        assert set(identity.cut.patterns) <= set(PATTERNS)


def test_an_unknown_cut_lists_the_valid_ones() -> None:
    with pytest.raises(KeyError, match="ankle boot"):
        cut_named("cape")


def test_titles_read_like_a_shop() -> None:
    assert _identity(pattern="striped").title == "Striped short-sleeve T-shirt, red and navy"


def test_a_shop_picture_is_on_white_and_its_box_holds_the_garment() -> None:
    picture = shop_picture(_identity(), side=200)
    pixels = np.asarray(picture.image, dtype=int)
    assert (pixels[:5] > 235).all() and (pixels[:, :5] > 235).all()
    reddish = pixels[..., 0] - pixels[..., 1] > 70
    x, y, w, h = (round(side) for side in picture.box)
    assert reddish[y : y + h, x : x + w].sum() > 0.99 * reddish.sum()
    assert max(w, h) > 150


def test_a_street_photo_repeats_with_its_seed_and_differs_with_another() -> None:
    first, again, other = (street_picture(_identity(), seed) for seed in (1, 1, 2))
    assert first.image.tobytes() == again.image.tobytes() != other.image.tobytes()
    assert first.box == again.box


@pytest.mark.parametrize("cut", ["T-shirt", "trousers", "beanie", "sneaker", "dress"])
def test_a_street_box_lies_in_the_frame_and_is_no_speck(cut: str) -> None:
    picture = street_picture(_identity(cut), 5)
    x, y, w, h = picture.box
    assert x >= 0 and y >= 0 and x + w <= picture.image.width and y + h <= picture.image.height
    assert w > 60 and h > 60


def test_the_cloth_of_an_identity_is_the_same_in_both_pictures() -> None:
    shop, street = shop_picture(_identity(colour="green")), street_picture(_identity(colour="green"), 4)
    for picture in (shop, street):
        x, y, w, h = picture.box
        middle = picture.image.crop(
            (round(x + w * 0.4), round(y + h * 0.4), round(x + w * 0.6), round(y + h * 0.6))
        )
        red, green, blue = np.asarray(middle).reshape(-1, 3).mean(axis=0)
        assert green > red and green > blue


def test_patterns_show_both_colours_and_solid_one() -> None:
    white, black = rgb((255, 255, 255)), rgb((0, 0, 0))
    for name in PATTERNS:
        sheet = weave(name, (white, black), (150, 150), 150, 1.0, np.random.default_rng(0))
        assert sheet.shape == (150, 150, 3)
        dark = float((sheet < 0.5).mean())
        assert dark == 0 if name == "solid" else 0.03 < dark < 0.8, name


def test_a_smooth_point_bows_the_outline_and_a_corner_does_not() -> None:
    square = curve([(0, 0), (1, 0), (1, 1), (0, 1)])
    bowed = curve([(0, 0, SMOOTH), (1, 0, SMOOTH), (1, 1, SMOOTH), (0, 1, SMOOTH)])
    assert square.min() == 0 and square.max() == 1
    assert bowed.min() < -0.05 and bowed.max() > 1.05


def test_mirroring_keeps_points_on_the_axis_single() -> None:
    assert mirrored([(0, 0), (1, 0.5), (0, 1)]) == [(0, 0), (1, 0.5), (0, 1), (-1, 0.5)]


def test_coverage_is_antialiased_and_cut_to_the_sheet() -> None:
    patch = polygon_patch(np.array([[-5, -5], [4.5, -5], [4.5, 20], [-5, 20]], dtype=float), (10, 10))
    assert patch.cover.shape[0] <= 10 and patch.cover[:, 0].min() == 1
    assert 0.3 < patch.cover[5, 4] < 0.8


def test_a_sample_is_a_catalogue_and_queries_with_answers(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    sample = draw_sample(
        tmp_path, products=4, photos=5, progress=lambda done, total: calls.append((done, total))
    )
    catalogue = list(csv.DictReader(sample.catalogue.open()))
    queries = list(csv.DictReader(sample.queries.open()))
    assert list(catalogue[0])[:4] == ["product_id", "title", "category", "image"]
    assert len(catalogue) == 4 and len(queries) == 5 and calls[-1] == (9, 9)
    assert {row["product_id"] for row in queries} == {row["product_id"] for row in catalogue}
    for name in (catalogue[0]["image"], queries[0]["photo"]):
        assert Image.open(tmp_path / name).format == "JPEG"


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_pattern_repeats_alike_on_sheets_of_any_size(pattern: str) -> None:
    colours = np.array([1.0, 0, 0], np.float32), np.array([0, 0, 1.0], np.float32)

    def sheet(size: tuple[int, int]) -> np.ndarray:
        return weave(pattern, colours, size, 100.0, 1.0, np.random.default_rng(7))

    small, large = sheet((60, 50)), sheet((90, 80))
    # Only the threads' grain differs.
    assert np.abs(large[:50, :60] - small).max() < 0.15
