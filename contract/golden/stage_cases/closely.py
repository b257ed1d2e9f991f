"""Golden cases of a close look: a shelf's features, photos of its covers, and what is made of both.

One document, since its photos share the table. `inputs` draws, `with_answers` says what the SDK makes of it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from contract.golden.stage_cases import closely_deciding
from contract.golden.stage_cases.closely_drawing import (
    COVERS,
    GROUNDS,
    cover,
    photographed,
    read_picture,
    write_picture,
)
from pocketshelf.closely import Closely, Features, extract, quantized, tabled
from pocketshelf.closely.features import PHOTO_SIDE, _grey
from pocketshelf.closely.file import features_of
from pocketshelf.closely.geometry import _consistent, _matches
from pocketshelf.closely.look import VOTED
from pocketshelf.closely.words import PROBES, assigned
from pocketshelf.formats.features import FeatureTable, Print, parse
from pocketshelf.stages.preprocess import Photo

__all__ = ["ABOUT", "IMAGES", "TOLERANCE", "inputs", "table_of", "with_answers"]

ABOUT = (
    "a shelf's local features, and photos: their grey picture and features, the products that these speak "
    "for, and those that lie in the photo; changes of a table, and bytes that are none; nearest words, "
    "matches, and what is decided by sightings"
)
# Share of a photo's features that may be others than in the file: `README.md`.
TOLERANCE = 0.03
IMAGES = Path(__file__).resolve().parents[1] / "images"
SEQUENCE = 41
# The plain ones have no features; their places lie among the others.
PLAIN = ("c02a", "zz")
IDS = sorted([*(f"c{number:02}" for number in range(COVERS - 2)), "B10", "\u00e911", *PLAIN])
# A photo's size, ground, covers with their corners; the upright photo's size by the pixels'; what is nearest.
Laid = list[tuple[int, list[tuple[float, float]]]]
PHOTOS: dict[str, tuple[tuple[int, int], int, Laid, int, list[str]]] = {
    "a cover, found clearly; larger than 640": (
        (800, 600), 0, [(2, [(180, 60), (560, 30), (600, 560), (130, 520)])], 1, ["c02", "nowhere", "c00"]
    ),
    "two covers; of the size that is looked at": (
        (640, 480), 1,
        [
            (4, [(40, 60), (280, 90), (270, 410), (20, 430)]),
            (7, [(340, 80), (590, 50), (610, 420), (350, 390)]),
        ],
        1, [],
    ),
    "upside down": ((720, 540), 2, [(9, [(540, 470), (170, 500), (200, 40), (520, 70)])], 1, []),
    "none of the shelf's": (
        (640, 480), 1, [(40, [(180, 40), (470, 60), (450, 440), (160, 430)])], 1, ["c05"]
    ),
    "small: enlarged": ((320, 240), 0, [(1, [(90, 20), (240, 30), (230, 220), (80, 215)])], 1, []),
    "twice as large, and decoded at a third": (
        (1280, 320), 2, [(5, [(500, 290), (480, 40), (800, 30), (820, 280)])], 3, []
    ),
    "so narrow that it has no corners": (
        (1200, 80), 1, [(3, [(400, 5), (480, 5), (480, 75), (400, 75)])], 1, []
    ),
}  # fmt: skip


def inputs() -> dict[str, Any]:
    """What the document is given; draws the photos, which lie beside the other golden pictures."""
    prints = {product_id: print_of(number) for number, product_id in enumerate(drawn())}
    table = tabled([prints.get(product_id) for product_id in IDS], SEQUENCE)
    found = extract(read_or_drawn(0), gallery=False)
    assert found is not None
    return {
        "ids": IDS,
        "table": text(table.to_bytes()),
        "changes": changes(list(prints.values())),
        "refused": refused(),
        "photos": [
            {
                "name": name, "image": f"closely/photo{number}.ppm.gz", "size": upright(name),
                "nearest": case[4],
            }
            for number, (name, case) in enumerate(PHOTOS.items())
        ],
        "words": {"probes": PROBES, "descriptors": [each.tobytes().hex() for each in probed(table, found)]},
        "matches": [{"photo": 0, "product_id": "c02"}, {"photo": 2, "product_id": "c09"},
                    {"photo": 3, "product_id": "c05"}],
        "deciding": closely_deciding.cases(),
    }  # fmt: skip


def drawn() -> list[str]:
    """Ids of the products with covers, in the order of the covers' numbers."""
    return [*(f"c{number:02}" for number in range(COVERS - 2)), "B10", "\u00e911"]


