"""Pictures that lie or that cost: small files for which a decoder takes gigabytes, minutes, or a program.

Each is made here, byte by byte where no writer would write it. `HOSTILE` is what no picture may be;
`COSTLY` is large but honest, and decoded within the same bounds.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable

from PIL import Image

Maker = Callable[[], bytes]
Tags = dict[int, tuple[int, list[int]]]
HOSTILE: dict[str, Maker] = {}
COSTLY: dict[str, Maker] = {}


def hostile(make: Maker) -> Maker:
    HOSTILE[make.__name__] = make
    return make


def costly(make: Maker) -> Maker:
    COSTLY[make.__name__] = make
    return make


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


# PNG


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def zeros_deflated(count: int) -> bytes:
    """zlib's stream (RFC 1950) of so many zeros: one packed block of a megabyte, again and again."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, wbits=-15)
    last = rest.compress(bytes(count % (1 << 20))) + rest.flush()
    return b"\x78\xda" + block * (count >> 20) + last + struct.pack(">HH", count % 65521, 1)


def png(
    size: tuple[int, int],
    depth: int,
    colour: int,
    idat: Iterable[bytes],
    before: Iterable[tuple[bytes, bytes]] = (),
    interlace: int = 0,
) -> bytes:
    header = struct.pack(">2I5B", *size, depth, colour, 0, 0, interlace)
    chunks = [(b"IHDR", header), *before, *((b"IDAT", part) for part in idat), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, body) for kind, body in chunks)


def black_png(size: tuple[int, int], depth: int, colour: int, **more: object) -> bytes:
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = 1 + (size[0] * samples * depth + 7) // 8
    return png(size, depth, colour, [zeros_deflated(row * size[1])], **more)  # type: ignore[arg-type]


@costly
def png_of_16_bit_grey() -> bytes:
    return black_png((8000, 7990), 16, 0)


@costly
def png_of_16_bit_colour_and_alpha() -> bytes:
    return black_png((8000, 7990), 16, 6)


@costly
def png_with_a_transparent_colour() -> bytes:
    return black_png((8000, 7990), 8, 2, before=[(b"tRNS", bytes(6))])


@costly
def png_palette_with_alpha() -> bytes:
    return black_png((8000, 7990), 8, 3, before=[(b"PLTE", bytes(768)), (b"tRNS", bytes(range(256)))])


@hostile
def png_of_one_column() -> bytes:
    return black_png((1, 60_000_000), 1, 0)


@costly
def png_interlaced() -> bytes:
    # Seven passes' rows, each with its filter byte: somewhat more than the plain picture's.
    return png((6000, 6000), 8, 2, [zeros_deflated(6000 * 6000 * 3 + 6000 * 7)], interlace=1)


@costly
def png_with_packed_text() -> bytes:
    packed = zeros_deflated(300_000_000)
    text = b"a\0\0" + packed
    return black_png(
        (64, 64), 8, 2, before=[(b"zTXt", text)] * 40 + [(b"iTXt", b"a\0\1\0\0\0" + packed)] * 40
    )


@costly
def png_with_a_packed_profile() -> bytes:
    return black_png((64, 64), 8, 2, before=[(b"iCCP", b"a\0\0" + zeros_deflated(900_000_000))])


@hostile
def png_of_a_million_chunks() -> bytes:
    return png((64, 64), 8, 2, [b""] * 1_000_000)


@hostile
def png_of_a_million_unknown_chunks() -> bytes:
    return black_png((64, 64), 8, 2, before=[(b"abCd", b"")] * 1_000_000)


@costly
def apng_of_many_frames() -> bytes:
    control = struct.pack(">IIIIIHHBB", 0, 1000, 1000, 0, 0, 1, 1, 0, 0)
    packed = zeros_deflated(1000 * (1 + 1000 * 4))
    frames = [(b"acTL", struct.pack(">II", 2000, 0)), (b"fcTL", control)]
    data = [png((1000, 1000), 8, 6, [packed], before=frames)[:-12]]
    for number in range(2000):
        data.append(png_chunk(b"fcTL", struct.pack(">I", 2 * number + 1) + control[4:]))
        data.append(png_chunk(b"fdAT", struct.pack(">I", 2 * number + 2) + packed))
    return b"".join(data) + png_chunk(b"IEND", b"")


# JPEG


