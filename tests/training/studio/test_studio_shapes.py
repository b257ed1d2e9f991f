"""Outlines, patterns and forms: what the studio draws with."""

from __future__ import annotations

import numpy as np
import pytest

from pocketshelf_training.models.detector import GROUPS
from pocketshelf_training.studio.drawing.outline import SMOOTH, curve, mirrored, path, polygon_patch, sides
from pocketshelf_training.studio.drawing.palette import rgb
from pocketshelf_training.studio.garments.cloth import material
from pocketshelf_training.studio.garments.garment import Attributes, Garment
from pocketshelf_training.studio.garments.patterns import PATTERNS
from pocketshelf_training.studio.wardrobe.forms import FORMS


def _garment(pattern: str = "solid", seed: int = 3) -> Garment:
    attributes = Attributes(
        sleeve="short",
        neckline="crew",
        closure="none",
        pattern=pattern,
        colour="white",
        second_colour="black",
    )
    return Garment("x", FORMS[0], attributes, seed)


def _sheet(pattern: str, size: tuple[int, int], seed: int = 3) -> np.ndarray:
    return material(_garment(pattern, seed)).weave(size, 100.0, 1.0, np.random.default_rng(7))


def test_every_form_names_known_patterns() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS) == 19
    assert all(set(form.patterns) <= set(PATTERNS) for form in FORMS)


def test_every_form_has_a_group_of_the_detector_and_a_place() -> None:
    of = {form.name: (form.group, form.place) for form in FORMS}
    assert {group for group, _ in of.values()} == set(GROUPS) - {"accessory", "goods"}
    assert of["cap"] == ("hat", "head") and of["parka"] == ("outerwear", "worn")
    assert of["sneaker"] == ("footwear", "stand") and of["tote bag"] == ("bag", "stand")


def test_titles_read_like_a_shop() -> None:
    assert _garment("striped").title == "Striped short-sleeve T-shirt, white and black"
    assert _garment().title == "Short-sleeve T-shirt, white"


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_patterns_show_both_colours_and_solid_one(pattern: str) -> None:
    sheet = _sheet(pattern, (150, 150))
    assert sheet.shape == (150, 150, 3)
    dark = float((sheet < float(rgb("white").min() + rgb("black").max()) / 2).mean())
    assert dark == 0 if pattern == "solid" else 0.03 < dark < 0.8


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_pattern_repeats_alike_on_sheets_of_any_size(pattern: str) -> None:
    for seed in range(4):
        small, large = _sheet(pattern, (60, 50), seed), _sheet(pattern, (90, 80), seed)
        # Only the threads' grain differs.
        assert np.abs(large[:50, :60] - small).max() < 0.15


def test_a_smooth_point_bows_the_outline_and_a_corner_does_not() -> None:
    square = curve([(0, 0), (1, 0), (1, 1), (0, 1)])
    bowed = curve([(0, 0, SMOOTH), (1, 0, SMOOTH), (1, 1, SMOOTH), (0, 1, SMOOTH)])
    assert square.min() == 0 and square.max() == 1
    assert bowed.min() < -0.05 and bowed.max() > 1.05


def test_an_open_line_ends_at_its_points_and_bows_between_smooth_ones() -> None:
    line = curve(path("0,0 1,1~ 2,0"), closed=False)
    assert line[0].tolist() == [0, 0] and line[-1].tolist() == [2, 0]
    assert [1, 1] in line.tolist() and len(line) == 25
    # Beside the smooth point it runs along the chord of its neighbours: level.
    assert abs(line[13, 1] - line[11, 1]) < 1e-9 and line[11:14, 1].min() > 0.97


def test_control_points_are_read_from_a_line() -> None:
    assert path("0,-0.5~ 1.25,2") == ((0, -0.5, SMOOTH), (1.25, 2))
    with pytest.raises(ValueError):
        path("0,1 2")


def test_the_sides_of_an_outline() -> None:
    half = path("0,0 1,0.5~")
    assert sides(half, "join") == [mirrored(half)]
    assert sides(half, "pair") == [half, [(0, 0), (-1, 0.5, SMOOTH)]]
    assert sides(half, "one") == [half]


def test_mirroring_keeps_points_on_the_axis_single() -> None:
    assert mirrored([(0, 0), (1, 0.5), (0, 1)]) == [(0, 0), (1, 0.5), (0, 1), (-1, 0.5)]


def test_coverage_is_antialiased_and_cut_to_the_sheet() -> None:
    patch = polygon_patch(np.array([[-5, -5], [4.5, -5], [4.5, 20], [-5, 20]], dtype=float), (10, 10))
    assert patch.cover.shape[0] <= 10 and patch.cover[:, 0].min() == 1
    assert 0.3 < patch.cover[5, 4] < 0.8
