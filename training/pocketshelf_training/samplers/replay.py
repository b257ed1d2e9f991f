"""Pictures that took long to make, seen several times, each time otherwise.

A GPU learns faster than processors paste, crop and blur. So what they made lies in a pool on the device, and
a batch is drawn from it: parts of the pictures, mirrored, in another light (repeated augmentation: Hoffer et
al., "Augment your batch", CVPR 2020), with their boxes.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.samplers.device_views import chosen, coloured, softened, uniform
from pocketshelf_training.samplers.mixture_batches import Batch
from pocketshelf_training.samplers.pictures import SHOWN, SMALLEST

__all__ = ["LARGER", "Replay", "looks", "replayed"]

# The pictures of the pool are larger than what is drawn, by this factor.
LARGER = 1.25
# Boxes kept of a picture; a mosaic of four outfits has some forty.
MOST = 64


class Replay:
    """A pool of pictures of one size, the oldest replaced first.

    Each epoch has one of its own, so that a killed run goes on as it would have.

    Args:
        capacity: in pictures.
        seed: (seed, epoch), of what is drawn.
    """

    def __init__(self, capacity: int, seed: tuple[int, int], device: torch.device) -> None:
        self.capacity, self.device = capacity, device
        (number,) = np.random.SeedSequence(seed).generate_state(1)
        self.rng = torch.Generator(device).manual_seed(int(number))
        self.images: Tensor | None = None
        self.count = self.next = 0

    def add(self, made: Batch) -> None:
        """Put a batch of square pictures into the pool, which copies them."""
        if self.images is None:
            self.images = made.images.new_empty((self.capacity, *made.images.shape[1:]), device=self.device)
            self.boxes = torch.zeros(self.capacity, MOST, 4, device=self.device)
            self.groups = torch.full((self.capacity, MOST), -1, dtype=torch.long, device=self.device)
        rows = torch.arange(self.next, self.next + len(made.images), device=self.device) % self.capacity
        shown = min(MOST, made.boxes.shape[1])
        self.images[rows] = made.images.to(self.device, non_blocking=True)
        self.groups[rows] = -1
        self.boxes[rows, :shown] = made.boxes[:, :shown].to(self.device)
        self.groups[rows, :shown] = made.groups[:, :shown].to(self.device)
        self.next = (self.next + len(rows)) % self.capacity
        self.count = min(self.capacity, self.count + len(rows))

    def draw(self, count: int, size: int, strength: float) -> Batch:
        """A batch of looks at pictures of the pool, of ``size``; see `looks`."""
        assert self.images is not None
        rows = torch.randint(self.count, (count,), generator=self.rng, device=self.device)
        made = Batch(self.images[rows], self.boxes[rows], self.groups[rows])
        return looks(made, size, strength, self.rng)


def replayed(made: Iterator[Batch], times: int, size: int, strength: float, pool: Replay) -> Iterator[Batch]:
    """For each batch that was made, ``times`` of its length from the pool; see `looks`."""
    for batch in made:
        pool.add(batch)
        for _ in range(times):
            yield pool.draw(len(batch.images), size, strength)


def looks(made: Batch, size: int, strength: float, rng: torch.Generator) -> Batch:
    """A random part of each picture, squashed to a square of ``size``, half of them mirrored.

    Args:
        strength: 1 down to 0.6 of the sides and other light; 0 nearly all of it, as it is.
        rng: on the pictures' device.

    Returns:
        uint8 pictures (n, size, size, 3); a box that hardly shows has the group -1.
    """
    n, side = len(made.images), made.images.shape[1]
    share = uniform(rng, 0.9 - 0.3 * strength, 1.0, n)
    stretch = uniform(rng, -0.2, 0.2, n).mul(strength).exp()
    half = torch.stack([share * stretch, share / stretch], 1).clamp(max=1)
    half = torch.where(chosen(rng, n, 0.4)[:, None] > 0, torch.ones_like(half), half)
    centre = (1 - half) * uniform(rng, -1, 1, n, 2)
    mirror = 1 - 2 * chosen(rng, n, 0.5)
    affine = torch.zeros(n, 2, 3, device=rng.device)
    affine[:, 0, 0], affine[:, 1, 1] = half[:, 0] * mirror, half[:, 1]
    affine[:, :, 2] = centre
    grid = functional.affine_grid(affine, [n, 3, size, size], align_corners=False)
    pixels = made.images.permute(0, 3, 1, 2).to(torch.float32)
    pixels = functional.grid_sample(pixels, grid, padding_mode="border", align_corners=False)
    pixels = softened(coloured(pixels, 0.05 + 0.2 * strength, rng), rng, 0.1 * strength)
    # Corners in -1..1 of the picture, then of the part.
    corners = (made.boxes / side * 2 - 1 - centre.repeat(1, 2)[:, None]) / half.repeat(1, 2)[:, None]
    x0, y0, x1, y1 = corners.unbind(-1)
    turned = mirror[:, None] < 0
    x0, x1 = torch.where(turned, -x1, x0), torch.where(turned, -x0, x1)
    whole = (torch.stack([x0, y0, x1, y1], -1) + 1) * (size / 2)
    cut = whole.clamp(0, size)
    sides, full = cut[..., 2:] - cut[..., :2], whole[..., 2:] - whole[..., :2]
    shown = (sides.amin(-1) >= SMALLEST) & (sides.prod(-1) >= SHOWN * full.prod(-1))
    groups = torch.where(shown, made.groups, torch.full_like(made.groups, -1))
    boxes = torch.where((groups >= 0)[..., None], cut, torch.zeros_like(cut))
    images = pixels.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1)
    return Batch(images, boxes, groups)
