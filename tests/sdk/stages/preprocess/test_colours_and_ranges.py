"""Colour profiles become sRGB, deep and float samples get their range, animations show something."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import io
import pickle
import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from hostile_pictures import png, png_chunk, tiff, tiff_tags
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.stages.preprocess.colour import to_srgb
from pocketshelf.stages.preprocess.containers.profiles import (
    ADOBE_RGB,
    BT2020,
    DISPLAY_P3,
    coded_profile,
    matrix_profile,
)
from pocketshelf.types import Box

P3 = matrix_profile("Display P3", DISPLAY_P3)
ADOBE = matrix_profile("Adobe RGB (1998)", ADOBE_RGB, 2.19921875)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# A colour in Display P3, and in sRGB by the two spaces' definitions (CSS Color 4's matrices).
IN_P3, IN_SRGB = (160, 90, 120), (169, 86, 121)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def middle(data: bytes) -> tuple[int, ...]:
    pixels = decode_photo(data).pixels
    return tuple(int(value) for value in pixels[pixels.shape[0] // 2, pixels.shape[1] // 2])


def near(found: tuple[int, ...], wanted: tuple[int, ...], within: int = 3) -> bool:
    return max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= within


# Profiles.


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_display_p3_becomes_srgb(kind: str) -> None:
    image = Image.new("RGB", (64, 48), IN_P3)
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    assert near(middle(encode(image, kind, **options)), IN_P3)
    assert near(middle(encode(image, kind, icc_profile=P3, **options)), IN_SRGB)


def test_an_iphones_display_p3_becomes_srgb() -> None:
    stream = io.BytesIO()
    heif = pillow_heif.from_pillow(Image.new("RGB", (64, 48), IN_P3))
    heif.save(stream, quality=95, icc_profile=P3)
    assert near(middle(stream.getvalue()), IN_SRGB, 4)


def test_adobe_rgb_becomes_srgb() -> None:
    """By both spaces' definitions (Adobe RGB (1998), 4.3.5; IEC 61966-2-1)."""
    linear = (np.array([128, 160, 120]) / 255) ** 2.19921875
    linear = np.array([[1.39836, -0.39836, 0], [0, 1, 0], [0, -0.04293, 1.04293]]) @ linear
    wanted = tuple(np.round(255 * (1.055 * linear ** (1 / 2.4) - 0.055)).astype(int))
    data = encode(Image.new("RGB", (64, 48), (128, 160, 120)), "JPEG", quality=98, icc_profile=ADOBE)
    assert near(middle(data), wanted)


def test_white_and_black_and_grey_stay() -> None:
    for profile in (P3, ADOBE):
        for level in (0, 255):
            image = Image.new("RGB", (9, 9), (level, level, level))
            assert near(middle(encode(image, "PNG", icc_profile=profile)), (level,) * 3, 1)


def test_an_srgb_profile_changes_no_pixel() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    data = encode(Image.fromarray(noise), "PNG", icc_profile=SRGB)
    assert np.array_equal(decode_photo(data).pixels, noise)


@pytest.mark.parametrize(
    "profile", [b"nonsense", P3[:200], P3[:128] + bytes(400), bytes(130), P3[:16] + b"XXXX" + P3[20:]]
)
def test_a_damaged_profile_is_as_none(profile: bytes) -> None:
    image = Image.new("RGB", (64, 48), IN_P3)
    assert near(middle(encode(image, "PNG", icc_profile=profile)), IN_P3, 0)


