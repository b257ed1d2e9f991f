"""A drawn shop in a folder: pictures, a catalogue and queries with their answers.

catalogue.csv   product_id,title,category,image,group,colour,second_colour,pattern,sleeve,neckline
queries.csv     photo,product_id,x,y,w,h   (the box is the garment's, in pixels of the photo)
shop/*.jpg  street/*.jpg
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.demo.studio.identity import Identity, draw_identities
from pocketshelf.demo.studio.picture import Picture
from pocketshelf.demo.studio.shop import shop_picture
from pocketshelf.demo.studio.street import street_picture

__all__ = ["Sample", "draw_sample"]

_QUALITIES = (90, 74)  # JPEG: a shop's picture, and what a phone's messenger leaves of a photo.


@dataclass(frozen=True)
class Sample:
    """Where a drawn sample lies.

    Attributes:
        catalogue, queries: the two CSV files; their pictures are named relative to them.
        products, photos: how many there are.
    """

    catalogue: Path
    queries: Path
    products: int
    photos: int


def draw_sample(
    folder: str | Path,
    products: int = 60,
    photos: int = 60,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> Sample:
    """Draw a shop of ``products`` garments and ``photos`` street photos of them into ``folder``.

    The same numbers and seed give the same pictures. ``progress`` is called with (drawn, all).
    """
    folder = Path(folder)
    for name in ("shop", "street"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    report = progress or (lambda done, total: None)
    total = products + photos
    identities = draw_identities(products, seed)
    catalogue, queries = [], []
    for number, identity in enumerate(identities):
        image = _save(shop_picture(identity), folder, f"shop/{identity.product_id}.jpg")
        catalogue.append(_catalogue_row(identity, image))
        report(number + 1, total)
    for number in range(photos):
        picture = street_picture(identities[number % products], seed * 1000 + number)
        queries.append(_query_row(picture, _save(picture, folder, f"street/s{number:04d}.jpg")))
        report(products + number + 1, total)
    return Sample(
        _write(folder / "catalogue.csv", catalogue), _write(folder / "queries.csv", queries), products, photos
    )


def _save(picture: Picture, folder: Path, name: str) -> str:
    picture.image.save(folder / name, "JPEG", quality=_QUALITIES[picture.kind == "street"])
    return name


def _catalogue_row(identity: Identity, image: str) -> dict[str, str]:
    cut = identity.cut
    row = {
        "product_id": identity.product_id,
        "title": identity.title,
        "category": cut.category,
        "image": image,
    }
    return {**row, "group": cut.group, **identity.attributes.columns()}


def _query_row(picture: Picture, photo: str) -> dict[str, str]:
    sides = {name: f"{side:.0f}" for name, side in zip("xywh", picture.box, strict=True)}
    return {"photo": photo, "product_id": picture.identity.product_id, **sides}


def _write(path: Path, rows: Iterable[dict[str, str]]) -> Path:
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["photo"])
        writer.writeheader()
        writer.writerows(rows)
    return path
