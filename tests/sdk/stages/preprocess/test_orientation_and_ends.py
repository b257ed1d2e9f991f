"""What phones really write: odd EXIF, files that lack only their end, HEIC and AVIF, files that are none."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import Photo, decode_photo

PICTURES = Path(__file__).parent / "pictures"


def scene(size: tuple[int, int] = (240, 320), seed: int = 3) -> Image.Image:
    """Soft noise: no pixel of it is what a decoder fills in for missing data."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def same(a: Photo, b: Photo, within: float = 0.0) -> bool:
    return a.pixels.shape == b.pixels.shape and bool(np.abs(a.pixels.astype(int) - b.pixels).mean() <= within)


# Golden cases: small inputs that real users have.


def test_a_malformed_exif_tag_does_not_hinder_the_turn() -> None:
    photo = decode_photo(PICTURES / "exif6_gpsversion_text.jpg")
    assert (photo.width, photo.height) == (240, 320)
    assert same(photo, decode_photo(PICTURES / "noeoi.jpg"), within=4)


def test_a_jpeg_that_lacks_only_its_end_marker_is_decoded() -> None:
    data = (PICTURES / "noeoi.jpg").read_bytes()
    assert not data.endswith(b"\xff\xd9")
    assert same(decode_photo(data), decode_photo(data + b"\xff\xd9"))


def test_an_iphones_heic_is_decoded() -> None:
    photo = decode_photo(PICTURES / "iphone.heic")
    assert (photo.width, photo.height) == (640, 480)
    assert photo.pixels.shape == (480, 640, 3) and photo.pixels.std() > 5


# A JPEG's end.

WRITERS = {
    "baseline": {},
    "fine colours": {"subsampling": 0},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True, "quality": 92},
    "restarts": {"restart_marker_rows": 1},
    "poor": {"quality": 5},
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("size", [(240, 320), (233, 317), (1200, 900)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_without_end_marker_nothing_is_missing(writer: str, size: tuple[int, int], mode: str) -> None:
    data = encode(scene(size).convert(mode), "JPEG", **WRITERS[writer])
    whole = decode_photo(data)
    for cut in (data[:-1], data[:-2]):
        assert same(decode_photo(cut), whole)


@pytest.mark.parametrize("writer", WRITERS)
def test_without_picture_data_it_is_refused(writer: str) -> None:
    data = encode(scene(), "JPEG", **WRITERS[writer])
    for length in [*range(100, len(data) - 40, 499), *range(len(data) - 40, len(data) - 6)]:
        with pytest.raises(PhotoError, match="truncated"):
            decode_photo(data[:length])


@pytest.mark.parametrize("writer", ["baseline", "fine colours", "optimised", "restarts", "poor"])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_an_end_marker_behind_missing_data_does_not_hide_it(writer: str, mode: str) -> None:
    data = encode(scene().convert(mode), "JPEG", **WRITERS[writer])
    for share in (0.5, 0.7, 0.9, 0.97):
        with pytest.raises(PhotoError, match="truncated"):
            decode_photo(data[: int(share * len(data))] + b"\xff\xd9")


def test_a_progressive_jpeg_cut_between_its_scans_is_refused() -> None:
    data = encode(scene(), "JPEG", progressive=True)
    starts = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    assert len(starts) > 5
    for start in starts[1:]:
        for end in (b"", b"\xff\xd9"):
            with pytest.raises(PhotoError, match="truncated"):
                decode_photo(data[:start] + end)


def test_a_grey_corner_is_no_missing_data() -> None:
    image = Image.new("RGB", (96, 64), (128, 128, 128))
    assert decode_photo(encode(image, "JPEG")).pixels.shape == (64, 96, 3)
    image.paste((9, 90, 200), (0, 0, 30, 30))
    assert decode_photo(encode(image, "JPEG")[:-2]).pixels[5, 5, 2] > 150


def test_what_follows_a_jpegs_end_is_not_looked_at() -> None:
    data = encode(scene(), "JPEG")
    assert same(decode_photo(data + b"\xff\xda\0\x08" + bytes(5000)), decode_photo(data))
    assert same(decode_photo(data + data), decode_photo(data))


# Orientation.


def exif_block(entries: list[bytes], order: str = "<") -> bytes:
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(entries))
    return b"Exif\0\0" + head + b"".join(entries) + bytes(4)


TURN = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
ODD_EXIF = {
    "big-endian": exif_block([struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)], ">"),
    "as a long": exif_block([struct.pack("<HHII", 0x0112, 4, 1, 6)]),
    "a count of two": exif_block([struct.pack("<HHIHH", 0x0112, 3, 2, 6, 0)]),
    "after tags of unknown types": exif_block([struct.pack("<HHII", 0x010F, 99, 1, 1), TURN]),
    "after a text beyond the end": exif_block([struct.pack("<HHII", 0x010F, 2, 900, 60_000), TURN]),
    "after a fraction by nought": exif_block([struct.pack("<HHII", 0x011A, 5, 1, 8), TURN]),
    "before a GPS directory beyond the end": exif_block([TURN, struct.pack("<HHII", 0x8825, 4, 1, 1 << 30)]),
    "before one that is itself": exif_block([TURN, struct.pack("<HHII", 0x8769, 4, 1, 8)]),
    "of more tags than there are": exif_block([TURN])[:14] + b"\xff\xff" + TURN,
    "cut off behind it": exif_block([TURN])[:28],
}


