"""Tables of garments with a known rule: what is worn together has related vectors, strangers' have not."""

from __future__ import annotations

import numpy as np

from pocketshelf_training.outfits.garments import Garments
from pocketshelf_training.outfits.pairing import Outfits
from pocketshelf_training.outfits.street import StreetOutfits

GROUPS = ("upper", "trousers", "footwear")


def table(photos: int, vectors: np.ndarray, split: str = "train", first: int = 0) -> Garments:
    """``photos`` photos with one garment of each of `GROUPS`, rows as those of ``vectors``; no palettes."""
    count = photos * len(GROUPS)
    names = np.repeat([f"{first + n:04}.jpg" for n in range(photos)], len(GROUPS))
    groups = np.array(GROUPS * photos)
    return Garments(
        photos=names,
        splits=np.full(count, split),
        groups=groups,
        labels=groups,
        boxes=np.tile(np.array([0, 0, 40, 50], np.float32), (count, 1)),
        scores=np.ones(count, np.float32),
        vectors=vectors.astype(np.float32),
        colours=np.abs(vectors).astype(np.float32),
        palettes=np.full(count, ""),
    )


def related(photos: int, seed: int = 0, noise: float = 0.3, split: str = "train", first: int = 0) -> Garments:
    """Each photo has a style of 4 numbers; each type shows it in its own subspace, among chance."""
    rng = np.random.default_rng(seed)
    shown = np.random.default_rng(99).normal(size=(len(GROUPS), 4, 24))
    style = rng.normal(size=(photos, 4))
    clean = np.einsum("ps,gsd->pgd", style, shown).reshape(-1, 24)
    vectors = clean + noise * 3 * rng.normal(size=clean.shape)
    return table(photos, vectors / np.linalg.norm(vectors, axis=1, keepdims=True), split, first)


def worn_together(photos: int, seed: int = 0) -> np.ndarray:
    """Palettes of a table's rows: each type has a colour of its own in each of four styles, one a photo."""
    shown = {
        "upper": ("aa2211", "22aa11", "1122aa", "333333"),
        "trousers": ("ccbb11", "5533aa", "ffffff", "11bbcc"),
        "footwear": ("884422", "ee66bb", "777777", "0a4a1a"),
    }
    styles = np.random.default_rng(seed).integers(4, size=photos)
    return np.array([f"{shown[group][style]}:80 c9c9c9:20" for style in styles for group in GROUPS])


def street(garments: Garments) -> StreetOutfits:
    """Both forms the same."""
    return StreetOutfits(Outfits(garments), Outfits(garments))