def read_or_drawn(number: int) -> np.ndarray:
    """A photo's pixels, drawn and written where there are none."""
    for place, (size, ground, laid, _, _) in enumerate(PHOTOS.values()):
        path = IMAGES / f"closely/photo{place}.ppm.gz"
        if not path.exists():
            write_picture(path, photographed(size, GROUNDS[ground], [(cover(n), at) for n, at in laid]))
    return read_picture(IMAGES / f"closely/photo{number}.ppm.gz")


def upright(name: str) -> list[int]:
    """Of the photo, before it was decoded smaller."""
    (width, height), _, _, by, _ = PHOTOS[name]
    return [by * width, by * height]


def print_of(number: int) -> Print:
    """The features of a cover, as a shelf keeps them."""
    picture = cover(number)
    found = extract(np.asarray(picture), gallery=True)
    assert found is not None
    return quantized(found, picture.width / picture.height)


def changes(prints: list[Print]) -> dict[str, str]:
    """Of five products: one has others, one has none any more, one has some now."""
    small = [
        Print(each.shape, each.rows[:count]) for each, count in zip(prints, (30, 24, 26, 25), strict=False)
    ]
    before = tabled([small[0], None, small[1], small[2], None], 7)
    after = tabled([small[0], small[3], None, small[1], None], 9, before.words)
    assert after.words is before.words
    delta = after.changes([1, 2, 3])
    return {"from": text(before.to_bytes()), "delta": text(delta), "to": text(after.to_bytes())}


def refused() -> list[dict[str, Any]]:
    """Edits of the table's bytes ("table") or of the changes' ("delta") that leave none of the format."""

    def edit(name: str, of: str, at: int, *numbers: int, size: int = 4) -> dict[str, Any]:
        return {
            "name": name,
            "of": of,
            "at": at,
            "bytes": b"".join(n.to_bytes(size, "little") for n in numbers).hex(),
        }

    return [
        {"name": "nothing", "of": "table", "keep": 0},
        {"name": "a part of the head", "of": "table", "keep": 19},
        {"name": "cut by a byte", "of": "table", "keep": -1},
        {"name": "a byte too many", "of": "table", "append": "00"},
        edit("more products than may be", "table", 8, 100_001),
        edit("so many features that they would not fit into memory", "table", 12, 2**32 - 1),
        edit("more words than may be", "table", 16, 4097),
        edit("one product more", "table", 8, len(IDS) + 1),
        edit("a product with more features than may be, another with fewer", "table", 20, 151, 149, size=2),
        edit("a picture without a shape", "table", 20 + 2 * len(IDS), 0, size=2),
        edit("a word that is not there", "table", -40, 65535, size=2),
        {"name": "nothing", "of": "delta", "keep": 0},
        {"name": "cut by a byte", "of": "delta", "keep": -1},
        edit("more changes than products", "delta", 8, 6),
        edit("so many changes that they would not fit into memory", "delta", 8, 2**32 - 1),
        edit("words of its own", "delta", 16, 1),
        edit("places that fall", "delta", 20, 2, 1, 3),
        edit("a place twice", "delta", 20, 1, 1, 3),
        edit("a place beyond the shelf", "delta", 28, 5),
        edit("a place far beyond the shelf", "delta", 28, 2**32 - 1),
        edit("a word that is not there", "delta", -40, 65535, size=2),
    ]  # fmt: skip


def edited(data: bytes, edit: dict[str, Any]) -> bytes:
    """What an entry of "refused" makes of the bytes."""
    found = bytearray(data[: edit["keep"]] if "keep" in edit else data)
    found += bytes.fromhex(edit.get("append", ""))
    if "bytes" in edit:
        put, at = bytes.fromhex(edit["bytes"]), edit["at"] % len(found)
        found[at : at + len(put)] = put
    return bytes(found)


def probed(table: FeatureTable, photo: Features) -> list[np.ndarray]:
    """Descriptors of a photo, a word itself, and such as have many words equally near."""
    return [*photo.descriptors[::25], table.words[3], np.zeros(32, np.uint8), np.full(32, 255, np.uint8)]


