"""Boxes drawn over a photo: every label can be read, whatever the photo and its boxes are."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.page.annotate import LEAST_SIDE, _places, annotate
from pocketshelf.types import Region


def region(group: str, *box: float) -> Region:
    return Region(box=box, group=group, score=0.9, categories=(), attributes={})


def drawn(folder: Path, size: tuple[int, int], *regions: Region) -> Image.Image:
    """A white photo of ``size`` with the regions, the most prominent first, drawn over it."""
    Image.new("RGB", size, "white").save(folder / "photo.png")
    annotate(folder / "photo.png", regions, folder / "out.jpg")
    with Image.open(folder / "out.jpg") as image:
        return image.convert("RGB")


def is_near(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(have - want) < 40 for have, want in zip(pixel, colour, strict=True))


def test_no_box_is_drawn_over_another_s_label(tmp_path: Path) -> None:
    """The dress, on top, ends within the words of the shoes below it."""
    image = drawn(
        tmp_path, (1200, 1600), region("dress", 200, 99, 600, 720), region("footwear", 300, 800, 90, 90)
    )
    assert is_near(image.getpixel((600, 816)), (0xB0, 0x2A, 0x8F)), "the dress's lower line, beside the label"
    assert is_near(image.getpixel((303, 816)), (0xA3, 0x54, 0x1A)), "the footwear's label"


def test_labels_of_one_corner_stand_side_by_side(tmp_path: Path) -> None:
    """The whole photo and a garment that fills it: the second label was under the first."""
    image = drawn(tmp_path, (800, 600), region("goods", 0, 0, 800, 600), region("upper", 0, 0, 790, 590))
    assert is_near(image.getpixel((2, 6)), (0x1D, 0x7A, 0x46))
    assert is_near(image.getpixel((4, 22)), (0x25, 0x63, 0xC9))


@pytest.mark.parametrize("size", [(40, 60), (60, 4), (1, 1), (200, 200)])
def test_a_small_photo_is_drawn_larger(tmp_path: Path, size: tuple[int, int]) -> None:
    image = drawn(tmp_path, size, region("bag", size[0] / 4, 0, size[0] / 2, size[1]))
    times = image.width / size[0]
    assert times == int(times) and image.size == (size[0] * times, size[1] * times)
    assert LEAST_SIDE <= max(image.size) < 2 * LEAST_SIDE


def test_places_are_within_the_picture_and_apart() -> None:
    corners = [(390.0, 590.0), (395.0, 595.0), (-5.0, -5.0), (0.0, 3.0), (0.0, 300.0)]
    places = _places(corners, [(80, 20)] * 5, (400, 600))
    assert places == [(320, 580), (320, 560), (0, 0), (0, 20), (0, 300)]


def test_where_there_is_no_room_labels_stay_at_their_boxes() -> None:
    assert _places([(0, 0), (0, 5)], [(80, 20)] * 2, (400, 30)) == [(0, 0), (0, 5)]
    assert _places([(10, 3)], [(80, 20)], (40, 10)) == [(0, 0)]
