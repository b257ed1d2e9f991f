"""What is measured of a photo goes the way that the eye sees it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from drawn_things import COLOURS, draw_thing
from pocketshelf.quality import WORKING_SIDE, pixel_signals
from pocketshelf.quality.layout import LAYOUT_SIGNALS, layout_signals
from pocketshelf.quality.signals import PIXEL_SIGNALS
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection


def textured(seed: int = 0, size: tuple[int, int] = (300, 400)) -> Image.Image:
    """Shapes with sharp edges on a grained ground."""
    noise = np.random.default_rng(seed).integers(90, 170, (size[1] // 10, size[0] // 10, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.NEAREST)


def signals(image: Image.Image) -> dict[str, float]:
    pixels = np.asarray(image.convert("RGB"))
    return pixel_signals(Photo(pixels, image.width, image.height).thumbnail(WORKING_SIDE), min(image.size))


def test_every_signal_is_there_and_finite() -> None:
    for image in (
        textured(),
        draw_thing(COLOURS["red"][0]),
        Image.new("RGB", (1, 1)),
        Image.new("L", (7, 900), 255),
    ):
        found = signals(image)
        assert tuple(found) == PIXEL_SIGNALS and all(map(np.isfinite, found.values()))


@pytest.mark.parametrize("level", [0, 255])
def test_a_frame_of_one_colour_is_all_bars_and_no_edges(level: int) -> None:
    found = signals(Image.new("RGB", (200, 150), (level,) * 3))
    assert found["bar_rows"] == found["bar_columns"] == found["flat"] == 1.0
    assert found["steepness"] == found["detail"] == found["line_row"] == 0.0
    assert (found["white"], found["black"]) == (float(level == 255), float(level == 0))


def test_blur_makes_edges_less_steep_whatever_their_contrast() -> None:
    sharp, soft = textured(), textured().filter(ImageFilter.GaussianBlur(6))
    faint = sharp.point(lambda v: 100 + v // 2)
    assert signals(soft)["steepness"] < 0.5 * signals(sharp)["steepness"]
    assert signals(faint)["steepness"] == pytest.approx(signals(sharp)["steepness"], abs=0.1)
    assert signals(soft)["detail"] < signals(sharp)["detail"] - 1


def test_a_seam_between_two_pictures_is_a_line() -> None:
    pair = Image.new("RGB", (400, 300), (40, 40, 40))
    pair.paste((200, 200, 200), (200, 0, 400, 300))
    assert signals(pair)["line_column"] == 1.0 and signals(pair)["line_row"] == 0.0
    assert signals(pair.rotate(90, expand=True))["line_row"] == 1.0


def test_a_seam_is_one_line_and_a_pavement_is_many() -> None:
    pair = Image.new("RGB", (400, 300), (40, 40, 40))
    pair.paste((200, 200, 200), (200, 0, 400, 300))
    assert signals(pair)["seam_column"] == 1.0 and signals(pair)["seam_row"] == 0.0
    assert signals(pair.rotate(90, expand=True))["seam_row"] == 1.0
    stripes = Image.fromarray(np.tile(np.uint8([[20], [220]]).repeat(8, axis=0), (25, 400)))
    found = signals(stripes)
    assert found["line_row"] > 0.9, "as long as a seam"
    assert found["seam_row"] < 0.1, "and not alone"


def test_the_side_is_the_photo_s_own_and_the_rest_does_not_know_it() -> None:
    small, large = signals(textured(size=(150, 200))), signals(textured(size=(600, 800)))
    assert large["side"] - small["side"] == pytest.approx(2.0)
    assert large["light"] == pytest.approx(small["light"], abs=0.05)


def test_what_the_boxes_say() -> None:
    found = [
        Detection((10, 20, 40, 60), "upper", 0.9),
        Detection((10, 75, 40, 124), "trousers", 0.8),
        Detection((60, 20, 30, 60), "upper", 0.7),
        Detection((0, 0, 5, 5), "bag", 0.2),
    ]
    layout = layout_signals(found, (100, 200))
    assert tuple(layout) == LAYOUT_SIGNALS
    assert (layout["things"], layout["groups"], layout["people"]) == (3, 2, 2)
    assert (
        layout["top"] == layout["legs"] == layout["worn"] == layout["cut_below"] == 1.0
        and layout["shoes"] == 0.0
    )
    assert layout["lowest"] == pytest.approx(0.995) and layout["longest"] == pytest.approx(0.62)
    assert layout["doubt"] == pytest.approx(0.1)


def test_a_frame_that_nothing_claims_is_no_thing() -> None:
    nothing = layout_signals([Detection((0, 0, 100, 200), "frame", 1.0)], (100, 200))
    assert nothing == layout_signals([], (100, 200)) and nothing["doubt"] == 1.0 and nothing["things"] == 0.0
