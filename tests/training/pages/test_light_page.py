"""What photos find in little light and under a lamp, in each of three ways."""

from __future__ import annotations

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages.colours import histograms
from pocketshelf_training.pages.light import (
    LIGHTS,
    close_up,
    firsts_of,
    in_black_and_white,
    in_light,
    veiled,
)
from pocketshelf_training.pages.shown import Shown


def test_levels_are_multiplied_as_light_is() -> None:
    pixels = np.full((4, 4, 3), 200, np.uint8)
    rng = np.random.default_rng(0)
    assert in_light(pixels, rng, (1.0, 1.0, 1.0)) is pixels
    tinted = in_light(pixels, rng, (1.0, 0.6, 2.0))
    assert tinted[0, 0].tolist() == [200, int(200 * 0.6 ** (1 / 2.2)), 255], "and stop at white"
    dark = in_light(np.full((64, 64, 3), 200, np.uint8), rng, (0.25, 0.25, 0.25)).astype(float)
    assert abs(dark.mean() - 200 * 0.25 ** (1 / 2.2)) < 1 and 1 < dark.std() < 3, "with a sensor's noise"
    assert next(iter(LIGHTS.values())) == (1.0, 1.0, 1.0)


def test_a_close_up_is_of_the_middle() -> None:
    pixels = np.arange(10 * 20 * 3, dtype=np.uint8).reshape(10, 20, 3)
    assert close_up(pixels, None, 1.0).tolist() == pixels.tolist()
    assert close_up(pixels, None, 0.4).tolist() == pixels[3:7, 6:14].tolist()
    assert close_up(pixels, None, 0.01).shape == (1, 1, 3)


def test_a_veil_is_of_white() -> None:
    pixels = np.array([[[0, 100, 255]]], np.uint8)
    assert veiled(pixels, None, 0.4).tolist() == [[[102, 162, 255]]]


def test_the_first_product_in_each_way(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    image = np.full((200, 200, 3), 250, np.uint8)
    image[50:150, 50:150] = (236, 230, 216)
    region = encoder.encode((image * np.array([1.0, 0.8, 0.6])).astype(np.uint8), whole=True).regions[0]
    near, far = region.embedding.vector, region.embedding.vector * 0.95
    shown = Shown(
        np.array(["nearest", "orange", "cream"]),
        np.stack([near, far, far]),
        histograms(["1ec81e:100", "e6a046:100", "ece6d8:100"]),
    )
    assert firsts_of(region, shown) == ("nearest", "orange", "cream")
    grey = in_black_and_white(image, None)
    assert grey[60, 60].tolist() == [230] * 3
    bare = encoder.encode(grey, whole=True).regions[0]
    assert bare.colours is None and firsts_of(bare, shown)[2] == firsts_of(bare, shown)[0], "by vectors alone"
