"""A shop's pictures and its customers' photos, and the products that are held back to measure on.

The catalogue is read as `pocketshelf build` reads it; its bad lines are listed and left out. A share of the
products, drawn by the seed, is held back: nothing of them is learnt from, and the figures are theirs. A
column ``split`` in the catalogue decides instead of the draw (test: held back), where the shop knows better
which products are alike.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocketshelf.catalogue import CatalogueRow, ReadOptions, RowProblem, read_catalogue
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf_training.data.plain_csv import load as load_photos
from pocketshelf_training.data.protocol import Sample

__all__ = ["Assortment", "Questions", "read_assortment"]

log = logging.getLogger("pocketshelf.training")

OnProblem = Callable[[RowProblem], None]
# Fewer questions than this say nothing.
FEWEST_QUESTIONS = 20


@dataclass(frozen=True)
class Assortment:
    """Every picture by number, the shop's first, then the photos.

    Attributes:
        paths: of the pictures.
        products, categories: int64 (n,), indices into ``names`` and ``category_names``.
        photo: bool (n,), which are customers' photos.
        held: bool (n,), which are of products held back.
    """

    paths: list[Path]
    products: np.ndarray
    categories: np.ndarray
    photo: np.ndarray
    held: np.ndarray
    names: list[str]
    category_names: list[str]

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def first(self) -> np.ndarray:
        """bool (n,): the first of the shop's pictures of each product."""
        found = np.zeros(len(self), bool)
        shop = np.flatnonzero(~self.photo)
        found[shop[np.unique(self.products[shop], return_index=True)[1]]] = True
        return found

    def only(self, kept: np.ndarray) -> Assortment:
        """The pictures where ``kept`` (bool (n,)) says so; products and categories keep their numbers."""
        rows = np.flatnonzero(kept)
        parts = {name: getattr(self, name)[rows] for name in ("products", "categories", "photo", "held")}
        return replace(self, paths=[self.paths[i] for i in rows], **parts)


@dataclass(frozen=True)
class Questions:
    """Who asks what gallery.

    Attributes:
        kind: "photos" (customers'), "views" (the shop's other pictures of a product), or "re-photographed"
            (its only picture, changed as a phone would: drawn, not real).
        asking, gallery: bool (n,) over the pictures. Of "re-photographed" the asking pictures are those
            that are changed.
    """

    kind: str
    asking: np.ndarray
    gallery: np.ndarray

    @classmethod
    def of(cls, shop: Assortment) -> Questions:
        """The most telling kind that there are enough pictures of: of products held back, and of others."""
        photos, views = shop.photo, ~shop.photo & ~shop.first
        for kind, asking, gallery in (("photos", photos, ~shop.photo), ("views", views, shop.first)):
            counts = (asking & shop.held).sum(), (asking & ~shop.held).sum()
            if min(counts) >= FEWEST_QUESTIONS:
                return cls(kind, asking, gallery)
        return cls("re-photographed", shop.first, shop.first)

    def only(self, kept: np.ndarray) -> Questions:
        """Of the pictures where ``kept`` (bool (n,)) says so."""
        return Questions(self.kind, self.asking[kept], self.gallery[kept])

    @property
    def meaning(self) -> str:
        """For reports."""
        return {
            "photos": "customers' photos → the shop's pictures",
            "views": "the shop's other views → its first pictures",
            "re-photographed": "first pictures, re-photographed by augmentation (synthetic) → as they are",
        }[self.kind]


def read_assortment(
    catalogue: Path,
    photos: Path | None,
    images: Path | None,
    share: float,
    seed: int,
    on_problem: OnProblem = lambda problem: None,
    reading: ReadOptions | None = None,
) -> Assortment:
    """Read the catalogue, and the photos if there are any; no picture is opened.

    Args:
        photos: a CSV with columns ``image`` and ``product_id``, see `pocketshelf_training.data.plain_csv`.
        images: folder that the catalogue's picture names start from; its own if None.
        share: of the products that is held back.
        reading: how the catalogue is to be read.

    Raises:
        CatalogueError: the catalogue cannot be used, has not one usable row, or too few products; or not one
            of the photos is of them.
        DataMissing, DataDamaged: the photos cannot be used.
    """
    table = read_catalogue(catalogue, reading)
    for problem in table.problems:
        on_problem(problem)
    base = table.path.parent if images is None else images
    if not base.is_dir():
        raise CatalogueError(f"{base}: no such folder of images; name it with --images")
    rows = list(_usable(table.rows, base, on_problem))
    names = list(dict.fromkeys(row.product_id for row, _ in rows))
    if len(names) < 10:
        raise CatalogueError(f"{catalogue}: {len(names)} usable products; adapting needs 10, better hundreds")
    category_names = sorted({row.category for row, _ in rows})
    number = {name: i for i, name in enumerate(names)}
    category_of = {row.product_id: category_names.index(row.category) for row, _ in rows}
    taken = _taken(photos, number)
    pictured = [row.product_id for row, _ in rows] + [str(sample.identity) for sample in taken]
    shop = Assortment(
        [path for _, path in rows] + [sample.image for sample in taken],
        np.array([number[name] for name in pictured]),
        np.array([category_of[name] for name in pictured]),
        np.arange(len(pictured)) >= len(rows),
        np.zeros(len(pictured), bool),
        names,
        category_names,
    )
    held = _said([row for row, _ in rows], number) or _drawn(shop, share, seed)
    if len(held) == len(names):
        raise CatalogueError(f"{catalogue}: all products are of split test; none is left to learn from")
    return replace(shop, held=np.isin(shop.products, list(held)))


def _taken(photos: Path | None, known: Collection[str]) -> list[Sample]:
    """The photos of products that are ``known``; how many are of others is logged."""
    if photos is None:
        return []
    listed = load_photos(photos)
    taken = [sample for sample in listed if sample.identity in known]
    if listed and not taken:
        named = f"{listed[0].identity!r}" if listed[0].identity else "none at all"
        raise CatalogueError(
            f"{photos}: not one photo is of a product of the catalogue; its first names {named}, "
            f"the catalogue {next(iter(known))!r}"
        )
    if lost := len(listed) - len(taken):
        log.warning("%s: %d photos of products that the catalogue does not have; left out", photos, lost)
    return taken


def _usable(
    rows: Sequence[CatalogueRow], base: Path, on_problem: OnProblem
) -> list[tuple[CatalogueRow, Path]]:
    """Rows whose picture is there, each with its path."""
    pictures, usable = PictureFolder(base), []
    for row in rows:
        try:
            usable.append((row, pictures.path(row.image)))
        except PhotoError as error:
            on_problem(RowProblem(row.line, str(error)))
    return usable


def _said(rows: Sequence[CatalogueRow], number: dict[str, int]) -> set[int]:
    """The products that a column ``split`` keeps for the test; none without such a column."""
    said = [(number[row.product_id], row.attributes.get("split", "").casefold()) for row in rows]
    held = {product for product, split in said if split == "test"}
    if any(split for _, split in said) and not held:
        log.warning("no product is of split test: those held back are drawn")
    return held


def _drawn(shop: Assortment, share: float, seed: int) -> set[int]:
    """``share`` of the products that can be asked for, and of the others."""
    rng = np.random.default_rng(seed)
    askable = np.unique(shop.products[shop.photo | ~shop.first])
    others = np.setdiff1d(np.arange(len(shop.names)), askable)
    groups = [rng.permutation(group) for group in (askable, others)]
    return {
        int(product)
        for group in groups
        if len(group) > 1
        for product in group[: max(1, round(share * len(group)))]
    }
