"""Stanford Mobile Visual Search (Chandrasekhar et al., MMSys 2011): flat things and places by phone cameras.

One folder a category (``book_covers``, ``business_cards``, ``cd_covers``, ``dvd_covers``, ``landmarks``,
``museum_paintings``, ``print``, ``video_frames``), in each ``Reference/`` with the clean pictures and one
folder a camera (``Canon``, ``Droid``, ``E63``, ``Palm``, ``5800``), or ``Query``. Pictures of equal name,
``001.jpg``, show the same thing.

Traps handled: the same number is another thing in another category; a category may be unpacked into itself
(``book_covers/book_covers``), or be all there is; photos of Windows and of what an archiver left are skipped;
a photo whose reference is missing was not copied whole and is an error.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing, Sample

__all__ = ["CATEGORIES", "LICENCE", "load"]

LICENCE = "LicenseRef-SMVS-research"
CATEGORIES = (
    "book_covers",
    "business_cards",
    "cd_covers",
    "dvd_covers",
    "landmarks",
    "museum_paintings",
    "print",
    "video_frames",
)
REFERENCE = "reference"
PICTURES = (".jpg", ".jpeg", ".png")


def load(root: str | Path) -> list[Sample]:
    """Every picture, split "test": references of domain "shop", cameras' photos of "street".

    Raises:
        DataMissing: neither a category nor a folder of categories.
        DataDamaged: a photo without its reference; names the file.
    """
    root = Path(root)
    there = [root / name for name in CATEGORIES if _reference(root / name)]
    if not there and _reference(root):
        there = [root]
    if not there:
        raise DataMissing(
            f"{root}: no Reference folder in any of {', '.join(CATEGORIES)}; "
            "name the folder that holds these, or one of them"
        )
    return [sample for folder in there for sample in _category(folder)]


def _reference(category: Path) -> Path | None:
    """Its folder of clean pictures, also where the category was unpacked into itself."""
    for folder in (category, category / category.name):
        if folder.is_dir():
            found = [path for path in folder.iterdir() if path.is_dir() and path.name.lower() == REFERENCE]
            if found:
                return found[0]
    return None


def _category(category: Path) -> list[Sample]:
    reference = _reference(category)
    assert reference is not None
    name = category.name
    shown = {path.stem: path for path in _pictures(reference)}
    if not shown:
        raise DataDamaged(f"{reference}: no pictures; is the category unpacked whole?")
    samples = [_sample(path, "shop", name, "reference") for path in shown.values()]
    for camera in sorted(path for path in reference.parent.iterdir() if path.is_dir() and path != reference):
        for path in _pictures(camera):
            if path.stem not in shown:
                raise DataDamaged(f"{path}: {reference.name} has no picture of that name")
            samples.append(_sample(path, "street", name, camera.name))
    return samples


def _pictures(folder: Path) -> list[Path]:
    found = (path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    return sorted(path for path in found if not path.name.startswith("."))


def _sample(path: Path, domain: str, category: str, camera: str) -> Sample:
    identity = f"{category}/{path.stem}"
    return Sample(path, "test", domain, identity, category, attributes={"camera": camera}, licence=LICENCE)