def test_a_profile_of_endless_stages_is_as_none() -> None:
    """A pipeline (mpet) of 20,000 matrices, all of them the same bytes: LittleCMS would take minutes."""
    matrix = b"matf" + struct.pack(">IHH12f", 0, 3, 3, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)
    stages = 20_000
    table = struct.pack(">2I", 16 + 8 * stages, len(matrix)) * stages
    pipeline = b"mpet" + struct.pack(">IHHI", 0, 3, 3, stages) + table + matrix
    head = P3[:16] + b"RGB Lab " + P3[24:128]
    at = 128 + 4 + 12 * 2
    tags = b"wtpt" + struct.pack(">2I", at, 20) + b"D2B0" + struct.pack(">2I", at + 20, len(pipeline))
    profile = head + struct.pack(">I", 2) + tags + b"XYZ " + bytes(16) + pipeline
    profile = struct.pack(">I", len(profile)) + profile[4:]
    started = time.process_time()
    assert near(middle(encode(Image.new("RGB", (64, 48), IN_P3), "PNG", icc_profile=profile)), IN_P3, 0)
    assert time.process_time() - started < 1


def test_a_profile_of_other_pictures_is_as_none() -> None:
    assert near(middle(encode(Image.new("L", (9, 9), 90), "PNG", icc_profile=P3)), (90, 90, 90), 0)
    assert near(middle(encode(Image.new("CMYK", (9, 9)), "TIFF", icc_profile=P3)), (255, 255, 255), 0)


@pytest.mark.parametrize(("primaries", "colorants"), [(12, DISPLAY_P3), (9, BT2020)])
def test_a_png_that_names_its_colours_by_number(primaries: int, colorants: object) -> None:
    row = b"\0" + bytes(IN_P3) * 8
    data = png((8, 8), 8, 2, [zlib.compress(row * 8)], before=[(b"cICP", bytes([primaries, 13, 0, 1]))])
    by_profile = encode(Image.new("RGB", (8, 8), IN_P3), "PNG", icc_profile=coded_profile(primaries, 13))
    assert middle(data) == middle(by_profile) != IN_P3


def test_a_large_photo_is_converted_at_its_working_size() -> None:
    data = encode(Image.new("RGB", (4000, 3000), IN_P3), "JPEG", icc_profile=P3)
    photo = decode_photo(data)
    assert photo.pixels.shape == (750, 1000, 3) and near(tuple(map(int, photo.pixels[9, 9])), IN_SRGB)


def quickest(work: Callable[[], object], times: int) -> float:
    """The least seconds of this thread that it took."""
    took = []
    for _ in range(times):
        started = time.thread_time()
        work()
        took.append(time.thread_time() - started)
    return min(took)


def test_a_networks_input_is_converted_in_a_millisecond_or_two() -> None:
    """That is what its enlargement takes, on a slower machine, too."""
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8))
    to_srgb(image, P3)  # The transform is made once.
    enlargement = quickest(lambda: image.resize((448, 448), Image.Resampling.BICUBIC), 30)
    assert quickest(lambda: to_srgb(image, P3), 30) < 1.25 * enlargement


def test_the_working_size_costs_no_conversion_until_it_is_looked_at() -> None:
    """What a photo of 12 megapixels in Display P3 takes more than one in sRGB, beside a conversion."""
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 256, (375, 500, 3), dtype=np.uint8)).resize((4000, 3000))
    files = {
        name: encode(image, "JPEG", icc_profile=profile) for name, profile in (("P3", P3), ("sRGB", SRGB))
    }
    times: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(12):
        for name, data in files.items():
            started = time.thread_time()
            decode_photo(data)
            times[name].append(time.thread_time() - started)
    working = Image.fromarray(decode_photo(files["sRGB"]).pixels)
    conversion = quickest(lambda: to_srgb(working, P3), 12)
    assert min(times["P3"]) - min(times["sRGB"]) < 0.37 * conversion


