"""Views of pictures that all lie on the device: geometry and colour of a batch in a few tensor operations.

What `pocketshelf_training.samplers.views` does a picture at a time, for trainings that a GPU would
otherwise spend waiting for.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["Strength", "chosen", "coloured", "pasted", "softened", "uniform", "views"]

# A pixel of which all colours are as bright is the ground of a shop's picture.
WHITE = 244


class Strength:
    """How far a view may be from its picture.

    Args:
        smallest: area share of the smallest crop.
        turn: degrees.
        tilt: how far a corner may move, as a share of the crop's side: perspective.
        colour: spread of brightness, contrast and saturation.
        hidden: share of the views of which a rectangle is covered.
        held: share of the views that fingers hold.
    """

    def __init__(
        self,
        smallest: float = 0.3,
        turn: float = 15.0,
        tilt: float = 0.12,
        colour: float = 0.35,
        hidden: float = 0.25,
        held: float = 0.0,
    ) -> None:
        self.smallest, self.turn, self.tilt = smallest, turn, tilt
        self.colour, self.hidden, self.held = colour, hidden, held


def views(images: Tensor, size: int, strength: Strength, rng: torch.Generator) -> Tensor:
    """One random view of each picture, normalised.

    Args:
        images: uint8 (n, s, s, 3).
        size: of the views in pixels.
        rng: on the images' device.

    Returns:
        float (n, 3, size, size) in channels_last.
    """
    x = images.permute(0, 3, 1, 2).to(torch.float32)
    x = functional.grid_sample(
        x, _grids(len(x), size, strength, rng), padding_mode="reflection", align_corners=False
    )
    x = _held(x, strength.held, rng)
    x = softened(coloured(x, strength.colour, rng), rng)
    x = _covered(x, strength.hidden, rng)
    return ((x - IMAGENET_MEAN) / IMAGENET_STD).contiguous(memory_format=torch.channels_last)


def pasted(images: Tensor, grounds: Tensor, rng: torch.Generator) -> Tensor:
    """Pictures on white as things in other places: what is near white lets the ground shine through.

    Args:
        images: uint8 (n, s, s, 3); grounds: the same, any pictures.

    Returns:
        uint8 (n, s, s, 3): the thing at half to full size, moved, before its ground.
    """
    n, size = len(images), images.shape[1]
    x = images.permute(0, 3, 1, 2).to(torch.float32)
    thing = (x.amin(1, keepdim=True) < WHITE).to(torch.float32)
    scale = uniform(rng, 0.5, 1.0, n)
    shift = (1 - scale)[:, None] * uniform(rng, -1, 1, n, 2)
    affine = torch.zeros(n, 2, 3, device=x.device)
    affine[:, 0, 0] = affine[:, 1, 1] = 1 / scale
    affine[:, :, 2] = -shift / scale[:, None]
    grid = functional.affine_grid(affine, [n, 4, size, size], align_corners=False)
    moved = functional.grid_sample(torch.cat([x * thing, thing], 1), grid, align_corners=False)
    ground = grounds.permute(0, 3, 1, 2).to(torch.float32)
    shown = moved[:, :3] + (1 - moved[:, 3:]) * ground
    return shown.clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def uniform(rng: torch.Generator, low: float, high: float, *shape: int) -> Tensor:
    """Even between two bounds, on the generator's device."""
    return low + (high - low) * torch.rand(shape, generator=rng, device=rng.device)


def _grids(n: int, size: int, strength: Strength, rng: torch.Generator) -> Tensor:
    """Where each pixel of each view comes from, (n, size, size, 2) in -1..1."""
    area = uniform(rng, strength.smallest, 1.0, n)
    aspect = uniform(rng, math.log(3 / 4), math.log(4 / 3), n).exp()
    half = torch.stack([(area * aspect).sqrt().clamp(max=1), (area / aspect).sqrt().clamp(max=1)], 1)
    centre = (1 - half) * uniform(rng, -1, 1, n, 2)
    angle = uniform(rng, -1, 1, n) * math.radians(strength.turn) * chosen(rng, n, 0.5)
    flip = 1 - 2 * chosen(rng, n, 0.5)
    corners = torch.tensor([[-1.0, -1], [1, -1], [-1, 1], [1, 1]], device=rng.device).expand(n, 4, 2)
    corners = corners + strength.tilt * 2 * uniform(rng, -1, 1, n, 4, 2) * chosen(rng, n, 0.6)[:, None, None]
    corners = corners * half[:, None] * torch.stack([flip, torch.ones_like(flip)], 1)[:, None]
    turned = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(n, 2, 2)
    corners = corners @ turned + centre[:, None]
    # Between the corners bilinearly: the same as a plane's perspective for small tilts.
    field = corners.transpose(1, 2).reshape(n, 2, 2, 2)
    return functional.interpolate(field, (size, size), mode="bilinear", align_corners=True).permute(
        0, 2, 3, 1
    )


