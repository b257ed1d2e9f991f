"""A decoded photo is not copied to and fro, and nobody else's picture becomes part of it."""

from __future__ import annotations

import io
import platform
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import Photo, decode_photo, network_input, read_photo
from pocketshelf.types import Box

RULE = Preprocessing(size=(224, 224))


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((width, height))


def jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


@pytest.mark.parametrize("box", [None, (30.5, 20.0, 311.0, 195.5)])
def test_networks_are_given_what_the_pixels_give(box: Box | None) -> None:
    """Whether they were asked for before or not."""
    data = jpeg(noise(400, 300))
    before, after = decode_photo(data), decode_photo(data)
    assert after.pixels.dtype == np.uint8
    wanted = network_input(after.pixels, RULE, box)
    assert np.array_equal(before.network_input(RULE, box), wanted)
    assert np.array_equal(after.network_input(RULE, box), wanted)
    assert np.array_equal(before.thumbnail(90), after.thumbnail(90))


@pytest.mark.parametrize(
    ("box", "scale"),
    [
        (None, 2),
        ((200.0, 100.0, 700.0, 600.0), 1),
        ((11.5, 9.0, 1250.0, 700.0), 2),
        ((3.0, 4.0, 90.0, 60.0), 1),
    ],
)
def test_a_large_crop_is_taken_from_a_halving(box: Box | None, scale: int) -> None:
    image = noise(1280, 720)
    small = np.asarray(image.reduce(scale))
    wanted = network_input(small, RULE, box and tuple(side / scale for side in box))  # type: ignore[arg-type]
    for photo in (read_photo(image), Photo(np.asarray(image), 1280, 720)):
        assert np.array_equal(photo.network_input(RULE, box), wanted)
    assert np.abs(wanted.astype(int) - network_input(np.asarray(image), RULE, box)).mean() < 2


def test_a_photo_of_eight_times_the_pixels_is_halved_twice() -> None:
    image = noise(1600, 1400)
    wanted = network_input(np.asarray(image.reduce(2).reduce(2)), RULE)
    assert np.array_equal(read_photo(image).network_input(RULE), wanted)


@pytest.mark.parametrize(
    ("size", "side"), [((999, 700), 999), ((1633, 1225), 1633), ((2000, 1500), 1000), ((5000, 3001), 1250)]
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_whole_factors_bring_a_photo_near_the_working_side(
    size: tuple[int, int], side: int, kind: str
) -> None:
    """And both of its sides alike, so that a box's shape is the same."""
    if kind == "PNG" and side == 1250:
        side = 1000  # By five, which the JPEG's decoder cannot.
    stream = io.BytesIO()
    noise(*size).resize(size).save(stream, kind)
    photo = decode_photo(stream.getvalue())
    assert max(photo.pixels.shape) == side and photo.width == size[0]
    across, down = photo.scale
    assert abs(across / down - 1) < 0.002
    assert max(decode_photo(stream.getvalue(), 900).pixels.shape) == 900


@pytest.mark.parametrize(
    ("size", "wanted", "usual"),
    [
        ((4000, 3000), (500, 375), (1000, 750)),
        ((1633, 1225), (817, 613), (1633, 1225)),
        ((7200, 5400), (900, 675), (1800, 1350)),
        ((640, 480), (640, 480), (640, 480)),
        ((6000, 1000), (1500, 250), (1500, 250)),
    ],
)
def test_a_jpeg_of_which_the_frame_suffices_is_decoded_to_as_much_as_would_be_halved_to(
    size: tuple[int, int], wanted: tuple[int, int], usual: tuple[int, int]
) -> None:
    """The network's input is of as many pixels either way, and nearly the same ones."""
    data, least = jpeg(noise(500, 400).resize(size)), 336
    small, large = decode_photo(data, least=least), decode_photo(data)
    assert (small.width, small.height) == size == (large.width, large.height)
    assert small.pixels.shape[1::-1] == wanted and large.pixels.shape[1::-1] == usual
    rule = Preprocessing((224, 224))
    one, other = (photo.network_input(rule).astype(int) for photo in (small, large))
    assert np.abs(one - other).mean() < 1.5


def test_what_is_no_jpeg_is_decoded_as_ever() -> None:
    stream = io.BytesIO()
    noise(500, 400).resize((4000, 3000)).save(stream, "PNG", compress_level=1)
    assert decode_photo(stream.getvalue(), least=336).pixels.shape == (750, 1000, 3)


@pytest.mark.parametrize("size", [(400, 300), (1280, 720)])
def test_a_picture_that_is_changed_later_leaves_the_photo_as_it_was(size: tuple[int, int]) -> None:
    image = noise(*size)
    photo, wanted = read_photo(image), read_photo(image.copy()).network_input(RULE)
    image.paste((0, 0, 0), (0, 0, *size))
    assert np.array_equal(photo.network_input(RULE), wanted)
    assert np.array_equal(Photo(photo.pixels, *size).network_input(RULE), wanted)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_an_array_that_is_changed_later_leaves_the_photo_as_it_was(mode: str) -> None:
    pixels = np.array(noise(400, 300).convert(mode))
    photo, wanted = read_photo(pixels), read_photo(pixels.copy()).network_input(RULE)
    pixels[:] = 7
    assert np.array_equal(photo.network_input(RULE), wanted)
    assert np.array_equal(network_input(photo.pixels, RULE), wanted)


def test_an_animations_frame_is_not_the_one_behind_it() -> None:
    first, second = noise(80, 60, 1), noise(80, 60, 2)
    stream = io.BytesIO()
    first.save(stream, "WEBP", save_all=True, append_images=[second], lossless=True)
    photo = decode_photo(stream.getvalue())
    assert np.array_equal(photo.network_input(RULE), network_input(np.asarray(first), RULE))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another allocator's habits")
def test_a_photos_memory_is_not_fetched_from_the_system_for_each() -> None:
    """A first photo of 2 megapixels, of which each next one took 4,000 pages."""
    program = """
import io, resource, sys
from PIL import Image
from pocketshelf.stages.preprocess import decode_photo
stream = io.BytesIO()
Image.effect_noise((1224, 1632), 40).convert("RGB").save(stream, "JPEG")
for number in range(13):
    if number == 3:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    decode_photo(stream.getvalue())
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 1000
