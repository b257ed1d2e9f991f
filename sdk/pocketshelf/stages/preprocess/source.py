"""Whatever a photo may be given as, and what it is taken for."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from PIL import Image

from pocketshelf.errors import PhotoError, one_line, reason
from pocketshelf.stages.preprocess.containers.exif import orientation
from pocketshelf.stages.preprocess.containers.limits import MAX_FILE_BYTES, MAX_PIXELS, check_pixels
from pocketshelf.stages.preprocess.decode import WORKING_SIDE, Reach, decode_photo, finished
from pocketshelf.stages.preprocess.photo import Photo

__all__ = ["PhotoSource", "read_photo", "several"]


class Readable(Protocol):
    """An open file, in binary mode."""

    def read(self, count: int, /) -> bytes:
        """Up to ``count`` bytes."""
        ...


PhotoSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | Readable | Image.Image | np.ndarray | Photo
)
_KINDS = "a path, bytes, an open file, a PIL image, a uint8 array or a Photo"
_SHAPES = "uint8 (h, w, 3) or (h, w, 4) in the order RGB, or grey (h, w)"


def read_photo(source: PhotoSource, near: int = WORKING_SIDE, least: int | None = None) -> Photo:
    """The upright sRGB photo that ``source`` is; a large one brought down to between ``near`` and twice that.

    Args:
        source: a path; a file's bytes; a file opened in binary mode, read from where it stands; a PIL
            image, turned as its EXIF says and converted by its profile, itself unchanged; an array of
            uint8, (h, w, 3) or (h, w, 4) in the order RGB, as of PIL (OpenCV's BGR needs
            ``pixels[..., ::-1]``), or grey (h, w), in sRGB and upright; or a `Photo`, as it is.
        least: of a JPEG's file, see `decode_photo`.

    Raises:
        PhotoError: it cannot be read.
        TypeError: it is none of these; one line.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, str | os.PathLike):
        return decode_photo(os.fspath(source), near=near, least=least)
    if isinstance(source, bytes | bytearray | memoryview):
        return decode_photo(bytes(source), near=near, least=least)
    if isinstance(source, np.ndarray):
        return _of_array(source, near)
    if isinstance(source, Image.Image):
        return _of_image(source, near, shared=True)
    if callable(getattr(source, "read", None)):
        return decode_photo(_contents(source), near=near, least=least)
    raise TypeError(f"a photo is {_KINDS}, not {_type(source)}")


def several(photos: Iterable[PhotoSource]) -> Iterable[PhotoSource]:
    """``photos``, unless it is one: the letters of its path or the rows of its array would be read as photos.

    Raises:
        TypeError: it is one photo, or nothing that has photos; one line.
    """
    one = isinstance(photos, str | os.PathLike | bytes | bytearray | memoryview | io.IOBase)
    if isinstance(photos, np.ndarray):
        one = photos.ndim < 3 or (photos.ndim == 3 and photos.shape[2] in (3, 4))
    if one or not isinstance(photos, Iterable):
        raise TypeError(f"photos are a list of them, or another iterable, not one {_type(photos)}")
    return photos


def _type(source: Any) -> str:
    return "None" if source is None else type(source).__qualname__


def _contents(file: Any) -> bytes:
    if isinstance(file, io.TextIOBase):
        raise TypeError("a photo's file must be opened in binary mode ('rb')")
    try:
        contents = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # A closed file raises ValueError.
        raise PhotoError(f"photo: the file cannot be read ({reason(error)})") from error
    if not isinstance(contents, bytes | bytearray | memoryview):
        raise TypeError(f"a photo's file gives bytes, not {_type(contents)}")
    return bytes(contents)


def _of_array(array: np.ndarray, near: int) -> Photo:
    channels = array.shape[2:] if array.ndim == 3 else ()
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or channels not in ((), (3,), (4,)):
        raise TypeError(f"a photo's array is {_SHAPES}, not {array.dtype} {array.shape}")
    if not array.size:
        raise PhotoError("photo: an array without pixels")
    return _of_image(Image.fromarray(np.ascontiguousarray(array)), near)


def _of_image(image: Image.Image, near: int, shared: bool = False) -> Photo:
    try:
        check_pixels(*image.size, MAX_PIXELS)
        image.load()
        turn = orientation(image.info.get("exif") or b"")
        icc = image.info.get("icc_profile")
        if shared and max(image.size) < 2 * near:  # A larger one is reduced, which copies it.
            image = image.copy()
        return finished(image, image.size, turn, icc, Reach(near))
    except PhotoError as error:
        raise PhotoError(f"photo: {error}") from error
    except MemoryError as error:
        raise PhotoError("photo: not enough memory for it") from error
    except Exception as error:  # An image that was opened and not loaded is decoded here.
        raise PhotoError(f"photo: damaged or truncated image ({one_line(error)})") from error
