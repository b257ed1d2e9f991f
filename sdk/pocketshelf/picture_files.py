"""Which files of a folder are its pictures: the same for a search, for mining, and for calibration."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["PICTURES", "pictures_in"]

# Names of pictures, whatever they turn out to hold.
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
PICTURES = {*_JPEG, ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}


def pictures_in(folder: Path, closed: list[str] | None = None) -> list[Path]:
    """The pictures in ``folder`` and below, by path; hidden ones, as macOS's ``._a.jpg``, are none.

    Args:
        closed: is given the folders there that cannot be read.
    """

    def refuse(error: OSError) -> None:
        if closed is not None and not _is_hidden(Path(error.filename).relative_to(folder)):
            closed.append(str(error.filename))

    return sorted(
        path
        for place, _, names in os.walk(folder, onerror=refuse)
        for path in (Path(place, name) for name in names)
        if path.suffix.lower() in PICTURES and not _is_hidden(path.relative_to(folder)) and path.is_file()
    )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
