"""What happens to a training picture between the shelf and the network.

Geometry goes through the same `resize_crop` that the SDK uses; colour is done on the batch.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pocketshelf.stages.preprocess import resize_crop
from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = [
    "PERMUTATIONS",
    "colour_jitter",
    "random_erasing",
    "random_view",
    "rim_colour",
    "shop_on_background",
    "training_input",
]

# Orders of the colour channels; the first changes nothing.
PERMUTATIONS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))


def rim_colour(pixels: np.ndarray) -> tuple[int, ...]:
    """The median of the top and the bottom row of uint8 (h, w, 3): what a turn brings in at the corners."""
    return tuple(int(v) for v in np.median(pixels[:: max(1, len(pixels) - 1)].reshape(-1, 3), axis=0))


def random_view(
    pixels: np.ndarray, size: int, rng: np.random.Generator, smallest: float = 0.3, rotate: float = 15.0
) -> np.ndarray:
    """A random crop (area share ``smallest`` to 1, aspect 3:4 to 4:3), flip and turn (degrees).

    Args:
        pixels: uint8 (h, w, 3).

    Returns:
        uint8 (size, size, 3).
    """
    if rotate and rng.random() < 0.4:
        angle = rng.uniform(-rotate, rotate)
        turned = Image.fromarray(pixels).rotate(
            angle, Image.Resampling.BILINEAR, fillcolor=rim_colour(pixels)
        )
        pixels = np.asarray(turned)
    height, width = pixels.shape[:2]
    area = width * height * rng.uniform(smallest, 1.0)
    aspect = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
    w, h = min(width, math.sqrt(area * aspect)), min(height, math.sqrt(area / aspect))
    x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    view = resize_crop(pixels, (x, y, w, h), (size, size))
    return view[:, ::-1] if rng.random() < 0.5 else view


def shop_on_background(
    picture: np.ndarray, background: np.ndarray, rng: np.random.Generator, threshold: int = 244
) -> np.ndarray:
    """Put a shop picture's cut-out (its white ground removed) on part of a real photo.

    The ground is what is near white; holes inside the product that are as white go with it, which
    is harmless here: the background shows through them.
    """
    side = max(picture.shape[:2])
    ground = Image.fromarray(background).resize((side, side), Image.Resampling.BILINEAR)
    mask = (picture.min(axis=2) < threshold).astype(np.uint8) * 255
    canvas = ground.copy()
    scale = rng.uniform(0.55, 1.0)
    shape = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    piece = Image.fromarray(picture).resize(shape, Image.Resampling.BILINEAR)
    alpha = Image.fromarray(mask).resize(shape, Image.Resampling.BILINEAR)
    corner = (int(rng.integers(0, side - shape[0] + 1)), int(rng.integers(0, side - shape[1] + 1)))
    canvas.paste(piece, corner, alpha)
    return np.asarray(canvas)


def training_input(views: list[np.ndarray], rng: np.random.Generator, erased: float = 0.0) -> Tensor:
    """Views uint8 (s, s, 3) as a network learns from them: colours changed, normalised, float (n, 3, s, s).

    Args:
        erased: share of the pictures of which a rectangle is covered.
    """
    images = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2).to(torch.float32)
    images = colour_jitter(images, torch.Generator().manual_seed(int(rng.integers(2**31))))
    if erased:
        images = random_erasing(images, rng, erased)
    return images.sub_(IMAGENET_MEAN).div_(IMAGENET_STD)


def colour_jitter(x: Tensor, rng: torch.Generator, strength: float = 0.3) -> Tensor:
    """Brightness, contrast, saturation and a small colour cast, each image its own.

    Args:
        x: float (n, 3, h, w) in 0..255; changed in place.
    """
    n = x.shape[0]

    def factor(spread: float, channels: int = 1) -> Tensor:
        return 1 + spread * (2 * torch.rand((n, channels, 1, 1), generator=rng) - 1)

    x.mul_(factor(strength)).mul_(factor(0.08, 3))
    mean = x.mean((1, 2, 3), keepdim=True)
    x.sub_(mean).mul_(factor(strength)).add_(mean)
    grey = x.mean(1, keepdim=True)
    x.sub_(grey).mul_(factor(strength)).add_(grey)
    return x.clamp_(0, 255)


def random_erasing(x: Tensor, rng: np.random.Generator, share: float) -> Tensor:
    """Zhong et al., AAAI 2020: a random rectangle (2 to 20 % of the area) of some images is covered."""
    n, _, height, width = x.shape
    for index in np.flatnonzero(rng.random(n) < share):
        area = rng.uniform(0.02, 0.2) * height * width
        aspect = math.exp(rng.uniform(-1, 1))
        h, w = min(height - 1, int(math.sqrt(area * aspect))), min(width - 1, int(math.sqrt(area / aspect)))
        top, left = int(rng.integers(0, height - h)), int(rng.integers(0, width - w))
        x[index, :, top : top + h, left : left + w] = float(rng.uniform(60, 200))
    return x
