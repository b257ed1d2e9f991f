"""What a catalogue is, whatever database holds it.

Every change takes one sequence number, given out in the order in which changes become visible:
who has read up to number *s* has missed nothing at or below *s*.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from pocketshelf.errors import CatalogueError, SpaceMismatch

__all__ = [
    "Applied",
    "Catalogue",
    "Change",
    "Delete",
    "Entry",
    "Product",
    "Row",
    "Space",
    "Upsert",
    "View",
    "check_space",
    "content_hash",
]

MAX_VECTORS = 32
MAX_TEXT = 4096
MAX_ROW = 1_000_000
# A device must be able to read it, whatever its JSON library.
MAX_DEPTH = 16


@dataclass(frozen=True)
class Space:
    """What the vectors of a catalogue mean.

    Attributes:
        name: the space's id; vectors of two spaces cannot be compared.
        preprocessing: hash of the embedder's preprocessing.
        bundle: name of the bundle that embedded the catalogue.
        dimension: numbers a vector.
    """

    name: str
    preprocessing: str
    bundle: str
    dimension: int


@dataclass(frozen=True)
class Product:
    """A product as it is written.

    Attributes:
        product_id: its name, unique in the catalogue.
        category, title: text; title may be empty.
        image: path or address of its first picture, or None.
        attributes: a JSON object; any other column of the imported file.
        vectors: int8, shape (n, D), one row a picture, each scaled by 127 / max|v|.
        content_hash: changes with anything that the product was made from.
    """

    product_id: str
    category: str
    title: str
    image: str | None
    attributes: dict[str, Any]
    vectors: np.ndarray
    content_hash: str

    def check(self, dimension: int) -> None:
        """Refuse what could not be published.

        Raises:
            CatalogueError: an empty or overlong text, or vectors of another shape or type.
        """
        for name, text in (("product_id", self.product_id), ("category", self.category)):
            if not text or len(text) > MAX_TEXT:
                raise CatalogueError(f"{name} must have 1 to {MAX_TEXT} characters")
        if len(self.title) > MAX_TEXT or len(self.image or "") > MAX_TEXT:
            raise CatalogueError(
                f"{self.product_id!r}: title and image must have at most {MAX_TEXT} characters"
            )
        self._check_storable()
        shape = self.vectors.shape
        if self.vectors.dtype != np.int8 or len(shape) != 2 or shape[1] != dimension:
            raise CatalogueError(f"{self.product_id!r}: vectors must be int8 of {dimension} numbers each")
        if not 1 <= shape[0] <= MAX_VECTORS:
            raise CatalogueError(f"{self.product_id!r}: needs 1 to {MAX_VECTORS} vectors, has {shape[0]}")

    def attributes_json(self) -> str:
        """``attributes`` as they are stored.

        Raises:
            ValueError: NaN, infinity, or something that JSON does not have.
        """
        return json.dumps(self.attributes, sort_keys=True, ensure_ascii=False, allow_nan=False)

    def _check_storable(self) -> None:
        if _is_deeper(self.attributes, MAX_DEPTH):
            raise CatalogueError(f"{self.product_id!r}: attributes are nested deeper than {MAX_DEPTH}")
        texts = (self.product_id, self.category, self.title, self.image or "")
        try:
            data = "".join((*texts, self.attributes_json())).encode()
        except (ValueError, TypeError) as error:
            raise CatalogueError(f"{self.product_id!r}: cannot be stored ({error})") from error
        if b"\x00" in data:
            raise CatalogueError(f"{self.product_id!r}: a text holds a NUL")
        if len(data) > MAX_ROW:
            raise CatalogueError(
                f"{self.product_id!r}: its texts and attributes are longer than {MAX_ROW} bytes"
            )


@dataclass(frozen=True)
class Row:
    """A product as it is stored: with the number of its last change."""

    sequence: int
    product: Product


@dataclass(frozen=True)
class Entry:
    """A row without its vectors and title: what shard rules look at."""

    product_id: str
    sequence: int
    category: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Upsert:
    """Put a product, new or changed."""

    product: Product


@dataclass(frozen=True)
class Delete:
    """Take a product out; to delete an unknown one is no change."""

    product_id: str


@dataclass(frozen=True)
class Change:
    """One line of the change log. ``kind`` is "upsert", "delete", or "rule" (a shard's rule changed)."""

    sequence: int
    product_id: str
    kind: str


@dataclass(frozen=True)
class Applied:
    """What `Catalogue.apply` did: counts, and the catalogue's sequence after it."""

    upserted: int
    deleted: int
    unchanged: int
    sequence: int


class View(Protocol):
    """A catalogue at one instant; writers go on meanwhile and are not seen."""

    def sequence(self) -> int:
        """The number of the last change."""

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id (by code point)."""

    def rows(self) -> Iterator[Row]:
        """Every product with its vectors, in the same order."""

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""


@runtime_checkable
class Catalogue(Protocol):
    """Products with vectors, and a change log. Methods may be called from any thread.

    All of them raise `CatalogueError` when the database fails.
    """

    @property
    def space(self) -> Space:
        """What the vectors mean."""

    def sequence(self) -> int:
        """The number of the last change; 0 when there was none."""

    def count(self) -> int:
        """How many products there are."""

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""

    def apply(self, changes: Sequence[Upsert | Delete]) -> Applied:
        """Do all ``changes``, in their order, in one transaction.

        An upsert whose content hash is stored already, and a delete of what is not there, take no number.
        """

    def take_number(self, kind: str) -> int:
        """Log a change that touches no product, such as a new shard rule; its number."""

    def content_hashes(self, product_ids: Iterable[str]) -> dict[str, str]:
        """The content hash of those of ``product_ids`` that are stored."""

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""

    def reading(self) -> AbstractContextManager[View]:
        """The whole catalogue as it is at one instant, for as long as the context lasts."""

    def changes(self, since: int, limit: int) -> list[Change]:
        """The log after ``since``, oldest first, at most ``limit`` lines."""

    def oldest_change(self) -> int:
        """Changes at or below this number may have been compacted away."""

    def compact(self, before: int) -> int:
        """Forget log lines numbered ``before`` and less; how many."""

    def close(self) -> None:
        """Release the database."""


def check_space(have: Space, want: Space) -> None:
    """Refuse to mix vectors that cannot be compared. Another bundle of the same space is welcome.

    Raises:
        SpaceMismatch: another space, preprocessing or dimension.
    """
    if (have.name, have.dimension) != (want.name, want.dimension):
        raise SpaceMismatch(
            f"the catalogue's vectors are of space {have.name!r} ({have.dimension} numbers), these of "
            f"{want.name!r} ({want.dimension}): use a bundle of that space, or start another site"
        )
    if have.preprocessing != want.preprocessing:
        raise SpaceMismatch(
            f"the catalogue was embedded with preprocessing {have.preprocessing}, this bundle uses "
            f"{want.preprocessing}: use the matching bundle, or start another site"
        )


def content_hash(fields: dict[str, Any], pictures: Iterable[bytes]) -> str:
    """SHA-256, hexadecimal, of a product's texts and its pictures' bytes."""
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode())
    for picture in pictures:
        digest.update(hashlib.sha256(picture).digest())
    return digest.hexdigest()


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie in each other more than ``levels`` deep."""
    if not isinstance(value, dict | list):
        return False
    if levels == 0:
        return True
    return any(
        _is_deeper(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value)
    )