@pytest.mark.parametrize("case", ODD_EXIF)
def test_odd_exif_is_read_as_far_as_the_turn(case: str) -> None:
    photo = decode_photo(encode(scene((320, 240)), "JPEG", exif=ODD_EXIF[case]))
    plain = decode_photo(encode(scene((320, 240)), "JPEG"))
    assert (photo.width, photo.height) == (240, 320)
    assert np.array_equal(photo.pixels, np.rot90(plain.pixels, -1))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "AVIF", "MPO"])
def test_every_format_that_has_an_orientation_is_turned(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    options = {"lossless": True} if kind == "WEBP" else {}
    turned = decode_photo(encode(scene((320, 240)), kind, exif=exif, **options))
    plain = decode_photo(encode(scene((320, 240)), kind, **options))
    assert (turned.width, turned.height) == (240, 320) and (plain.width, plain.height) == (320, 240)
    assert np.abs(turned.pixels.astype(int) - np.rot90(plain.pixels)).mean() <= 1


XMP = b'<x:xmpmeta><rdf:Description tiff:Make="x" tiff:Orientation="8"/></x:xmpmeta>'


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_an_orientation_that_only_xmp_names(kind: str) -> None:
    options: dict[str, object] = {"xmp": XMP}
    if kind == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": info}
    elif kind == "TIFF":
        tags = ImageFileDirectory_v2()
        tags[700] = XMP
        options = {"tiffinfo": tags}
    data = encode(scene((320, 240)), kind, **options)
    assert XMP in data
    photo = decode_photo(data)
    assert (photo.width, photo.height) == (240, 320)


@pytest.mark.parametrize("packed", [False, True])
def test_an_orientation_as_imagemagick_writes_it(packed: bool) -> None:
    exif = exif_block([TURN])
    lines = "\n".join(exif.hex()[at : at + 72] for at in range(0, len(exif.hex()), 72))
    info = PngInfo()
    info.add_text("Raw profile type exif", f"\nexif\n{len(exif):8}\n{lines}\n", zip=packed)
    photo = decode_photo(encode(scene((320, 240)), "PNG", pnginfo=info))
    assert (photo.width, photo.height) == (240, 320)


def test_exif_counts_before_xmp() -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    assert decode_photo(encode(scene((320, 240)), "JPEG", exif=exif, xmp=XMP)).width == 320


def test_a_heic_is_turned_once() -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    pillow_heif.from_pillow(scene((320, 240))).save(stream, exif=exif.tobytes())
    photo = decode_photo(stream.getvalue())
    assert (photo.width, photo.height) == (240, 320)
    assert np.abs(photo.pixels.astype(int) - np.rot90(np.asarray(scene((320, 240))), -1)).mean() < 12


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_heic_and_avif_of_other_modes(mode: str) -> None:
    image = Image.new(mode, (64, 48), {"RGB": (9, 99, 200), "RGBA": (9, 99, 200, 0), "L": 77}[mode])
    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream)
    for data in (stream.getvalue(), encode(image, "AVIF")):
        wanted = {"RGB": (9, 99, 200), "RGBA": (255, 255, 255), "L": (77, 77, 77)}[mode]
        assert np.abs(decode_photo(data).pixels[20, 20].astype(int) - wanted).max() <= 4


def test_an_avif_whose_download_was_cut_off_is_called_truncated_and_not_hostile() -> None:
    data = encode(scene(), "AVIF")
    for share in (0.5, 0.9, 0.99):
        with pytest.raises(PhotoError, match="truncated"):
            decode_photo(data[: int(len(data) * share)])


@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
def test_a_cut_off_heic_or_avif_is_one_line(kind: str) -> None:
    stream = io.BytesIO()
    pillow_heif.from_pillow(scene()).save(stream)
    data = stream.getvalue() if kind == "HEIC" else encode(scene(), "AVIF")
    for length in range(12, len(data) - 1, 1 + len(data) // 60):
        with pytest.raises(PhotoError) as caught:
            decode_photo(data[:length])
        assert "\n" not in str(caught.value)


# What is none.

OTHERS = {
    "JPEG XL": b"\xff\x0a" + bytes(40),
    "JPEG XL picture": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
    "MOV": b"\0\0\0\x14ftypqt  \0\0\0\0qt  " + bytes(40),
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(40),
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "HTML": b"\n<!DOCTYPE html>\n<html><head><title>Not found</title>",
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "XML": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "JSON": b'{"error": "not found"}',
    "Photoshop": b"8BPS\0\1" + bytes(40),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "icon": b"\0\0\1\0\1\0" + bytes(40),
    "raw file": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(40),
    "camera's raw": b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + struct.pack("<HHHII", 1, 256, 4, 1, 9) + bytes(9),
    "ZIP": b"PK\3\4" + bytes(40),
    "Mac's companion": b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(40),
    "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    "zeros": bytes(4096),
    "text": b"product_id,title,image\n1,Shirt,a.jpg\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_photo_is_named_as_what_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(OTHERS[name])
    with pytest.raises(PhotoError) as caught:
        decode_photo(path)
    message = str(caught.value).removeprefix(str(path))
    assert name in message and "\n" not in message
    assert "JPEG, PNG, WebP" in message or "export it as JPEG" in message


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "photo.heic"
    path.write_bytes(encode(scene(), "PNG"))
    assert decode_photo(path).width == 240


def test_heic_without_its_library_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match="pip install pillow-heif"):
        decode_photo(PICTURES / "iphone.heic")
