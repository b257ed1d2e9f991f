"""Which files of a folder are its pictures: the same for a search, for mining, and for calibration."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PICTURES", "pictures_in"]

# Names of pictures, whatever they turn out to hold.
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo")
PICTURES = {*_JPEG, ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in ``folder`` and below, by path; hidden ones, as macOS's ``._a.jpg``, are none."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in PICTURES and not _is_hidden(path.relative_to(folder)) and path.is_file()
    )


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
