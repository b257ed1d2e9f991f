"""Shops to calibrate in: groceries, a garment shop, clothes at home; with photos of theirs and of others.

Of a photo from another world the shop cannot have the product: what is confident there is wrong. Fitting, and
the choice of thresholds, take the photos of val (of ``shop``: styles of train and val, as there are few; of
``clothing`` and ``street``, which have no test, train), the test those of test (of the two: val).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pocketshelf_training.data import clothing, grocery, shop, street
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.shelf import store_of
from pocketshelf_training.recall import evidence
from pocketshelf_training.recall.encodings import RememberingEncoder

__all__ = ["World", "catalogue_of", "search_world", "worlds"]

# Of the clothes at home: how many stand as a shelf, and how many of each set of photos ask elsewhere.
SHELF, STRANGERS = 250, 160
# Shelves that photos from elsewhere are searched in, besides the full one.
STRANGE_SHELVES = 2
# Worlds whose categories are those of the model; the shop's are its own.
NAMED_BY_THE_MODEL = ("groceries", "clothing")
RENAMED, AS_ONE = ", own names", ", one category"


@dataclass(frozen=True)
class World:
    """One catalogue and who asks in it.

    Attributes:
        gallery: its products' pictures, one a product.
        asking: name of the set → photos; those without an identity show what the catalogue lacks.
    """

    name: str
    gallery: Sequence[Sample]
    asking: dict[str, list[Sample]]

    @property
    def photos(self) -> list[Path]:
        """Every photo that asks."""
        return [sample.image for samples in self.asking.values() for sample in samples]


def worlds(part: str, root: str | Path | None = None, limit: int | None = None) -> list[World]:
    """The worlds of "val" (to fit and to choose) or "test".

    Args:
        limit: photos of each set, for a quick look.
    """
    sets = _strangers(part, root)
    clothes, people, goods = sets["clothing"], sets["street"], sets["groceries"]
    splits = ("test",) if part == "test" else ("train", "val")
    items = [sample for sample in shop.load(root) if sample.split in splits]
    wearing = [sample for sample in items if sample.domain == "street"]
    own = grocery.photos(part, root)
    found = [
        World("groceries", grocery.shop_pictures(root), {"own": own, "clothing": clothes, "street": people}),
        World(
            "shop",
            [sample for sample in items if sample.domain == "shop"],
            {"own": wearing, "clothing": clothes, "street": people, "groceries": goods},
        ),
        World(
            "clothing", _clothes_at_home(root), {"clothing": clothes, "street": people, "groceries": goods}
        ),
    ]
    # A shop names its categories as it likes: the same catalogues, by names that no model knows.
    found += [_renamed(world) for world in found if world.name in NAMED_BY_THE_MODEL]
    # Or it has no categories: then that hits are of one says nothing.
    found.append(_as_one(found[0]))
    return [_limited(world, limit) for world in found]


def catalogue_of(world: str) -> str:
    """The catalogue of a world's name, whatever its categories are called there."""
    return world.removesuffix(RENAMED).removesuffix(AS_ONE)


def _renamed(world: World) -> World:
    gallery = [replace(s, category=f"our {s.category}") for s in world.gallery]
    return World(world.name + RENAMED, gallery, world.asking)


def _as_one(world: World) -> World:
    return World(
        world.name + AS_ONE, [replace(s, category="our things") for s in world.gallery], world.asking
    )


def search_world(
    world: World, encoder: RememberingEncoder, folder: Path, shelves: int, seed: int
) -> evidence.Lines:
    """The rows of `evidence.collect` of each set that asks, which name the "world" and the "set"."""
    store = store_of(world.gallery, encoder, folder / world.name)
    with store:
        return [
            {**row, "world": world.name, "set": name}
            for name, samples in world.asking.items()
            for row in evidence.collect(
                store,
                encoder,
                samples,
                shelves if name == "own" else STRANGE_SHELVES,
                (0.1, 0.3, 0.5, 0.7) if name == "own" else (0.5,),
                seed,
            )
        ]


def _strangers(part: str, root: str | Path | None) -> dict[str, list[Sample]]:
    """Photos that show nothing of another world's catalogue, without their identities."""
    source = "val" if part == "test" else "train"
    clothes = [s for s in clothing.load(root) if s.split == source and s.category]
    people = [s for s in street.load(root) if s.split == source]
    found = {"clothing": clothes, "street": people, "groceries": grocery.photos(part, root)}
    shelf = {sample.image for sample in _clothes_at_home(root)}
    return {
        name: [_stranger(s) for s in _spread([s for s in samples if s.image not in shelf], STRANGERS)]
        for name, samples in found.items()
    }


def _stranger(sample: Sample) -> Sample:
    return Sample(sample.image, sample.split, "street", licence=sample.licence)


def _clothes_at_home(root: str | Path | None) -> list[Sample]:
    """A shelf of photos of train, each a product of its own."""
    known = [s for s in clothing.load(root) if s.split == "train" and s.category]
    ordered = sorted(known, key=lambda s: hashlib.sha256(s.image.name.encode()).digest())[:SHELF]
    return [Sample(s.image, s.split, "shop", s.image.stem, s.category, licence=s.licence) for s in ordered]


def _limited(world: World, limit: int | None) -> World:
    asking = {name: _spread(samples, limit or len(samples)) for name, samples in world.asking.items()}
    return World(world.name, world.gallery, asking)


def _spread(samples: Sequence[Sample], count: int) -> list[Sample]:
    """``count`` of them, spread over all."""
    step = max(1, len(samples) // max(1, count))
    return list(samples[::step][:count])
