"""Shops for the browser to visit: real goods where the real photos are, the drawn samples elsewhere."""

from __future__ import annotations

import csv
import html
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageFilter

from drawn_things import draw_thing

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sdk/pocketshelf/samples"
COLUMNS = ["product_id", "title", "category", "image", "price", "colour", "for", "gtin"]
Row = dict[str, str]
GARMENTS, HOSTILE_SHELF = 120, 20
# The shop's own words → the models', as a shop is told to map them.
KINDS = {
    "Jackets": "Outwear",
    "Hoodies & Sweatshirts": "Hoodie",
    "Tees": "T-Shirt",
    "Tanks": "Top",
    "Bras & Tanks": "Top",
}

# What a page must bear: markup, length, writing from the right, signs beyond the first plane, and no picture.
HOSTILE = {
    "markup": "<script>document.title='taken'</script><img src=x onerror=alert(1)> jacket",
    "long": "Extraordinarily well-made windproof jacket " * 7,
    "unbroken": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtenjacke" * 4,
    "emoji": "👨‍👩‍👧‍👦 Family jacket 🧥✨ «limited»",
    "rightward": "سترة مقاومة للرياح — ‏حجم كبير",
    "pictureless": "A jacket without a picture",
}
HOSTILE_IDS = {name: f"hostile/{name} &?#%" for name in HOSTILE}


@dataclass(frozen=True)
class Shelf:
    """A catalogue with its pictures, and what a shopper holds before the camera.

    Attributes:
        catalogue: the CSV file, in a folder of its own with the pictures.
        scene: 1280 x 720 pixels, what the camera sees: three goods of the shelf side by side.
        shown: the products in the scene.
        strange: a photo of nothing on the shelf.
        real: photographs, not drawings.
    """

    catalogue: Path
    scene: Path
    shown: frozenset[str]
    strange: Path
    real: bool


def make_shelf(folder: Path, data: Path | None, hostile: bool = False) -> Shelf:
    """A shelf under ``folder``, with copies of the pictures; ``hostile`` renames some of the goods."""
    rows, held, strange = _real(data) if data else _drawn()
    (folder / "pictures").mkdir(parents=True)
    for number, row in enumerate(rows):
        name = f"pictures/{number:04d}{Path(row['image']).suffix}"
        shutil.copyfile((data or SAMPLES) / row["image"], folder / name)
        row["image"] = name
    if hostile:
        rows = rows[:HOSTILE_SHELF]
        for row, (name, title) in zip(rows[1:], HOSTILE.items(), strict=False):
            row.update(product_id=HOSTILE_IDS[name], title=title)
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    before_camera(list(held.values())).save(folder / "scene.jpg", quality=92)
    return Shelf(folder / "catalogue.csv", folder / "scene.jpg", frozenset(held), strange, data is not None)


def before_camera(photos: list[Path], size: tuple[int, int] = (1280, 720)) -> Image.Image:
    """The photos side by side on a blurred wall; of three, an upright screen shows the one in the middle."""
    opened = [Image.open(photo).convert("RGB") for photo in photos]
    small = opened[0].resize((64, 36)).resize(size, Image.Resampling.BICUBIC)
    wall = small.filter(ImageFilter.GaussianBlur(40)).point([value // 2 + 110 for value in range(256)] * 3)
    each = size[0] // len(opened)
    for number, photo in enumerate(opened):
        scale = min(size[1] / photo.height, each * 0.96 / photo.width)
        photo = photo.resize(
            (round(photo.width * scale), round(photo.height * scale)), Image.Resampling.LANCZOS
        )
        wall.paste(photo, (number * each + (each - photo.width) // 2, (size[1] - photo.height) // 2))
    return wall


def gtin(number: int) -> str:
    """An EAN-13 of the range for use within a shop."""
    digits = f"20{number:010d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def _drawn() -> tuple[list[Row], dict[str, Path], Path]:
    with (SAMPLES / "catalogue.csv").open(encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    rows = [
        {
            "product_id": row["product_id"],
            "title": row["title"],
            "category": row["category"],
            "image": row["image"],
            "price": f"{10 + number}.90",
            "colour": row["colour"],
            "for": "Everyone",
            "gtin": gtin(number),
        }
        for number, row in enumerate(found)
    ]
    held = {row["product_id"]: SAMPLES / row["image"] for row in (rows[29], rows[18], rows[35])}
    return rows, held, SAMPLES / "street/s0001.jpg"


def _real(data: Path) -> tuple[list[Row], dict[str, Path], Path]:
    """A garment shop's goods and a grocer's; three that a search is sure of are seen from behind."""
    exported = _export(data / "shop/products.csv")
    with (data / "shop/pairs.csv").open(encoding="utf-8") as stream:
        pairs = list(csv.DictReader(stream))
    seen = {pair["item_id"] for pair in pairs if pair["role"] == "query"}
    gallery = [pair for pair in pairs if pair["role"] == "gallery" and pair["item_id"] in seen]
    rows = [_garment(pair, exported, number) for number, pair in enumerate(gallery[:GARMENTS])]
    with (data / "grocery/products.csv").open(encoding="utf-8") as stream:
        rows += [_grocery(row, 1000 + number) for number, row in enumerate(csv.DictReader(stream))]
    media = data / "shop/media"
    held = {
        "mp11-brown": media / "m/p/mp11-brown_back.jpg",
        "mp01-gray": media / "m/p/mp01-gray_back.jpg",
        "mp04-gray": media / "m/p/mp04-gray_back.jpg",
    }
    return rows, held, data / "street/photos/0001.jpg"


def _export(path: Path) -> dict[str, Row]:
    """Lines of the shop's export by the name of their main picture."""
    with path.open(encoding="utf-8") as stream:
        return {Path(row["base_image"]).name: row for row in csv.DictReader(stream) if row["base_image"]}


def _garment(pair: Row, exported: dict[str, Row], number: int) -> Row:
    line = exported.get(Path(pair["image"]).name, {})
    colour = pair["item_id"].split("-")[1].title() if "-" in pair["item_id"] else "Other"
    name = re.sub(r"\s*-(\w+)(-\w+)?$", "", line.get("name", pair["item_id"]))
    places = line.get("categories", "").split(",")[0].split("/")
    return {
        "product_id": pair["item_id"],
        "title": f"{' '.join(html.unescape(name).split())}, {colour.lower()}",
        "category": KINDS.get(places[-1], pair["category"].title()),
        "image": f"shop/{pair['image']}",
        "price": f"{float(line.get('price') or 30):.2f}",
        "colour": colour,
        "for": places[1] if len(places) > 2 else "Everyone",
        "gtin": gtin(number),
    }


def _grocery(row: Row, number: int) -> Row:
    return {
        "product_id": f"g{row['product_id']}",
        "title": row["title"],
        "category": row["category"],
        "image": f"grocery/{row['image']}",
        "price": f"{0.9 + number % 7:.2f}",
        "colour": "",
        "for": "",
        "gtin": gtin(number),
    }


def more_goods(folder: Path, names: dict[str, tuple[int, int, int]]) -> Path:
    """A catalogue of drawn things, one a colour, with the pictures beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["product_id,title,category,image"]
    for name, colour in names.items():
        draw_thing(colour).save(folder / f"{name}.png")
        lines.append(f"{name},The {name} thing,Things,{name}.png")
    (folder / "catalogue.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "catalogue.csv"
