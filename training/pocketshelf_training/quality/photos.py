"""Real photos of the five data sets, kept apart by who took them or what is on them.

Half of the sources teach; of the other half come the photos that were labelled by eye.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketshelf_training.data.protocol import data_root, read_rows

__all__ = ["RealPhoto", "part_of", "real_photos"]


@dataclass(frozen=True)
class RealPhoto:
    """One photo.

    Attributes:
        name: its path from the data's root.
        kind: the data set: "street", "clothing", "grocery", "shop" or "patterns".
        source: who took it, or what it shows; photos of one source are never in two parts.
    """

    name: str
    kind: str
    source: str

    @property
    def part(self) -> str:
        """See `part_of`."""
        return part_of(f"{self.kind}/{self.source}")


def part_of(source: str) -> str:
    """ "train", "val" or "test": one half, one quarter, one quarter, by the source's name alone."""
    return ("train", "train", "val", "test")[hashlib.sha256(source.encode()).digest()[0] % 4]


def real_photos(root: str | Path | None = None) -> list[RealPhoto]:
    """All of them, in order.

    Raises:
        DataMissing: a data set is not there.
    """
    folder = data_root(root)
    return [*_street(folder), *_listed(folder), *_shop(folder)]


def _street(root: Path) -> Iterator[RealPhoto]:
    for path in sorted((root / "street/photos").glob("*.jpg")):
        # Photos of one person follow each other.
        yield RealPhoto(f"street/photos/{path.name}", "street", str(int(path.stem) // 10))


def _listed(root: Path) -> Iterator[RealPhoto]:
    sources = {"clothing": "sender_id", "grocery": "product_id", "patterns": "photo"}
    for kind, column in sources.items():
        for row in read_rows(root / kind / "photos.csv"):
            source = row[column]
            if kind == "patterns":  # Neighbouring numbers are bursts of one fabric.
                source = re.sub(r"\d\.\w+$", "", source)
            yield RealPhoto(f"{kind}/{row['photo']}", kind, source)


def _shop(root: Path) -> Iterator[RealPhoto]:
    for path in sorted((root / "shop/media").rglob("*.jpg")):
        style = re.split(r"[-_]", path.stem)[0]
        yield RealPhoto(path.relative_to(root).as_posix(), "shop", style)
