"""Palettes: what is told of pixels, how alike two are, and what they do to hits."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.stages.colours import (
    MOST_COLOURS,
    MOST_PALETTES,
    PALETTE,
    WEIGHT,
    by_colour,
    fallen,
    histograms,
    joined,
    looked_at,
    palette_of,
)
from pocketshelf.stages.preprocess import read_photo
from pocketshelf.types import Hit

RED, BLUE, WHITE = (200, 30, 30), (30, 40, 180), (255, 255, 255)


def thing(colour: tuple[int, int, int], ground: tuple[int, int, int] = WHITE, size: int = 96) -> np.ndarray:
    """A square of a colour in the middle of a ground."""
    pixels = np.full((size, size, 3), ground, np.uint8)
    pixels[size // 4 : -size // 4, size // 4 : -size // 4] = colour
    return pixels


def palette(pixels: np.ndarray) -> str:
    return palette_of(looked_at(read_photo(pixels)))


def likeness(one: str, other: str) -> float:
    a, b = histograms([one, other])
    return float(a @ b)


def hit(name: str, score: float, stated: str | None = None) -> Hit:
    return Hit(name, score, name, "things", attributes={} if stated is None else {PALETTE: stated})


def test_a_plain_ground_is_left_out() -> None:
    told = palette(thing(RED))
    colour, share = told.split()[0].split(":")
    assert int(share) > 80 and np.abs(np.array(list(bytes.fromhex(colour))) - RED).max() < 8
    assert likeness(told, palette(thing(RED, ground=(20, 20, 20)))) > 0.9
    assert likeness(told, palette(thing(BLUE))) < 0.3


def test_a_frame_of_one_colour_has_that_palette() -> None:
    assert palette(np.full((60, 80, 3), BLUE, np.uint8)) == "1e28b4:100"
    assert palette(np.full((1, 1, 3), 255, np.uint8)) == "ffffff:100"


def test_a_palette_is_a_short_text_whose_shares_are_all() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    words = palette(noise).split()
    assert 1 < len(words) <= MOST_COLOURS
    assert all(re.fullmatch("[0-9a-f]{6}:[0-9]{1,3}", word) for word in words)
    shares = [int(word.split(":")[1]) for word in words]
    assert shares == sorted(shares, reverse=True) and abs(sum(shares) - 100) <= MOST_COLOURS


def test_likeness_falls_as_a_shade_moves_away() -> None:
    shades = [f"{200 - step:02x}1e1e:100" for step in (0, 4, 25, 90, 200)]
    found = [likeness(shades[0], each) for each in shades]
    assert found[0] == pytest.approx(1) and found == sorted(found, reverse=True)
    assert found[1] > 0.9 and found[-1] < 0.1


@pytest.mark.parametrize(
    "text",
    ["", " ", "red", "ff0000", "ff0000:", "ff0000:1000", "FF0000:10", "ff0000:50  0000ff:50", "ff0000:0",
     "ff0000:50\n0000ff:50", " ".join(["ff0000:10"] * (MOST_COLOURS + 1)), "ff0000:-5", "ff0000:٣"],
)  # fmt: skip
def test_what_is_no_palette_has_nothing(text: str) -> None:
    first, second = histograms([text, "ff0000:100"])
    assert not first.any() and second.any()


def test_a_box_is_told_by_itself(tmp_path: Path) -> None:
    pixels = np.concatenate([np.full((80, 80, 3), RED), np.full((80, 80, 3), BLUE)], axis=1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "two.png")
    photo = read_photo(tmp_path / "two.png")
    blue, red = (palette_of(looked_at(photo, (left, 0, 80, 80))).split() for left in (80, 0))
    # At the edge the filter takes in a little of what is beside the box.
    assert blue[0] in ("1e28b4:99", "1e28b4:100") and red[0] in ("c81e1e:99", "c81e1e:100")


def test_a_hit_of_other_colours_falls_and_the_best_keeps_the_bests_score() -> None:
    (red,) = histograms(["c81e1e:100"])
    hits = [hit("blue", 0.8, "1e28b4:100"), hit("red", 0.7, "c81e1e:100")]
    first, second = by_colour(hits, red)
    assert (first.product_id, first.score) == ("red", pytest.approx(0.8, abs=1e-6))
    behind = WEIGHT * (1 - likeness("c81e1e:100", "1e28b4:100")) - 0.1
    assert (second.product_id, second.score) == ("blue", pytest.approx(0.8 - behind, abs=1e-6))


def test_colours_decide_within_a_kind_and_not_between_kinds() -> None:
    (red,) = histograms(["c81e1e:100"])
    hits = [
        hit("blue coat", 0.8, "1e28b4:100"),
        hit("red coat", 0.75, "c81e1e:100"),
        hit("red hat", 0.79, "c81e1e:100"),
    ]
    assert [each.product_id for each in by_colour(hits, red)] == ["red hat", "red coat", "blue coat"]
    by_kind = by_colour(hits, red, ["coat", "coat", "hat"])
    assert [each.product_id for each in by_kind] == ["red coat", "red hat", "blue coat"]
    assert by_kind[0].score == pytest.approx(0.8) and by_kind[1].score == pytest.approx(0.79)


def test_a_clear_lead_by_the_vector_stands() -> None:
    (red,) = histograms(["c81e1e:100"])
    hits = [hit("blue", 0.9, "1e28b4:100"), hit("red", 0.9 - WEIGHT - 0.01, "c81e1e:100")]
    assert [each.product_id for each in by_colour(hits, red)] == ["blue", "red"]


def test_stating_nothing_is_no_advantage_and_no_loss() -> None:
    (red,) = histograms(["c81e1e:100"])
    silent = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.7, "no palette")]
    assert by_colour(silent, red) == silent
    mixed = by_colour([hit("none", 0.8), hit("red", 0.8, "c81e1e:100"), hit("blue", 0.8, "1e28b4:100")], red)
    assert [each.product_id for each in mixed] == ["red", "none", "blue"]
    assert mixed[1].score == pytest.approx((mixed[0].score + mixed[2].score) / 2, abs=1e-6)


def test_the_likest_of_several_pictures_counts() -> None:
    (red,) = histograms(["c81e1e:100"])
    both = joined(["1e28b4:100", "c81e1e:100"])
    assert both == "1e28b4:100; c81e1e:100"
    assert by_colour([hit("both", 0.5, both)], red)[0].score == pytest.approx(0.5, abs=1e-6)
    assert joined(["ffffff:100"] * 40).count(";") == MOST_PALETTES - 1


def test_hits_are_compared_with_what_else_was_found() -> None:
    (red,) = histograms(["c81e1e:100"])
    (far,) = fallen([hit("blue", 0.8, "1e28b4:100")], red, among=[hit("red", 0.7, "c81e1e:100")])
    assert far.score < 0.8 - WEIGHT / 2
    (alone,) = fallen([hit("blue", 0.8, "1e28b4:100")], red)
    assert alone.score == pytest.approx(0.8)
