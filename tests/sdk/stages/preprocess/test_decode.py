"""Photos from the street: every format and fault gives the right pixels or one clear line."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.stages.preprocess.decode import WORKING_SIDE

RED = (200, 30, 40)


def corners(size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Four colours, one a corner: top left red, top right green, bottom left blue, bottom right white."""
    w, h = size
    image = Image.new("RGB", size, "white")
    image.paste((255, 0, 0), (0, 0, w // 2, h // 2))
    image.paste((0, 255, 0), (w // 2, 0, w, h // 2))
    image.paste((0, 0, 255), (0, h // 2, w // 2, h))
    return image


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def centre(pixels: np.ndarray) -> tuple[int, ...]:
    h, w = pixels.shape[:2]
    return tuple(int(c) for c in pixels[h // 2, w // 2])


def close(a: tuple[int, ...], b: tuple[int, ...], within: int = 6) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) <= within


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_every_exif_orientation_is_turned_upright(orientation: int, kind: str) -> None:
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = corners() if undo is None else corners().transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode_photo(encode(stored, kind, exif=exif))
    assert (photo.width, photo.height, photo.pixels.shape) == (64, 48, (48, 64, 3))
    found = [tuple(int(c) for c in photo.pixels[y, x]) for y, x in ((10, 10), (10, 54), (38, 10), (38, 54))]
    wanted = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]
    assert all(close(a, b, 12) for a, b in zip(found, wanted, strict=True)), found


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode_photo(encode(corners(), "JPEG", exif=exif)).width == 64


def test_junk_in_the_exif_block_does_not_hinder() -> None:
    data = encode(corners(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\x99" * 50)
    assert decode_photo(data).width == 64


def test_a_large_jpeg_is_decoded_near_the_working_size_and_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = decode_photo(encode(corners((4000, 3000)), "JPEG", exif=exif))
    assert (photo.width, photo.height) == (3000, 4000)
    assert max(photo.pixels.shape[:2]) == WORKING_SIDE and photo.pixels.shape[0] > photo.pixels.shape[1]
    assert photo.scale == pytest.approx((0.25, 0.25))


def test_a_50_megapixel_jpeg_takes_little_time() -> None:
    data = encode(Image.new("RGB", (8160, 6144), RED), "JPEG", quality=50)
    started = time.process_time()
    photo = decode_photo(data)
    assert time.process_time() - started < 5
    assert (photo.width, photo.height) == (8160, 6144) and close(centre(photo.pixels), RED)


def test_a_50_megapixel_png_is_decoded() -> None:
    data = encode(Image.new("L", (8160, 6144), 77), "PNG", compress_level=1)
    started = time.process_time()
    photo = decode_photo(data)
    assert time.process_time() - started < 15
    assert (photo.width, photo.height) == (8160, 6144) and centre(photo.pixels) == (77, 77, 77)


def test_cmyk_and_adobes_inverted_cmyk_come_out_alike() -> None:
    cmyk = Image.new("RGB", (64, 64), RED).convert("CMYK")
    data = encode(cmyk, "JPEG", quality=95)
    assert b"Adobe" in data  # Pillow writes what Photoshop does: inverted, and marked so.
    assert close(centre(decode_photo(data).pixels), RED, 10)
    plain = encode(cmyk, "TIFF")
    assert close(centre(decode_photo(plain).pixels), RED, 10)


def test_alpha_lies_on_white() -> None:
    for mode, colour, wanted in (
        ("RGBA", (*RED, 255), RED),
        ("RGBA", (*RED, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), (127, 127, 127)),
        ("LA", (10, 0), (255, 255, 255)),
    ):
        data = encode(Image.new(mode, (20, 20), colour), "PNG")
        assert close(centre(decode_photo(data).pixels), wanted, 2)


def test_a_palette_with_transparency_lies_on_white() -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([9, 9, 9, *RED])
    assert close(centre(decode_photo(encode(image, "PNG")).pixels), RED, 0)
    for kind in ("PNG", "GIF"):
        assert close(centre(decode_photo(encode(image, kind, transparency=1)).pixels), (255, 255, 255), 0)


@pytest.mark.parametrize(("value", "grey"), [(0, 0), (32768, 128), (65535, 255)])
def test_16_bit_grey_keeps_its_range(value: int, grey: int) -> None:
    image = Image.fromarray(np.full((20, 20), value, np.uint16))
    for kind in ("PNG", "TIFF"):
        assert close(centre(decode_photo(encode(image, kind)).pixels), (grey,) * 3, 1)


def test_16_bit_colour_png() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 65535, 32768, 0) * 8 for _ in range(8))
    chunks = [
        (b"IHDR", struct.pack(">2I5B", 8, 8, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    assert close(centre(decode_photo(data).pixels), (255, 128, 0), 1)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (20, 10))
    kind = "TIFF" if mode not in ("YCbCr",) else "JPEG"
    photo = decode_photo(encode(image, kind))
    assert photo.pixels.shape == (10, 20, 3) and photo.pixels.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3000, 1), (5000, 2)])
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "BMP", "JPEG"])
def test_the_smallest_and_the_thinnest(size: tuple[int, int], kind: str) -> None:
    photo = decode_photo(encode(Image.new("RGB", size, RED), kind))
    assert (photo.width, photo.height) == size and min(photo.pixels.shape[:2]) >= 1
    assert max(photo.pixels.shape[:2]) < 2 * WORKING_SIDE


def test_a_truncated_jpeg_is_an_error_at_every_length() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    for data in (
        encode(Image.fromarray(noise), "JPEG"),
        encode(Image.fromarray(noise), "JPEG", progressive=True),
    ):
        for length in [*range(0, 700, 23), *range(700, len(data) - 64, 997)]:
            with pytest.raises(PhotoError) as caught:
                decode_photo(data[:length])
            assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_scribbled_files_never_raise_anything_else(kind: str) -> None:
    rng = np.random.default_rng(1)
    data = encode(corners(), kind)
    for _ in range(60):
        broken = bytearray(data)
        for place in rng.integers(0, len(broken), 12):
            broken[place] = rng.integers(0, 256)
        try:
            assert decode_photo(bytes(broken)).pixels.ndim == 3
        except PhotoError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"just text", "not an image"),
        (b"\xff\xd8\xff\xe0", "image"),
        (b"%PDF-1.4\n", "not an image"),
    ],
)
def test_what_is_no_photo_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(PhotoError) as caught:
        decode_photo(path)
    assert message in str(caught.value) and str(path) in str(caught.value)


def test_folders_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="not a regular file"):
        decode_photo(tmp_path)
    with pytest.raises(PhotoError, match="no such file"):
        decode_photo(tmp_path / "gone.jpg")
    with pytest.raises(PhotoError):
        decode_photo(tmp_path / ("x" * 300))
    with pytest.raises(PhotoError):
        decode_photo("nul\0byte.jpg")


def test_a_small_file_that_claims_to_be_huge_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">2I5B", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + b"IHDR"
        + header
        + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    body = zlib.compress(b"\0" * 1000)
    data += struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    started = time.process_time()
    with pytest.raises(PhotoError, match="60000 x 60000 pixels, more than"):
        decode_photo(data)
    assert time.process_time() - started < 1
