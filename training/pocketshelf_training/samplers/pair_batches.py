"""Batches of pairs: pictures that lie on the device, and pairs that are made for the batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.samplers import device_dressing, device_views
from pocketshelf_training.samplers.device_dressing import Drawn, Wardrobe
from pocketshelf_training.samplers.resident import Pairs, Resident

__all__ = ["Batch", "Pictures", "Step"]

# Of the shop's pictures that are to be found as if they were photos.
PASTED = 0.5
# Of the garments whose owner's photo there is, those whose gallery picture it is.
LAID = 0.5
PART = 176


class Step(NamedTuple):
    """What a batch is made of.

    Attributes:
        rows: of the pictures, int64 (2, n).
        worn, placed: of the wardrobe; none are made where it is None.
        parts: rows of pictures of which a part is a thing, int64 (k,).
        seed: of all that is drawn on the device.
    """

    rows: Tensor
    worn: Drawn | None
    placed: Drawn | None
    parts: Tensor
    seed: int


class Batch(NamedTuple):
    """Pairs of pictures, the first ones before the second ones.

    Attributes:
        images: uint8 (2 n, s, s, 3).
        things: int64 (n,): which thing a pair shows.
        categories: int64 (2 n,): -1 where it is not known.
        resident: int64 (k,): which of the images lie in memory.
        rows: int64 (k,): where those lie.
    """

    images: Tensor
    things: Tensor
    categories: Tensor
    resident: Tensor
    rows: Tensor


class Pictures:
    """All pictures on the device, and what is made of them.

    Args:
        wardrobe: what is worn and placed; None: nothing is.
        categories: their names, as ``known.categories`` counts them.
    """

    def __init__(
        self, known: Resident, device: torch.device, wardrobe: Wardrobe | None, categories: Sequence[str]
    ) -> None:
        self.device, self.wardrobe = device, wardrobe
        self.images = known.images.to(device)
        self.things = torch.from_numpy(known.things).to(device)
        self.categories = torch.from_numpy(known.categories).to(device)
        self.shop = torch.from_numpy(known.shop).to(device)
        self.photos = torch.nonzero(~self.shop)[:, 0]
        self.count = len(known)
        self.photo_rows = np.flatnonzero(~known.shop)
        if wardrobe is not None:
            rows = {str(name): row for row, name in enumerate(known.files)}
            laid = [rows.get(str(name), -1) if name else -1 for name in wardrobe.photos]
            number = {name: index for index, name in enumerate(categories)}
            kinds = [number.get(str(name), -1) for name in wardrobe.categories]
            self.laid = torch.tensor(laid, device=device)
            self.flat_categories = torch.tensor(kinds, device=device)

    def step(self, pairs: Pairs, made: Mapping[str, int], seed: int) -> Step:
        """Draw a batch: ``made`` says how many are worn, placed, and parts of photos."""
        rng = np.random.default_rng(seed)
        rows = torch.from_numpy(pairs.draw(rng))
        parts = rng.choice(self.photo_rows, min(made["parts"], len(self.photo_rows)), replace=False)
        worn = self.wardrobe.draw(rng, made["worn"]) if self.wardrobe and made["worn"] else None
        placed = self.wardrobe.draw(rng, made["placed"]) if self.wardrobe and made["placed"] else None
        return Step(rows, worn, placed, torch.from_numpy(parts), seed)

    def shown(self, step: Step, rng: torch.Generator) -> Batch:
        """The pictures of a batch on the device."""
        size = self.images.shape[1]
        first, second = step.rows
        pairs = [(self._in_other_places(self.images[first], first, rng), self.images[second])]
        things = [self.things[first]]
        categories = [(self.categories[first], self.categories[second])]
        if step.worn is not None:
            one, other, same = self._dressed(step.worn, size, rng)
            pairs.append((one, other))
            things.append(same)
            categories.append((self.flat_categories[step.worn.flats],) * 2)
        if step.placed is not None and self.wardrobe is not None:
            cloth, mask = self.wardrobe.cloth(step.placed, rng), self.wardrobe.mask(step.placed)
            pairs.append(self._placed(cloth, mask, self.wardrobe.aspects[step.placed.flats], size, rng))
            things.append(self._new(len(cloth), 2))
            categories.append((self.flat_categories[step.placed.flats],) * 2)
        if len(step.parts):
            cloth, mask = device_dressing.blobs(self.images[step.parts], PART, rng)
            shapes = device_views.uniform(rng, 0.7, 1.4, len(cloth))
            pairs.append(self._placed(cloth, mask, shapes, size, rng))
            things.append(self._new(len(cloth), 3))
            categories.append((torch.full((len(cloth),), -1, device=self.device),) * 2)
        images = torch.cat([torch.cat(side) for side in zip(*pairs, strict=True)])
        at = torch.arange(len(first), device=self.device)
        return Batch(
            images,
            torch.cat(things),
            torch.cat([torch.cat(side) for side in zip(*categories, strict=True)]),
            torch.cat([at, at + len(images) // 2]),
            step.rows.flatten(),
        )

    def _new(self, n: int, kind: int) -> Tensor:
        """Things that no other picture shows."""
        return self.count * (2 + kind) + torch.arange(n, device=self.device)

    def _in_other_places(self, images: Tensor, rows: Tensor, rng: torch.Generator) -> Tensor:
        """Half of the shop's pictures stand in other places."""
        chance = torch.rand(len(rows), generator=rng, device=self.device) < PASTED
        chosen = torch.nonzero(self.shop[rows] & chance)[:, 0]
        if len(chosen):
            images[chosen] = device_views.pasted(images[chosen], self._grounds(len(chosen), rng), rng)
        return images

    def _grounds(self, n: int, rng: torch.Generator) -> Tensor:
        drawn = torch.randint(len(self.photos), (n,), generator=rng, device=self.device)
        return self.images[self.photos[drawn]]

    def _dressed(self, drawn: Drawn, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Garments worn, the same as they lie, and which things they are."""
        assert self.wardrobe is not None
        cloth, mask = self.wardrobe.cloth(drawn, rng), self.wardrobe.mask(drawn)
        worn = self.wardrobe.worn(cloth, drawn, size, rng)
        lies = device_dressing.on_white(cloth, mask, self.wardrobe.aspects[drawn.flats], size, rng)
        rows, new = self.laid[drawn.flats], self._new(len(cloth), 1)
        own = (drawn.kinds == 0) & (rows >= 0)
        chance = torch.rand(len(cloth), generator=rng, device=self.device) < LAID
        chosen = torch.nonzero(own & chance)[:, 0]
        lies[chosen] = self.images[rows[chosen]]
        return worn, lies, torch.where(own, self.things[rows.clamp(min=0)], new)

    def _placed(
        self, cloth: Tensor, mask: Tensor, aspects: Tensor, size: int, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Things in other places, and the same on white; a third of the latter elsewhere, too."""
        there = device_dressing.placed(cloth, mask, aspects, self._grounds(len(cloth), rng), rng)
        white = device_dressing.on_white(cloth, mask, aspects, size, rng)
        third = len(cloth) // 3
        if third:
            again = self._grounds(third, rng)
            white[:third] = device_dressing.placed(cloth[:third], mask[:third], aspects[:third], again, rng)
        return there, white
