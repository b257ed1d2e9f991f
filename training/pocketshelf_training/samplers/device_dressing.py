"""Garments put on people, things put in other places, all on the device and anew in every batch.

What `prepare dressed` and `prepare composites` do a picture at a time. A garment is bent to the outline of
what somebody wears, row by row, and shaded with its folds; arms, hair and bags stay before it. Its colour may
be another one, or its fabric: then it is another thing, a hard negative of the garment as it is.
**Synthetic**: the cloth is real, the fit is not.
"""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.data.wardrobe import FLAT_SIDE, PERSON_SIDE, PROFILE, load
from pocketshelf_training.samplers.device_views import uniform

__all__ = ["Drawn", "Wardrobe", "blobs", "on_white", "placed"]

# Of the garments drawn: as they are; in another colour; the rest in another fabric.
OWN, RECOLOURED = 0.5, 0.85
SHADE = (0.45, 1.6)


class Drawn(NamedTuple):
    """Which garments, in which kind (0 own, 1 recoloured, 2 printed), and who wears them; int64 (n,)."""

    flats: Tensor
    kinds: Tensor
    people: Tensor


class Wardrobe:
    """What `prepare wardrobe` made, on a device.

    Args:
        folder: of ``wardrobe-train.npz``.
        fabrics: uint8 (t, s, s, 3), close-ups; none: no garment is printed.

    Raises:
        DataMissing: there is no such file.
    """

    def __init__(self, folder: Path, device: torch.device, fabrics: Tensor | None = None) -> None:
        columns = load(folder)
        self.device, self.fabrics = device, fabrics
        self.names, self.photos = columns["flat_name"], columns["flat_photo"]
        self.categories = columns["flat_category"]
        self.flats = _pictures(columns, "flat").to(device)
        self.flat_masks = _masks(columns["flat_mask"], FLAT_SIDE).to(device)
        self.flat_profiles = torch.from_numpy(columns["flat_profile"].astype(np.float32)).to(device)
        self.aspects = torch.from_numpy(columns["flat_aspect"]).to(device)
        self.people = _pictures(columns, "person").to(device)
        self.person_masks = _masks(columns["person_mask"], PERSON_SIDE).to(device)
        self.person_profiles = torch.from_numpy(columns["person_profile"].astype(np.float32)).to(device)
        self.person_rows = torch.from_numpy(columns["person_rows"].astype(np.float32)).to(device)
        self.boxes = torch.from_numpy(columns["person_box"]).to(device)
        worn = {g: np.flatnonzero(columns["person_group"] == g) for g in set(columns["person_group"])}
        self.able = np.flatnonzero([group in worn for group in columns["flat_group"]])
        self.wearers = [worn.get(group) for group in columns["flat_group"]]

    def draw(self, rng: np.random.Generator, count: int) -> Drawn:
        """``count`` garments on people; of a third of them a second one that differs in colour or fabric."""
        base = rng.choice(self.able, min(len(self.able), math.ceil(count * 0.75)), replace=False)
        again = rng.choice(base, max(0, count - len(base)), replace=count > 2 * len(base))
        flats = np.concatenate([base, again])
        chance = rng.random(len(flats))
        kinds = (chance > OWN).astype(np.int64) + (chance > RECOLOURED)
        # The second of a garment is never the garment as it is.
        kinds[len(base) :] = 1 + (rng.random(len(again)) > 0.6)
        if self.fabrics is None:
            kinds = np.minimum(kinds, 1)
        people = [self.wearers[flat][rng.integers(len(self.wearers[flat]))] for flat in flats]  # type: ignore[index, arg-type]
        return Drawn(torch.from_numpy(flats), torch.from_numpy(kinds), torch.from_numpy(np.array(people)))

    def cloth(self, drawn: Drawn, rng: torch.Generator) -> Tensor:
        """The garments' colours as they are drawn, float (n, 3, 176, 176) in 0..255, filled beyond their
        outline."""
        x = self.flats[drawn.flats].permute(0, 3, 1, 2).to(torch.float32)
        kinds = drawn.kinds[:, None, None, None]
        x = torch.where(kinds == 1, _recoloured(x, rng), x)
        if self.fabrics is not None:
            x = torch.where(kinds == 2, self._printed(x, rng), x)
        return x

    def mask(self, drawn: Drawn) -> Tensor:
        """Float (n, 1, 176, 176): where the garments are."""
        return self.flat_masks[drawn.flats][:, None].to(torch.float32)

    def worn(self, cloth: Tensor, drawn: Drawn, size: int, rng: torch.Generator) -> Tensor:
        """The garments on their people, uint8 (n, size, size, 3), cut around them."""
        n, who = len(cloth), drawn.people
        photo = self.people[who].permute(0, 3, 1, 2).to(torch.float32)
        mask = self.person_masks[who][:, None].to(torch.float32)
        grid = self._bent(drawn)
        bent = functional.grid_sample(cloth, grid, padding_mode="border", align_corners=True)
        bent = bent * _folds(photo, mask, rng)
        soft = _blurred(mask, 0.8)
        shown = soft * bent + (1 - soft) * photo
        return _cut(shown.clamp(0, 255), self._around(who, n, rng), size)

    def _bent(self, drawn: Drawn) -> Tensor:
        """For each pixel of each person where in the flat garment it comes from, (n, s, s, 2) in -1..1."""
        y = torch.arange(PERSON_SIDE, device=self.device, dtype=torch.float32)
        first, last = self.person_rows[drawn.people].split(1, 1)
        down = ((y - first) / (last - first).clamp(min=1)).clamp(0, 1)
        at = down * (PROFILE - 1)
        low = at.floor().long().clamp(max=PROFILE - 2)
        share = at - low
        ends = [
            torch.lerp(side.gather(1, low), side.gather(1, low + 1), share)
            for side in self.flat_profiles[drawn.flats].unbind(1)
        ]
        left, right = self.person_profiles[drawn.people].unbind(1)
        across = (y[None, None] - left[:, :, None]) / (right - left).clamp(min=1)[:, :, None]
        columns = ends[0][:, :, None] + across * (ends[1] - ends[0])[:, :, None]
        return torch.stack([columns * 2 - 1, (down * 2 - 1)[:, :, None].expand_as(columns)], -1)

    def _around(self, who: Tensor, n: int, rng: torch.Generator) -> Tensor:
        """Windows (n, 4): left, top, right, bottom in 0..1, of the box and some of what is around it."""
        x, y, w, h = self.boxes[who].unbind(1)
        more = 0.6 * uniform(rng, 0, 1, n, 4) ** 1.5
        return torch.stack(
            [x - more[:, 0] * w, y - more[:, 1] * h, x + w + more[:, 2] * w, y + h + more[:, 3] * h], 1
        ).clamp(0, 1)

    def _printed(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Another fabric with the garment's own light and shade."""
        n, size = len(x), x.shape[-1]
        assert self.fabrics is not None
        chosen = torch.randint(len(self.fabrics), (n,), generator=rng, device=self.device)
        tile = self.fabrics[chosen].permute(0, 3, 1, 2).to(torch.float32)
        affine = torch.zeros(n, 2, 3, device=self.device)
        affine[:, 0, 0] = affine[:, 1, 1] = uniform(rng, 1.2, 3.5, n)
        grid = functional.affine_grid(affine, [n, 3, size, size], align_corners=False)
        fabric = functional.grid_sample(tile, grid, padding_mode="reflection", align_corners=False)
        light = _blurred(x.mean(1, keepdim=True), 2.0)
        return fabric * ((light + 30) / (light.mean((2, 3), keepdim=True) + 30)).clamp(0.5, 1.5)


def _pictures(columns: dict[str, Any], what: str) -> Tensor:
    ends = np.cumsum(columns[f"{what}_length"])
    content = columns[f"{what}_pictures"].tobytes()

    def picture(number: int) -> np.ndarray:
        start = ends[number] - columns[f"{what}_length"][number]
        return np.asarray(Image.open(io.BytesIO(content[start : ends[number]]), formats=("WEBP",)))

    with ThreadPoolExecutor() as pool:
        return torch.from_numpy(np.stack(list(pool.map(picture, range(len(ends))))))


def _masks(packed: np.ndarray, side: int) -> Tensor:
    return torch.from_numpy(np.unpackbits(packed, axis=1).reshape(-1, side, side))


def _recoloured(x: Tensor, rng: torch.Generator) -> Tensor:
    """The same cut and print in another colour: hues turned by 60 to 300 degrees, tinted, lighter, darker."""
    n = len(x)
    angle = uniform(rng, math.pi / 3, 5 * math.pi / 3, n)
    cos, sin = angle.cos(), angle.sin()
    root, whole = math.sqrt(1 / 3), (1 - cos) / 3
    down, up = whole - root * sin, whole + root * sin
    turn = torch.stack(
        [cos + whole, down, up, up, cos + whole, down, down, up, cos + whole],
        1,
    ).view(n, 3, 3)
    light = x.mean(1, keepdim=True)
    colour = torch.einsum("nij,njhw->nihw", turn, x - light) * uniform(rng, 0.8, 1.3, n, 1, 1, 1)
    # What is grey gets a colour, what is black or white another brightness.
    middle = light.mean((2, 3), keepdim=True)
    target = uniform(rng, 40, 210, n, 1, 1, 1)
    light = (light - middle) * 0.9 + torch.lerp(middle, target, uniform(rng, 0.3, 1.0, n, 1, 1, 1))
    hue = uniform(rng, 0, 2 * math.pi, n)
    tint = torch.stack([(hue + 2 * math.pi * k / 3).cos() for k in range(3)], 1)[:, :, None, None]
    return (light + colour + tint * uniform(rng, 0, 0.45, n, 1, 1, 1) * light).clamp(0, 255)


def _folds(photo: Tensor, mask: Tensor, rng: torch.Generator) -> Tensor:
    """What light does on worn garments (n, 1, s, s), about 1: their own brightness without fine prints."""
    n = len(photo)
    light = photo.mean(1, keepdim=True)
    sigma = float(1.5 + 2.5 * torch.rand((), generator=rng, device=rng.device))
    soft = _blurred(light * mask, sigma) / _blurred(mask, sigma).clamp(min=1e-3)
    middle = (soft * mask).sum((2, 3), keepdim=True) / mask.sum((2, 3), keepdim=True).clamp(min=1)
    ratio = (soft + 20) / (middle + 20)
    shade = ratio.clamp(min=1e-3) ** uniform(rng, 0.5, 0.9, n, 1, 1, 1)
    return shade.clamp(*SHADE) * uniform(rng, 0.75, 1.15, n, 1, 1, 1)


def _blurred(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of (n, 1, h, w)."""
    reach = max(1, math.ceil(2.5 * sigma))
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=x.dtype)
    kernel = (-(at**2) / (2 * sigma**2)).exp()
    kernel = kernel / kernel.sum()
    x = functional.conv2d(functional.pad(x, (reach, reach, 0, 0), "replicate"), kernel.view(1, 1, 1, -1))
    return functional.conv2d(functional.pad(x, (0, 0, reach, reach), "replicate"), kernel.view(1, 1, -1, 1))


def _cut(x: Tensor, windows: Tensor, size: int) -> Tensor:
    """Windows (n, 4) in 0..1 of float pictures (n, 3, s, s), uint8 (n, size, size, 3)."""
    affine = torch.zeros(len(x), 2, 3, device=x.device)
    affine[:, 0, 0], affine[:, 1, 1] = windows[:, 2] - windows[:, 0], windows[:, 3] - windows[:, 1]
    affine[:, :, 2] = windows[:, :2] + windows[:, 2:] - 1
    grid = functional.affine_grid(affine, [len(x), 3, size, size], align_corners=False)
    return _stored(functional.grid_sample(x, grid, padding_mode="border", align_corners=False))


def _stored(x: Tensor) -> Tensor:
    return x.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def on_white(cloth: Tensor, mask: Tensor, aspects: Tensor, size: int, rng: torch.Generator) -> Tensor:
    """Things as a shop shows them, uint8 (n, size, size, 3): on white or nearly so, with little around them.

    Args:
        cloth: float (n, 3, s, s), stretched to a square; mask: float (n, 1, s, s).
        aspects: (n,) width over height.
    """
    n = len(cloth)
    margin = uniform(rng, 1.04, 1.35, n)
    # Half of them in a square frame, half in one of their own shape.
    square = torch.rand(n, generator=rng, device=rng.device) < 0.5
    wide = torch.where(square, (1 / aspects).clamp(min=1), 1.0) * margin
    high = torch.where(square, aspects.clamp(min=1), 1.0) * margin
    affine = torch.zeros(n, 2, 3, device=cloth.device)
    affine[:, 0, 0], affine[:, 1, 1] = wide, high
    grid = functional.affine_grid(affine, [n, 4, size, size], align_corners=False)
    moved = functional.grid_sample(torch.cat([cloth * mask, mask], 1), grid, align_corners=False)
    ground = uniform(rng, 225, 255, n, 1, 1, 1).clamp(max=250) + 5
    return _stored(moved[:, :3] + (1 - moved[:, 3:]) * ground)


def placed(cloth: Tensor, mask: Tensor, aspects: Tensor, grounds: Tensor, rng: torch.Generator) -> Tensor:
    """Things in other places, uint8 like ``grounds`` (n, s, s, 3): smaller, turned, moved, with a shadow."""
    n, size = len(cloth), grounds.shape[1]
    scale = uniform(rng, 0.4, 0.95, n)
    wide, high = scale * aspects.sqrt().clamp(max=1.25), scale / aspects.sqrt().clamp(min=0.8)
    turn = uniform(rng, -1, 1, n) * math.radians(40)
    shift = (1 - scale)[:, None] * uniform(rng, -1, 1, n, 2)
    cos, sin = turn.cos(), turn.sin()
    affine = torch.stack(
        [
            torch.stack([cos / wide, sin / wide, -(cos * shift[:, 0] + sin * shift[:, 1]) / wide], 1),
            torch.stack([-sin / high, cos / high, (sin * shift[:, 0] - cos * shift[:, 1]) / high], 1),
        ],
        1,
    )
    grid = functional.affine_grid(affine, [n, 4, size, size], align_corners=False)
    moved = functional.grid_sample(torch.cat([cloth * mask, mask], 1), grid, align_corners=False)
    alpha = moved[:, 3:]
    offset = (size // 40, size // 25)
    shadow = _blurred(alpha, 4.0).roll(offset, (2, 3)) * uniform(rng, 0.0, 0.6, n, 1, 1, 1)
    ground = grounds.permute(0, 3, 1, 2).to(torch.float32) * (1 - shadow)
    light = uniform(rng, 0.7, 1.2, n, 1, 1, 1)
    return _stored(moved[:, :3] * light + (1 - alpha) * ground)


def blobs(images: Tensor, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Parts of pictures as if they were things: colours (n, 3, size, size) and mask (n, 1, size, size).

    Nobody knows what they show; they are told from one another by their look alone, wherever they are.
    """
    n = len(images)
    side = uniform(rng, 0.35, 0.8, n)
    centre = (1 - side)[:, None] * uniform(rng, -1, 1, n, 2)
    affine = torch.zeros(n, 2, 3, device=images.device)
    affine[:, 0, 0] = affine[:, 1, 1] = side
    affine[:, :, 2] = centre
    x = images.permute(0, 3, 1, 2).to(torch.float32)
    grid = functional.affine_grid(affine, [n, 3, size, size], align_corners=False)
    cloth = functional.grid_sample(x, grid, align_corners=False)
    at = torch.linspace(-1, 1, size, device=images.device)
    y, x = torch.meshgrid(at, at, indexing="ij")
    angle = torch.atan2(y, x)
    power = uniform(rng, 1.5, 6.0, n, 1, 1)
    radius = (y.abs()[None] ** power + x.abs()[None] ** power) ** (1 / power)
    wave = sum(
        uniform(rng, 0, 0.12, n, 1, 1) * (k * angle[None] + uniform(rng, 0, 2 * math.pi, n, 1, 1)).sin()
        for k in (2, 3, 5)
    )
    return cloth, (radius < 0.92 + wave).to(torch.float32)[:, None]