def chosen(rng: torch.Generator, n: int, share: float) -> Tensor:
    """1 for a share of the views, else 0."""
    return (torch.rand(n, generator=rng, device=rng.device) < share).to(torch.float32)


def coloured(x: Tensor, spread: float, rng: torch.Generator) -> Tensor:
    """Brightness, a small cast of the light, contrast, saturation."""
    n = len(x)
    x = x * uniform(rng, 1 - spread, 1 + spread, n, 1, 1, 1) * uniform(rng, 0.9, 1.1, n, 3, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    x = mean + (x - mean) * uniform(rng, 1 - spread, 1 + spread, n, 1, 1, 1)
    grey = x.mean(1, keepdim=True)
    return (grey + (x - grey) * uniform(rng, 1 - spread, 1 + spread, n, 1, 1, 1)).clamp(0, 255)


def softened(x: Tensor, rng: torch.Generator, share: float = 0.2) -> Tensor:
    """A share of the views through a smaller picture: out of focus, or far away."""
    some = torch.rand(len(x), generator=rng, device=rng.device) < share
    if some.any():
        soft = functional.interpolate(x[some], scale_factor=0.4, mode="bilinear", antialias=True)
        x[some] = functional.interpolate(soft, x.shape[2:], mode="bilinear")
    return x


def _covered(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Random erasing (Zhong et al., AAAI 2020): a rectangle of a tenth to a third of the sides."""
    n, _, height, width = x.shape
    centre, half = uniform(rng, 0, 1, n, 2), uniform(rng, 0.05, 0.25, n, 2)
    rows = (torch.arange(height, device=x.device) / height - centre[:, :1]).abs() < half[:, :1]
    columns = (torch.arange(width, device=x.device) / width - centre[:, 1:]).abs() < half[:, 1:]
    inside = rows[:, :, None] & columns[:, None] & (chosen(rng, n, share) > 0)[:, None, None]
    return torch.where(inside[:, None], uniform(rng, 40, 220, n, 3, 1, 1), x)


def _held(x: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Fingers before the thing, from beyond a border inwards: strokes of skin, darker at their sides."""
    some = torch.nonzero(torch.rand(len(x), generator=rng, device=rng.device) < share)[:, 0]
    n, fingers = len(some), 4
    if not n:
        return x
    angle = uniform(rng, 0, 2 * math.pi, n, 1, 1)
    inwards = torch.cat([angle.cos(), angle.sin()], 2)
    along = torch.cat([-angle.sin(), angle.cos()], 2)
    width = uniform(rng, 0.05, 0.11, n, 1, 1)
    place = uniform(rng, -0.5, 0.5, n, 1, 1) + 2.1 * width * torch.arange(-1.5, 2, device=x.device).view(
        1, fingers, 1
    )
    length = uniform(rng, 0.15, 0.75, n, 1, 1) + uniform(rng, -0.1, 0.1, n, fingers, 1)
    tip = along * place - inwards * (1 - length)
    rows = torch.linspace(-1, 1, x.shape[2], device=x.device).view(1, 1, -1, 1)
    columns = torch.linspace(-1, 1, x.shape[3], device=x.device).view(1, 1, 1, -1)
    dx, dy = columns - tip[..., 0, None, None], rows - tip[..., 1, None, None]
    # How far behind the tip, and how far from the finger's middle line.
    behind = -(dx * inwards[..., 0, None, None] + dy * inwards[..., 1, None, None])
    aside = dx * along[..., 0, None, None] + dy * along[..., 1, None, None]
    far = (aside**2 + behind.clamp(max=0) ** 2).sqrt() / width[..., None]
    nearest = far.amin(1, keepdim=True)
    tone = uniform(rng, 0.25, 1.0, n, 1, 1, 1)
    skin = torch.cat([60 + 175 * tone, 35 + 145 * tone, 25 + 120 * tone], 1)
    shaded = skin * (1.05 - 0.35 * nearest.clamp(max=1) ** 2) * uniform(rng, 0.8, 1.15, n, 1, 1, 1)
    alpha = ((1 - nearest) * 8).clamp(0, 1)
    x[some] = alpha * shaded + (1 - alpha) * x[some]
    return x
