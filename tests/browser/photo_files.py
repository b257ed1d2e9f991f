"""Files that a shopper may choose: good, huge, of an iPhone, broken."""

from __future__ import annotations

from pathlib import Path

from PIL import Image


def huge(folder: Path, scene: Path) -> Path:
    """Of 50 megapixels."""
    path = folder / "huge.jpg"
    with Image.open(scene) as opened:
        opened.convert("RGB").resize((9440, 5310)).save(path, quality=80)
    return path


def of_an_iphone(folder: Path, scene: Path) -> Path:
    """HEIC, which Chromium itself cannot show."""
    import pillow_heif

    path = folder / "phone.heic"
    with Image.open(scene) as opened:
        pillow_heif.from_pillow(opened.convert("RGB")).save(path, quality=80)
    return path


def turned(folder: Path, scene: Path) -> Path:
    """Upright by its EXIF data alone."""
    path = folder / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(scene) as opened:
        opened.convert("RGB").rotate(90, expand=True).save(path, exif=exif, quality=90)
    return path


def cut_off(folder: Path, scene: Path) -> Path:
    """Its first two kilobytes."""
    path = folder / "broken.jpg"
    path.write_bytes(scene.read_bytes()[:2000])
    return path


def no_photo(folder: Path) -> Path:
    """Text by a photo's name."""
    path = folder / "letter.jpg"
    path.write_text("Dear shop,\n" * 50)
    return path
