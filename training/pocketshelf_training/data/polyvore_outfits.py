"""Polyvore Outfits (Vasileva et al., ECCV 2018) in its own format; the folder is brought by whoever has it.

    polyvore_item_metadata.json        item id → {"semantic_category": "tops", "title", …}
    images/<item id>.jpg
    disjoint/ and nondisjoint/, in each, for train, valid and test:
        <split>.json                   [{"set_id": "1", "items": [{"item_id": "9", "index": 1}, …]}, …]
        compatibility_<split>.txt      a line an outfit: 1 or 0, then its items as <set id>_<index>
        fill_in_blank_<split>.json     [{"question": ["1_2", …], "answers": ["1_3", …], "blank_position": 3}]

In *disjoint* no garment of train is in another split; in *nondisjoint* only outfits are not. The right answer
to a blank is the one of the question's own set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf_training.data.listing import DataDamaged, read_json
from pocketshelf_training.data.protocol import DataMissing

__all__ = ["ROLE_OF", "SPLITS", "VERSIONS", "Blank", "PolyvoreOutfits", "load"]

VERSIONS = ("disjoint", "nondisjoint")
SPLITS = ("train", "valid", "test")
# Semantic category → our role; jewellery, scarves, sunglasses and accessories have none.
ROLE_OF = {
    "tops": "upper",
    "bottoms": "lower",
    "all-body": "dress",
    "outerwear": "outerwear",
    "shoes": "footwear",
    "bags": "bag",
    "hats": "hat",
}


@dataclass(frozen=True)
class Blank:
    """A fill-in-the-blank question: items of an outfit, candidates, and the place of the right one."""

    question: tuple[str, ...]
    answers: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class PolyvoreOutfits:
    """One split.

    Attributes:
        roles: item id → role, of the items that have one.
        outfits: set id → its item ids, in order.
        compatibility: (items, whether they are an outfit).
        blanks: the questions.
    """

    images: Path
    roles: dict[str, str]
    outfits: dict[str, tuple[str, ...]]
    compatibility: tuple[tuple[tuple[str, ...], bool], ...]
    blanks: tuple[Blank, ...]

    def image(self, item: str) -> Path:
        """The picture of an item."""
        return self.images / f"{item}.jpg"


def load(root: str | Path, version: str = "disjoint", split: str = "test") -> PolyvoreOutfits:
    """Read one split of one version; train, which has no questions, is read without.

    Raises:
        DataMissing, DataDamaged: a file is missing, or not as described; the message names it.
    """
    folder = Path(root)
    base = folder / version
    sets = _json(base / f"{split}.json")
    metadata = _json(folder / "polyvore_item_metadata.json")
    try:
        outfits = {str(one["set_id"]): tuple(str(i["item_id"]) for i in one["items"]) for one in sets}
        item_of = {f"{one['set_id']}_{i['index']}": str(i["item_id"]) for one in sets for i in one["items"]}
        categories = {str(item): about.get("semantic_category") for item, about in metadata.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise DataDamaged(f"{base / f'{split}.json'}: no outfits of Polyvore Outfits ({error!r})") from error
    roles = {item: ROLE_OF[name] for item, name in categories.items() if name in ROLE_OF}
    asked, blanks = base / f"compatibility_{split}.txt", base / f"fill_in_blank_{split}.json"
    if split == "train" and not asked.is_file():
        return PolyvoreOutfits(folder / "images", roles, outfits, (), ())
    return PolyvoreOutfits(
        folder / "images", roles, outfits, _compatibility(asked, item_of), _blanks(blanks, item_of)
    )


def _json(path: Path) -> Any:
    if not path.is_file():
        raise DataMissing(f"{path}: not found; is this the folder of Polyvore Outfits?")
    return read_json(path)


def _compatibility(path: Path, item_of: dict[str, str]) -> tuple[tuple[tuple[str, ...], bool], ...]:
    if not path.is_file():
        raise DataMissing(f"{path}: not found; is this the folder of Polyvore Outfits?")
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        label, *names = line.split()
        if label not in ("0", "1"):
            raise DataDamaged(f"{path}:{number}: begins with {label!r}, not 0 or 1")
        found.append((_items(names, item_of, f"{path}:{number}"), label == "1"))
    return tuple(found)


def _blanks(path: Path, item_of: dict[str, str]) -> tuple[Blank, ...]:
    found = []
    for number, one in enumerate(_json(path), start=1):
        where = f"{path}: question {number}"
        try:
            question, answers = one["question"], one["answers"]
            right = [place for place, name in enumerate(answers) if _set(name) == _set(question[0])]
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise DataDamaged(f"{where}: not as described ({error!r})") from error
        if len(right) != 1:
            raise DataDamaged(f"{where}: {len(right)} answers are of the question's own set, not one")
        found.append(Blank(_items(question, item_of, where), _items(answers, item_of, where), right[0]))
    return tuple(found)


def _set(name: str) -> str:
    return name.rpartition("_")[0]


def _items(names: list[str], item_of: dict[str, str], where: str) -> tuple[str, ...]:
    for name in names:
        if name not in item_of:
            raise DataDamaged(f"{where}: {name!r} is in no outfit of this split")
    return tuple(item_of[name] for name in names)
