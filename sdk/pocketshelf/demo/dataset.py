"""What a demo runs on: a catalogue with pictures, photos with the right answer, and a few without."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pocketshelf.types import Box

__all__ = ["Dataset", "Example", "Query", "choose"]

T = TypeVar("T")


@dataclass(frozen=True)
class Query:
    """A photo and the product that is in it; ``box`` (pixels of the photo) where it is known."""

    photo: Path
    product_id: str
    box: Box | None = None


@dataclass(frozen=True)
class Example:
    """A photo without a product of the catalogue: shown with its boxes, never counted.

    Attributes:
        kind: which collection it is from.
        label: what the collection says is in it.
    """

    photo: Path
    kind: str
    label: str


@dataclass(frozen=True)
class Dataset:
    """A demo's material.

    Attributes:
        name: what a reader should know it by.
        source: a sentence: where the pictures are from, and why these.
        drawn: whether the pictures are drawn (synthetic); everything that shows them says so.
        catalogue: CSV file, as ``build`` and the server's ``import`` read it.
        images: folder that the catalogue's pictures start from.
        queries: those chosen for this run.
        available: how many there were to choose from.
    """

    name: str
    source: str
    drawn: bool
    catalogue: Path
    images: Path
    queries: tuple[Query, ...]
    available: int
    examples: tuple[Example, ...] = ()


def choose(items: list[T], count: int | None, seed: int) -> list[T]:
    """A plain random sample, in the items' order: what is measured on it is an unbiased estimate."""
    if count is None or count >= len(items):
        return items
    return [items[i] for i in sorted(random.Random(seed).sample(range(len(items)), count))]
