"""All pictures of a training in memory as one tensor, and pairs of pictures of the same thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.compute import ahead

__all__ = ["Pairs", "Resident", "read"]

STORED = 256
# Of the pairs of a thing that has both, those of two customers' photos; the others have a shop's picture.
BOTH_PHOTOS = 0.3
CHUNK = 32


@dataclass(frozen=True)
class Resident:
    """Pictures and what they show.

    Attributes:
        images: uint8 (n, s, s, 3).
        things: int64 (n,): equal for pictures of the same thing.
        shop: bool (n,): a shop's picture.
        categories: int64 (n,): -1 where it is not known.
        sources: int64 (n,): which source each is of.
        identities: (n,): what the source calls the thing; "" where it has no name.
        files: (n,): the pictures' names.
    """

    images: Tensor
    things: np.ndarray
    shop: np.ndarray
    categories: np.ndarray
    sources: np.ndarray
    identities: np.ndarray
    files: np.ndarray

    def __len__(self) -> int:
        return len(self.things)

    def only(self, kept: np.ndarray) -> Resident:
        """Some of the pictures, bool (n,)."""
        rest = {f.name: getattr(self, f.name)[kept] for f in fields(self) if f.name != "images"}
        return Resident(self.images[torch.from_numpy(kept)], **rest)


def read(
    sources: Sequence[Sequence[Sample]], categories: Sequence[str], workers: int = 0, size: int = STORED
) -> Resident:
    """Read all pictures; a sample without an identity is a thing of its own.

    Args:
        sources: their samples; identities are told apart by source.
        categories: names; others are not known.
        size: at which they are kept, in pixels.

    Raises:
        PhotoError: a picture cannot be read.
    """
    samples = [(number, sample) for number, source in enumerate(sources) for sample in source]
    names = [(number, s.identity or str(s.image)) for number, s in samples]
    things = {name: index for index, name in enumerate(dict.fromkeys(names))}
    known = {name: index for index, name in enumerate(categories)}
    stored = Preprocessing((size, size))

    def pictures(start: int) -> Tensor:
        chosen = samples[start : start + CHUNK]
        shown = [network_input(decode_photo(s.image).pixels, stored) for _, s in chosen]
        return torch.from_numpy(np.stack(shown))

    return Resident(
        torch.cat(list(ahead(pictures, range(0, len(samples), CHUNK), workers))),
        np.array([things[name] for name in names]),
        np.array([s.domain == "shop" for _, s in samples]),
        np.array([known.get(s.category or "", -1) for _, s in samples]),
        np.array([number for number, _ in samples]),
        np.array([s.identity or "" for _, s in samples]),
        np.array([s.image.name for _, s in samples]),
    )


class Pairs:
    """Draws two pictures of each of some things, a fixed number of things of every source.

    Args:
        resident: the pictures.
        share: of each source, how many things a batch has.
    """

    def __init__(self, resident: Resident, share: Sequence[int]) -> None:
        self.resident, self.share = resident, tuple(share)
        self.rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        order = np.argsort(resident.things, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(resident.things[order])) + 1):
            shop = resident.shop[rows]
            self.rows[int(resident.things[rows[0]])] = (rows[~shop], rows[shop])
        self.things = [np.unique(resident.things[resident.sources == n]) for n in range(len(share))]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Rows of the pictures, (2, pairs); a thing with one picture is drawn with itself."""
        chosen = [
            rng.choice(there, min(count, len(there)), replace=False)
            for count, there in zip(self.share, self.things, strict=True)
        ]
        return np.array([self._pair(int(thing), rng) for thing in np.concatenate(chosen)]).T

    def _pair(self, thing: int, rng: np.random.Generator) -> tuple[int, int]:
        photos, shop = self.rows[thing]
        if len(photos) and len(shop) and (len(photos) < 2 or rng.random() > BOTH_PHOTOS):
            return int(photos[rng.integers(len(photos))]), int(shop[rng.integers(len(shop))])
        many = photos if len(photos) > 1 or not len(shop) else shop
        if len(many) == 1:
            return int(many[0]), int(many[0])
        one = int(rng.integers(len(many)))
        other = (one + 1 + int(rng.integers(len(many) - 1))) % len(many)
        return int(many[one]), int(many[other])
