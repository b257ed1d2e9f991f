"""Which kind of picture a file is by its first bytes, not its name: an allow-list, and names for others."""

from __future__ import annotations

import re
from collections.abc import Callable

from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess.containers.bmff import read_avif, read_heif
from pocketshelf.stages.preprocess.containers.bmp import read_bmp
from pocketshelf.stages.preprocess.containers.container import Container
from pocketshelf.stages.preprocess.containers.gif import read_gif
from pocketshelf.stages.preprocess.containers.jpeg import read_jpeg
from pocketshelf.stages.preprocess.containers.limits import check_file_bytes
from pocketshelf.stages.preprocess.containers.png import read_png
from pocketshelf.stages.preprocess.containers.tiff import read_tiff
from pocketshelf.stages.preprocess.containers.webp import read_webp

__all__ = ["ALLOWED", "read_container"]

ALLOWED = "JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC, AVIF"

# Patterns of a file's first bytes, the first that fits decides.
_READERS: tuple[tuple[bytes, Callable[[bytes], Container]], ...] = (
    (rb"\xff\xd8\xff", read_jpeg),
    (rb"\x89PNG\r\n\x1a\n", read_png),
    (rb"RIFF....WEBP", read_webp),
    (rb"GIF8[79]a", read_gif),
    (rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]", read_tiff),
    (rb"BM.{4}.{4}.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", read_bmp),
    (rb"....ftypavi[fs]", read_avif),
    (rb"....ftyp(mif1|msf1)(?=.{4}(....)*avi[fs])", read_avif),
    (rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1)", read_heif),
)

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (rb"....ftypcrx ", "a camera's raw file (CR3)"),
    (rb"....ftypqt  |....(moov|mdat|wide|free)", "a QuickTime film (MOV)"),
    (rb"....ftyp(M4A|M4B)", "a sound file (M4A)"),
    (rb"....ftyp", "a film (MP4)"),
    (rb"\x1a\x45\xdf\xa3", "a film (WebM or Matroska)"),
    (rb"RIFF....AVI ", "a film (AVI)"),
    (rb"RIFF....WAVE|ID3|fLaC|OggS", "a sound file"),
    (rb"%PDF", "a PDF document"),
    (rb"%!PS|\xc5\xd0\xd3\xc6", "a PostScript file (EPS)"),
    (rb"8BPS", "a Photoshop file (PSD)"),
    (rb"FUJIFILMCCD-RAW|II[RU]\0|II\x1a\0|IIRO|IIRS|\0MRM", "a camera's raw file"),
    (rb"\0\0[\x01\x02]\0", "an icon (ICO)"),
    (rb"icns", "an icon (ICNS)"),
    (rb"gimp xcf", "a GIMP file (XCF)"),
    (rb"DDS |qoif|P[1-7][\s#]", "a picture of a format that is not decoded"),
    (rb"PK\x03\x04", "a ZIP archive or an office document"),
    (rb"\xd0\xcf\x11\xe0", "an office document"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ|7z\xbc\xaf|Rar!", "a compressed archive"),
    (rb"SQLite format 3", "a database"),
    (rb"\x7fELF|MZ", "a program"),
    (rb"\0\x05\x16\x07", "a Mac's companion file ('._'), not the picture itself"),
    (rb"version https://git-lfs", "a Git LFS pointer, not the picture itself; 'git lfs pull' brings it"),
    (rb"(?is)(\xef\xbb\xbf)?\s*(<\?xml.{0,1000}?)?(<!--.{0,1000}?-->\s*)?<(!doctype )?svg", "an SVG drawing"),
    (rb"(?is)(\xef\xbb\xbf)?\s*(<!--.{0,1000}?-->\s*)?<(!doctype html|html|head|body)", "an HTML page"),
    (rb"(?i)(\xef\xbb\xbf)?\s*<\?xml", "an XML document"),
    (rb"\s*[\[{]\s*[\"{\[}\]]", "a JSON document"),
)
_HEAD = 4096
_READ = [(re.compile(pattern, re.DOTALL), reader) for pattern, reader in _READERS]


def read_container(data: bytes) -> Container:
    """The headers of a picture's file, checked; nothing is decoded.

    Raises:
        PhotoError: no picture of an allowed kind (the message says what it is, where it can be told),
            damaged, or too dear to decode.
    """
    check_file_bytes(len(data))
    head = data[:_HEAD]
    for pattern, reader in _READ:
        if pattern.match(head):
            return reader(data)
    raise PhotoError(f"{_name(head)}; photos are {ALLOWED}")


def _name(head: bytes) -> str:
    for pattern, name in _OTHERS:  # Compiled, and kept by `re`, once there is such a file.
        if re.match(pattern, head, re.DOTALL):
            return f"not an image that can be read: {name}"
    if not head.strip(b"\0"):
        return "not an image that can be read: it begins with nothing but zeros, a download or copy cut short"
    if len(set(head) - set(range(32, 127)) - set(b"\t\r\n\f")) == 0 or _is_text(head):
        return "not an image that can be read: text"
    return "not an image that can be read"


def _is_text(head: bytes) -> bool:
    try:
        return head[:-4].decode("utf-8").replace("\n", "").replace("\t", "").replace("\r", "").isprintable()
    except UnicodeDecodeError:
        return False