def jpeg(
    size: tuple[int, int], parts: int, data: bytes = b"", marker: int = 0xC0, scans: Iterable[bytes] = ()
) -> bytes:
    """A JPEG whose only Huffman code, of one bit, says "nothing": zeros are picture data."""
    table = bytes(64 * [1])
    code = bytes([1, *[0] * 15, 0])
    sampling = [(number, 0x11, 0) for number in range(parts)]
    segments = [
        (0xDB, b"\0" + table),
        (marker, struct.pack(">BHHB", 8, size[1], size[0], parts) + b"".join(map(bytes, sampling))),
        (0xC4, b"\x00" + code + b"\x10" + code),
    ]
    out = b"\xff\xd8" + b"".join(jpeg_segment(kind, body) for kind, body in segments)
    scan = bytes([parts]) + b"".join(bytes([n, 0]) for n in range(parts)) + b"\0\x3f\0"
    return out + (b"".join(scans) or jpeg_segment(0xDA, scan) + data) + b"\xff\xd9"


def jpeg_segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def blocks(size: tuple[int, int]) -> int:
    return -(-size[0] // 8) * -(-size[1] // 8)


def jpeg_scan(part: int, first: int, last: int, bits: int, count: int) -> bytes:
    """A progressive scan of ``count`` zero bits."""
    return jpeg_segment(0xDA, bytes([1, part, 0, first, last, bits])) + bytes(-(-count // 8))


@costly
def jpeg_of_cmyk_at_200_megapixels() -> bytes:
    size = (14_000, 14_000)
    return jpeg(size, 4, bytes(blocks(size) * 4 * 2 // 8 + 1))


@hostile
def jpeg_progressive_of_200_megapixels() -> bytes:
    size = (14_000, 14_000)
    scans = [jpeg_scan(n, 0, 0, 0, blocks(size)) for n in range(3)]
    return jpeg(size, 3, marker=0xC2, scans=scans + [jpeg_scan(n, 1, 63, 0, blocks(size)) for n in range(3)])


@hostile
def jpeg_of_thousands_of_scans() -> bytes:
    size = (4000, 4000)
    scans = [jpeg_scan(n, 0, 0, 0, blocks(size)) for n in range(3)]
    scans += [jpeg_scan(n, 1, 63, 0, blocks(size)) for n in range(3)]
    return jpeg(size, 3, marker=0xC2, scans=scans + [jpeg_scan(0, 0, 0, 0, 8)] * 9000)


@hostile
def jpeg_of_as_many_scans_as_small_ones_may_have() -> bytes:
    size = (6000, 6000)
    scans = [jpeg_scan(n, 0, 0, 0, blocks(size)) for n in range(3)]
    scans += [jpeg_scan(n, 1, 63, 0, blocks(size)) for n in range(3)]
    return jpeg(size, 3, marker=0xC2, scans=scans + [jpeg_scan(0, 1, 63, 0, blocks(size))] * 90)


@hostile
def jpeg_in_separate_scans_of_200_megapixels() -> bytes:
    size = (14_000, 14_000)
    return jpeg(size, 3, scans=[jpeg_scan(n, 0, 63, 0, 2 * blocks(size)) for n in range(3)])


@hostile
def jpeg_that_claims_four_gigapixels() -> bytes:
    return jpeg((65_500, 65_500), 3, bytes(1000))


@costly
def jpeg_of_200_megapixels_of_nothing() -> bytes:
    return jpeg((14_000, 14_000), 3, bytes(100))


@hostile
def jpeg_of_a_million_segments() -> bytes:
    return b"\xff\xd8" + jpeg_segment(0xFE, b"") * 1_000_000 + jpeg((64, 64), 3, bytes(100))[2:]


# TIFF


def tiff(tags: Tags, data: bytes = b"", lying: dict[int, int] | None = None) -> bytes:
    """Little-endian; ``data`` begins at byte 8; tag → (type, values); ``lying``: tag → its count."""
    letters = {1: "B", 3: "H", 4: "I", 7: "B"}
    data += bytes(len(data) % 2)
    at = 8 + len(data) + 2 + 12 * len(tags) + 4
    table, rest = struct.pack("<H", len(tags)), b""
    for tag, (kind, values) in sorted(tags.items()):
        raw = struct.pack(f"<{len(values)}{letters[kind]}", *values)
        place = raw.ljust(4, b"\0") if len(raw) <= 4 else struct.pack("<I", at + len(rest))
        rest += raw + bytes(len(raw) % 2) if len(raw) > 4 else b""
        table += struct.pack("<HHI", tag, kind, (lying or {}).get(tag, len(values))) + place
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + table + bytes(4) + rest


def tiff_tags(size: tuple[int, int], compression: int = 1, samples: int = 3) -> Tags:
    return {
        256: (4, [size[0]]),
        257: (4, [size[1]]),
        258: (3, [8] * samples),
        259: (3, [compression]),
        262: (3, [2 if samples == 3 else 1]),
        277: (3, [samples]),
    }


@costly
def tiff_deflate_of_60_megapixels() -> bytes:
    packed = zeros_deflated(8000 * 7500 * 3)
    tags = tiff_tags((8000, 7500), 8)
    return tiff(tags | {273: (4, [8]), 278: (4, [7500]), 279: (4, [len(packed)])}, packed)


@hostile
def tiff_of_a_tile_of_gigabytes() -> bytes:
    packed = zeros_deflated(1_000_000)
    tags = tiff_tags((64, 64), 8)
    tile = {322: (4, [60_000]), 323: (4, [60_000]), 324: (4, [8]), 325: (4, [len(packed)])}
    return tiff(tags | tile, packed)


@hostile
def tiff_whose_strips_are_all_the_same_bytes() -> bytes:
    packed = zeros_deflated(8000 * 3) + bytes(20_000_000)
    strips = {273: (4, [8] * 8000), 278: (4, [1]), 279: (4, [len(packed)] * 8000)}
    return tiff(tiff_tags((8000, 8000), 8) | strips, packed)


@hostile
def tiff_of_a_million_strips() -> bytes:
    strips = {273: (4, [8] * 1_000_000), 278: (4, [1]), 279: (4, [3] * 1_000_000)}
    return tiff(tiff_tags((60, 1_000_000)) | strips, bytes(300))


@hostile
def tiff_whose_counts_lie() -> bytes:
    strips = {273: (4, [8]), 278: (4, [64]), 279: (4, [12288])}
    return tiff(tiff_tags((64, 64)) | strips, bytes(12288), lying={258: 2_000_000_000})


@costly
def tiff_of_thousands_of_tags_of_megabytes() -> bytes:
    tags = tiff_tags((64, 64)) | {273: (4, [8]), 278: (4, [64]), 279: (4, [12288])}
    # Their one value is where the megabytes behind the header begin; with that count, it is these megabytes.
    tags |= {40_000 + number: (4, [8]) for number in range(3000)}
    return tiff(tags, bytes(4_000_000), lying={40_000 + number: 900_000 for number in range(3000)})


@hostile
def tiff_of_jpegs_of_thousands_of_scans() -> bytes:
    strip = jpeg_of_thousands_of_scans()
    strips = {273: (4, [8]), 278: (4, [4000]), 279: (4, [len(strip)])}
    return tiff(tiff_tags((4000, 4000), 7) | strips, strip)


@hostile
def tiff_of_a_jpeg_larger_than_its_strip() -> bytes:
    strip = jpeg((14_000, 14_000), 3, bytes(blocks((14_000, 14_000)) * 6 // 8))
    strips = {273: (4, [8]), 278: (4, [64]), 279: (4, [len(strip)])}
    return tiff(tiff_tags((64, 64), 7) | strips, strip)


@hostile
def tiff_packed_by_lzma() -> bytes:
    return tiff(tiff_tags((64, 64), 34925) | {273: (4, [8]), 278: (4, [64]), 279: (4, [64])}, bytes(64))


# GIF, WebP, BMP, ICO, HEIF, AVIF


def gif(size: tuple[int, int], blocks_: bytes) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes(6) + blocks_ + b";"


def gif_frame(size: tuple[int, int]) -> bytes:
    """Red pixels of a picture of 10 x 10, whatever ``size`` says."""
    ten = encode(Image.new("P", (10, 10), 1), "GIF")
    return b"," + struct.pack("<HHHHB", 0, 0, *size, 0) + ten[ten.index(b",\0\0\0\0") + 10 : -1]


@hostile
def gif_of_a_screen_of_four_gigapixels() -> bytes:
    return gif((65_535, 65_535), gif_frame((1, 1)))


@hostile
def gif_of_a_frame_larger_than_its_screen() -> bytes:
    return gif((10, 10), gif_frame((65_535, 65_535)))


@costly
def gif_with_megabytes_of_comments() -> bytes:
    comment = b"!\xfe" + (b"\xff" + bytes([65] * 255)) * 160_000 + b"\0"
    return gif((10, 10), comment + gif_frame((10, 10)))


@hostile
def gif_of_tiny_blocks() -> bytes:
    return gif((10, 10), b"!\xfe" + b"\x01A" * 20_000_000 + b"\0" + gif_frame((10, 10)))


@costly
def gif_of_many_frames() -> bytes:
    image = Image.new("P", (1500, 1500), 1)
    one = encode(image, "GIF")
    at = one.index(b",\0\0\0\0")
    return one[:-1] + one[at:-1] * 4000 + b";"


def webp_extended(size: tuple[int, int], flags: int, rest: bytes, length: int | None = None) -> bytes:
    body = b"WEBPVP8X" + struct.pack("<IBxxx", 10, flags)
    body += (size[0] - 1).to_bytes(3, "little") + (size[1] - 1).to_bytes(3, "little") + rest
    return b"RIFF" + struct.pack("<I", len(body) if length is None else length) + body


@hostile
def webp_of_a_canvas_of_gigabytes() -> bytes:
    still = encode(Image.new("RGB", (16, 16), "red"), "WEBP")[12:]
    frame = bytes(6) + b"\x0f\0\0\x0f\0\0" + bytes(4) + still
    frames = b"ANIM\x06\0\0\0" + bytes(6) + b"ANMF" + struct.pack("<I", len(frame)) + frame
    return webp_extended((16_383, 16_383), 2, frames)


@hostile
def webp_whose_lengths_lie() -> bytes:
    plain = bytearray(encode(Image.new("RGB", (64, 64), "red"), "WEBP"))
    plain[4:8] = plain[16:20] = b"\xff\xff\xff\xff"
    return bytes(plain)


@costly
def webp_of_many_frames() -> bytes:
    frames = [Image.new("RGB", (1000, 1000), (255, 255, number)) for number in range(2)]
    data = encode(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    at = data.rindex(b"ANMF")
    body = data[8:] + data[at:] * 20_000
    return b"RIFF" + struct.pack("<I", len(body)) + body


def bmp(size: tuple[int, int], depth: int, compression: int, data: bytes) -> bytes:
    start = 54 + (1024 if depth == 8 else 0)
    header = struct.pack("<IHHI", start + len(data), 0, 0, start)
    header += struct.pack("<IiiHHIIiiII", 40, *size, 1, depth, compression, len(data), 0, 0, 0, 0)
    return b"BM" + header + bytes(start - 54) + data


@hostile
def bmp_of_four_gigapixels() -> bytes:
    return bmp((65_000, 65_000), 24, 0, bytes(99))


@hostile
def bmp_of_long_runs() -> bytes:
    return bmp((8000, 8000), 8, 1, bytes([1, 0]) * 16_000_000)


@hostile
def ico_with_a_lying_header() -> bytes:
    inside = black_png((8000, 7990), 8, 6)
    return b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inside), 22) + inside


@hostile
def eps_that_is_a_program() -> bytes:
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n{} loop\n"


@hostile
def avif_of_a_canvas_of_gigabytes() -> bytes:
    return _with_size(encode(Image.new("RGB", (64, 64), "red"), "AVIF"), (30_000, 30_000))


@hostile
def avif_of_a_grid_of_large_tiles() -> bytes:
    tiles = struct.pack(">I4sHH", 12 + 400, b"dimg", 9, 200) + struct.pack(">H", 1) * 200
    refs = struct.pack(">I4sI", 12 + len(tiles), b"iref", 0) + tiles
    return _with_size(_with_box(encode(Image.new("RGB", (64, 64), "red"), "AVIF"), refs), (5000, 5000))


def _with_box(data: bytes, box: bytes) -> bytes:
    """With another box at the end of the one that describes the items."""
    at = data.index(b"meta") - 4
    (length,) = struct.unpack_from(">I", data, at)
    return (
        data[:at]
        + struct.pack(">I", length + len(box))
        + data[at + 4 : at + length]
        + box
        + data[at + length :]
    )


@hostile
def avif_whose_frames_are_larger_than_it_says() -> bytes:
    return _with_size(encode(Image.new("RGB", (3000, 3000), "red"), "AVIF", speed=10), (640, 640))


@hostile
def avif_of_a_billion_extents() -> bytes:
    """Counts of 16 bits within one of 16 bits, of places that take no bytes in the file."""
    items = struct.pack(">HHH", 1, 0, 65_535) * 3000
    places = b"\0\0\0\0" + b"\0\0" + struct.pack(">H", 3000) + items
    box = struct.pack(">I4s", 8 + len(places), b"iloc") + places
    return _with_box(encode(Image.new("RGB", (64, 64), "red"), "AVIF"), box)


def _with_size(data: bytes, size: tuple[int, int]) -> bytes:
    at = data.index(b"ispe")
    return data[: at + 8] + struct.pack(">II", *size) + data[at + 16 :]