@pytest.mark.parametrize("box", [None, (13.0, 20.0, 300.0, 200.0)])
def test_a_networks_input_is_in_srgb(box: Box | None) -> None:
    """Of a picture in Display P3 what the same picture in sRGB gives, but for roundings."""
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)).resize((400, 300))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(P3))
    to_p3 = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), profile, "RGB", "RGB")
    photo = decode_photo(encode(to_p3.apply(image), "PNG", icc_profile=P3))
    rule = Preprocessing(size=(96, 96))

    def taken(pixels: np.ndarray) -> np.ndarray:
        return Photo(pixels, 400, 300).network_input(rule, box).astype(int)

    found, wanted = photo.network_input(rule, box), taken(np.asarray(image))
    assert np.abs(found - wanted).mean() < 1
    assert np.abs(found - taken(photo.pixels)).mean() < 1
    assert np.abs(taken(np.asarray(to_p3.apply(image))) - wanted).mean() > 4
    assert photo.scale == (1, 1) and photo.to_decoded((1, 2, 3, 4)) == (1, 2, 3, 4)


def test_a_photo_in_its_own_colours_is_copied_as_srgb() -> None:
    photo = decode_photo(encode(Image.new("RGB", (40, 30), IN_P3), "PNG", icc_profile=P3))
    for copy in (pickle.loads(pickle.dumps(photo)), dataclasses.replace(photo, width=80)):
        assert near(tuple(map(int, copy.pixels[5, 5])), IN_SRGB) and copy.height == 30
        assert np.array_equal(copy.network_input(Preprocessing(size=(9, 9)))[4, 4], photo.pixels[5, 5])


def test_threads_share_a_transform() -> None:
    rng = np.random.default_rng(1)
    shown = [
        encode(Image.fromarray(rng.integers(0, 256, (90, 70, 3), dtype=np.uint8)), "PNG", icc_profile=P3)
        for _ in range(8)
    ]
    alone = [decode_photo(data).pixels for data in shown]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda data: decode_photo(data).pixels, shown * 8))
    assert all(np.array_equal(a, b) for a, b in zip(alone * 8, together, strict=True))


# Ranges.