def with_answers(document: dict[str, Any]) -> dict[str, Any]:
    """The document with what the SDK makes of its inputs."""
    closely = Closely(document["ids"], table_of(document))
    photos = [photo_answers(closely, each) for each in document["photos"]]
    return {
        **document,
        "refused": [{**each, "accepted": accepted(document, each)} for each in document["refused"]],
        "photos": photos,
        "words": {**document["words"], "assigned": nearest_words(document)},
        "matches": [matched(document, photos, each) for each in document["matches"]],
        "deciding": [closely_deciding.decided(each) for each in document["deciding"]],
    }


def table_of(document: dict[str, Any]) -> FeatureTable:
    """The shelf's features."""
    table = parse(base64.b64decode(document["table"]), len(document["ids"]))
    assert table is not None
    return table


def accepted(document: dict[str, Any], edit: dict[str, Any]) -> bool:
    """Whether the edited bytes are of the format all the same."""
    if edit["of"] == "table":
        return parse(edited(base64.b64decode(document["table"]), edit), len(document["ids"])) is not None
    before = parse(base64.b64decode(document["changes"]["from"]))
    assert before is not None
    return before.changed(edited(base64.b64decode(document["changes"]["delta"]), edit)) is not None


def photo_answers(closely: Closely, case: dict[str, Any]) -> dict[str, Any]:
    """What the photo shows, and what was computed on the way."""
    pixels = read_picture(IMAGES / case["image"])
    given = {name: case[name] for name in ("name", "image", "size", "nearest")}
    grey, found = _grey(pixels, PHOTO_SIDE), extract(pixels, gallery=False)
    if grey is None or found is None:
        return {**given, "grey": None, "features": None, "votes": [], "sightings": []}
    seen = closely.sightings(Photo(pixels, *case["size"]), case["nearest"])
    return {
        **given,
        "grey": {
            "width": grey.shape[1],
            "height": grey.shape[0],
            "sha256": hashlib.sha256(grey.tobytes()).hexdigest(),
            "row": grey[len(grey) // 2].tolist(),
        },
        "features": features_json(found),
        "votes": [closely._ids[place] for place in closely._index().votes(found.descriptors, VOTED)],
        "sightings": [
            {
                "product_id": each.product_id,
                "inliers": each.inliers,
                "spread": round(each.spread, 4),
                "corners": np.round(each.corners, 2).tolist(),
            }
            for each in seen
        ],
    }


def features_json(features: Features) -> dict[str, Any]:
    """With as many digits as give the very float32 back."""
    return {
        "points": [shortest(point) for point in features.points],
        "sizes": shortest(features.sizes),
        "angles": shortest(features.angles),
        "descriptors": [each.tobytes().hex() for each in features.descriptors],
    }


def shortest(numbers: np.ndarray) -> list[float]:
    """Each float32 by the fewest digits that give it back."""
    return [float(str(number)) for number in numbers.astype(np.float32)]


def features_from(found: dict[str, Any]) -> Features:
    """The inverse of `features_json`."""
    points, sizes, angles = (np.array(found[name], np.float32) for name in ("points", "sizes", "angles"))
    descriptors = np.array([list(bytes.fromhex(each)) for each in found["descriptors"]], np.uint8)
    return Features(points.reshape(-1, 2), sizes, angles, descriptors.reshape(-1, 32))


def nearest_words(document: dict[str, Any]) -> list[list[int]]:
    """The places of the table's words nearest to each descriptor."""
    given = [list(bytes.fromhex(each)) for each in document["words"]["descriptors"]]
    found = assigned(np.array(given, np.uint8), table_of(document).words, document["words"]["probes"])
    return [list(map(int, each)) for each in found]


def matched(document: dict[str, Any], photos: list[dict[str, Any]], case: dict[str, Any]) -> dict[str, Any]:
    """A product's print against the features that a photo of the document has."""
    kept = table_of(document).each()[document["ids"].index(case["product_id"])]
    assert kept is not None
    print_, photo = features_of(kept), features_from(photos[case["photo"]]["features"])
    both = _matches(print_, photo)
    agreeing = _consistent(print_, photo, *both)
    return {
        "photo": case["photo"],
        "product_id": case["product_id"],
        "matches": {"print": both[0].tolist(), "photo": both[1].tolist()},
        "consistent": {"print": agreeing[0].tolist(), "photo": agreeing[1].tolist()},
    }


def text(data: bytes) -> str:
    """Base64."""
    return base64.b64encode(data).decode()