@pytest.mark.parametrize("top", [255, 1023, 4095, 16383, 65535])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_in_16_bits_gets_its_range(top: int, kind: str) -> None:
    ramp = np.linspace(0, top, 256).astype(np.uint16)
    photo = decode_photo(encode(Image.fromarray(np.tile(ramp, (32, 1))), kind))
    assert np.abs(photo.pixels[16, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_grey_in_16_big_endian_bits() -> None:
    strip = np.tile(np.linspace(0, 4095, 64), (16, 1)).astype(">u2").tobytes()
    little = tiff(
        {**tiff_tags((64, 16), samples=1), 258: (3, [16]), 273: (4, [8]), 278: (4, [16]), 279: (4, [2048])},
        strip,
    )
    swapped = np.frombuffer(strip, ">u2").astype("<u2").tobytes()
    assert (
        np.abs(
            decode_photo(little.replace(strip, swapped)).pixels[8, :, 0].astype(int) - np.linspace(0, 255, 64)
        ).max()
        <= 1
    )


@pytest.mark.parametrize("top", [1023, 4095, 16383])
def test_colour_of_12_in_16_bits_gets_its_range(top: int) -> None:
    ramp = np.linspace(0, top, 256).astype(int)
    row = np.stack([ramp, ramp[::-1], np.full(256, top // 2)], axis=-1).astype(">u2")
    data = png((256, 32), 16, 2, [zlib.compress((b"\0" + row.tobytes()) * 32)])
    pixels = decode_photo(data).pixels[16].astype(int)
    assert np.abs(pixels[:, 0] - np.arange(256)).max() <= 1
    assert np.abs(pixels[:, 1] - np.arange(255, -1, -1)).max() <= 1 and np.abs(pixels[:, 2] - 127).max() <= 1


@pytest.mark.parametrize("compression", [1, 8])
def test_colour_of_12_in_16_bits_in_a_tiff(compression: int) -> None:
    samples = (
        np.tile(np.linspace(0, 4095, 64).astype("<u2")[:, None], (16, 1, 3)).reshape(16, 64, 3).tobytes()
    )
    strip = zlib.compress(samples) if compression == 8 else samples
    tags = {**tiff_tags((64, 16), compression), 258: (3, [16] * 3), 273: (4, [8]), 278: (4, [16])}
    pixels = decode_photo(tiff({**tags, 279: (4, [len(strip)])}, strip)).pixels
    assert np.abs(pixels[8, :, 1].astype(int) - np.linspace(0, 255, 64)).max() <= 1


def test_a_dark_picture_of_8_bits_stays_dark() -> None:
    for mode, colour in (("L", 9), ("RGB", (9, 9, 9))):
        assert middle(encode(Image.new(mode, (9, 9), colour), "PNG")) == (9, 9, 9)


@pytest.mark.parametrize(
    ("low", "top"), [(0, 1), (0, 255), (0, 4095), (0, 65535), (0, 1e6), (-1, 1), (-500, 3000)]
)
def test_float_pictures_get_their_range(low: float, top: float) -> None:
    ramp = np.tile(np.linspace(low, top, 256, dtype=np.float32), (32, 1))
    photo = decode_photo(encode(Image.fromarray(ramp), "TIFF"))
    assert np.abs(photo.pixels[16, :, 0].astype(int) - np.arange(256)).max() <= 1


def test_bits_that_are_no_number_are_black_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    bits = np.full((32, 32), 0x7FA00000, np.uint32)  # A signalling NaN.
    bits[::2] = np.float32(1.0).view(np.uint32)
    pixels = decode_photo(encode(Image.fromarray(bits.view(np.float32)), "TIFF")).pixels
    assert (pixels[1::2] == 0).all() and (pixels[::2] == 255).all() and not recwarn.list


def test_highlights_above_white_do_not_darken_a_float_picture() -> None:
    scene = np.full((32, 32), 0.5, np.float32)
    scene[0, 0], scene[1, 1], scene[2, 2] = 3.0, np.nan, np.inf
    assert near(middle(encode(Image.fromarray(scene), "TIFF")), (128, 128, 128), 1)


# Animations.


def frames(*colours: object) -> list[Image.Image]:
    """Uniform frames, and for "thing" one that shows something."""
    made = []
    for colour in colours:
        image = Image.new("RGBA", (40, 30), (0, 0, 0, 0) if colour in ("thing", None) else colour)
        if colour == "thing":
            image.paste((200, 30, 40, 255), (5, 5, 35, 25))
        made.append(image)
    return made


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "before", [(), (None,), ("white",), ("black",), (None, "white"), ("red", "green", "blue")]
)
def test_the_first_frame_that_shows_something(kind: str, before: tuple[object, ...]) -> None:
    first, *rest = frames(*before, "thing", "yellow")
    data = encode(
        first, kind, save_all=True, append_images=rest, duration=100, disposal=2 if kind != "WEBP" else None
    )
    photo = decode_photo(data)
    assert (photo.width, photo.height) == (40, 30)
    assert near(tuple(map(int, photo.pixels[15, 20])), (200, 30, 40), 12) and photo.pixels.std() > 20


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_that_shows_nothing_is_its_first_frame(kind: str) -> None:
    first, *rest = frames("red", "green", "blue")
    assert near(middle(encode(first, kind, save_all=True, append_images=rest, duration=100)), (255, 0, 0), 3)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_a_damaged_animation_shows_what_it_has(kind: str) -> None:
    first, *rest = frames("red", "thing", "blue")
    data = encode(first, kind, save_all=True, append_images=rest, duration=100)
    assert decode_photo(data[: int(len(data) * 0.7)] if kind != "WEBP" else data).width == 40


def test_chunks_of_an_animation_that_lie_leave_the_picture() -> None:
    row = b"\0" + bytes((9, 99, 200)) * 8
    animation = [(b"acTL", struct.pack(">II", 0xFFFFFFFF, 0)), (b"fcTL", bytes(26))]
    data = png((8, 8), 8, 2, [zlib.compress(row * 8)], before=animation)
    assert middle(data) == (9, 99, 200)
    assert middle(data[:-12] + png_chunk(b"fdAT", bytes(9)) + data[-12:]) == (9, 99, 200)
