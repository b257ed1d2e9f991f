"""Where a shard's pictures are: what a search needs to know of 100,000 rows, without reading them.

Derived from a shard, and kept beside it (`pocketshelf.formats.derived`). The vectors themselves stay where
they are, in the shard's pages, and are not written a second time. Format, version 1::

    {"dimension": D, "size": bytes of the shard, "categories": [[name, products], …], "pictures": N,
     "strays": S, "sample": Q, "width": 4 or 8}\n                             JSON, categories in order
    P rowids, Q places, N offsets, P numbers of pictures (if N is not P)
    S vectors of D signed bytes                             numbers little-endian, of 4 bytes or 8 signed ones

Products are in the order of categories, within one in that of their rows. An offset is a picture's place in
the shard; one from ``size`` on counts the strays, which the shard holds in pieces (SQLite spills what does
not fit its page). The sample are products drawn from all, in the order of their ids, for the statistics of a
shelf (`pocketshelf.recall.neighbourhood`).
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats.placed_texts import different_texts, read_texts
from pocketshelf.formats.shard import Shard
from pocketshelf.formats.sqlite_index import rows_at
from pocketshelf.formats.sqlite_pages import Rows, locate_rows

__all__ = ["COLUMNS", "SAMPLE", "Layout", "derive_layout", "located", "root_of", "sampled_rows", "whole"]

# Products; a shard with fewer is its own sample.
SAMPLE = 2048

COLUMNS = ("product_id", "sequence", "category", "title", "image", "attributes", "vectors")
_CATEGORY, _VECTORS = COLUMNS.index("category"), COLUMNS.index("vectors")
# So many rows are compared with what SQL says of them.
_PROBES, _AT_ONCE = 64, 10_000
_WIDTHS = {4: "<u4", 8: "<i8"}


@dataclass(frozen=True)
class Layout:
    """The products of a shard, by category, and where each one's pictures are.

    Attributes:
        dimension: numbers a vector.
        size: bytes of the shard.
        counts: category → number of products, in alphabetical order.
        rowids: (P,): each product's row.
        starts: int64 (P + 1,): the first picture of each.
        offsets: (N,): see the module's description.
        strays: int8 (S, D).
        sample: (Q,): places of the sampled products.
    """

    dimension: int
    size: int
    counts: dict[str, int]
    rowids: np.ndarray
    starts: np.ndarray
    offsets: np.ndarray
    strays: np.ndarray
    sample: np.ndarray

    @functools.cached_property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Category → its first product, and the one after its last."""
        ends = np.cumsum(list(self.counts.values()), dtype=np.int64).tolist()
        return {
            name: (end - count, end) for (name, count), end in zip(self.counts.items(), ends, strict=True)
        }

    def pictures(self, category: str) -> tuple[int, int]:
        """The first picture of a category, and the one after its last; the same if there is none."""
        first, last = self.spans.get(category, (0, 0))
        return int(self.starts[first]), int(self.starts[last])

    def gather(self, data: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
        """Copy the pictures ``first`` to ``last`` from the shard's bytes (uint8) to ``out``, int8 (n, D)."""
        self._copy(data, self.offsets[first:last].astype(np.int64), out)

    def gather_each(self, data: np.ndarray, pictures: np.ndarray, out: np.ndarray) -> None:
        """`gather` for any pictures, by their numbers."""
        self._copy(data, self.offsets[pictures].astype(np.int64), out)

    def _copy(self, data: np.ndarray, offsets: np.ndarray, out: np.ndarray) -> None:
        kind = np.dtype((np.void, self.dimension))
        # A view of every place where a vector may begin.
        anywhere = np.ndarray((max(len(data) - self.dimension + 1, 0),), kind, data, 0, (1,))
        astray = offsets >= self.size
        if not astray.any():
            out.view(kind).reshape(-1)[:] = anywhere[offsets]
            return
        out.view(kind).reshape(-1)[~astray] = anywhere[offsets[~astray]]
        out[astray] = self.strays[offsets[astray] - self.size]

    def to_bytes(self) -> bytes:
        """The format above."""
        highest = max(self.size + len(self.strays), int(self.rowids.max(initial=0)))
        width = 4 if highest < 1 << 32 and self.rowids.min(initial=0) >= 0 else 8
        head = {
            "dimension": self.dimension,
            "size": self.size,
            "categories": list(self.counts.items()),
            "pictures": len(self.offsets),
            "strays": len(self.strays),
            "sample": len(self.sample),
            "width": width,
        }
        several = [np.diff(self.starts)] if len(self.offsets) != len(self.rowids) else []
        arrays = [
            np.asarray(part, _WIDTHS[width]) for part in (self.rowids, self.sample, self.offsets, *several)
        ]
        line = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
        return b"".join([line.encode(), b"\n", *(part.tobytes() for part in arrays), self.strays.tobytes()])

    @classmethod
    def from_bytes(cls, data: bytes | bytearray, dimension: int, size: int) -> Layout:
        """What `to_bytes` made, of a shard of ``size`` bytes.

        Raises:
            ValueError: it is not, or leads out of the shard.
        """
        end = data.index(b"\n")
        head = json.loads(bytes(data[:end]))
        width, pictures, strays = head["width"], head["pictures"], head["strays"]
        counts = {str(name): int(count) for name, count in head["categories"]}
        products = sum(counts.values())
        if (head["dimension"], head["size"]) != (dimension, size) or width not in _WIDTHS:
            raise ValueError("of another shard")
        lengths = [products, head["sample"], pictures, *([products] if pictures != products else [])]
        if (
            len(data) - end - 1 != sum(lengths) * width + strays * dimension
            or min(counts.values(), default=1) < 1
        ):
            raise ValueError("longer or shorter than its parts")
        parts, at = [], end + 1
        for length in lengths:
            parts.append(np.frombuffer(data, _WIDTHS[width], length, at))
            at += length * width
        starts = np.arange(products + 1, dtype=np.int64)
        if len(parts) == 4:
            np.cumsum(parts[3], out=starts[1:])
        spilled = np.frombuffer(data, np.int8, strays * dimension, at).reshape(-1, dimension)
        found = cls(dimension, size, counts, parts[0], starts, parts[2], spilled, parts[1])
        found.require_inside()
        return found

    def require_inside(self) -> None:
        """Refuse what leads out of the shard.

        Raises:
            ValueError: it does.
        """
        if self.starts[-1] != len(self.offsets) or (np.diff(self.starts) < 1).any():
            raise ValueError("products without pictures, or pictures without products")
        inside = self.offsets <= max(self.size - self.dimension, 0)
        if (self.offsets < 0).any() or ((self.sample < 0) | (self.sample >= len(self.rowids))).any():
            raise ValueError("leads out of the shard")
        if not inside.all():
            stray = self.offsets[~inside]
            if (stray < self.size).any() or (stray - self.size >= len(self.strays)).any():
                raise ValueError("leads out of the shard")


def derive_layout(shard: Shard, data: np.ndarray) -> Layout:
    """The layout of a shard, whose bytes are ``data`` (uint8).

    Raises:
        StoreError: the shard is damaged.
    """
    try:
        rows = locate_rows(data, root_of(shard, "products"), len(COLUMNS))
        if len(shard) != len(rows):
            raise ValueError("other rows than SQL finds")
        return whole(shard, data, located(shard, data, rows))
    except (ValueError, IndexError):
        # Not laid out as SQLite does it here and now, or damaged, which SQL finds: all of it is astray then.
        return _layout_by_sql(shard, len(data))


def root_of(shard: Shard, name: str) -> int:
    """The page on which a table or an index begins.

    Raises:
        StoreError: the shard is damaged.
    """
    ((root,),) = shard.query("SELECT rootpage FROM sqlite_master WHERE name = ?", name)
    return int(root)


def located(shard: Shard, data: np.ndarray, rows: Rows) -> Layout:
    """The layout of those products of a shard that are in ``rows``, its sample not drawn yet.

    Raises:
        ValueError: a row is not what it should be.
    """
    return _Located(shard, data, rows).layout()


def whole(shard: Shard, data: np.ndarray, found: Layout) -> Layout:
    """``found``, of all products of ``shard``, with its sample, once some rows are what SQL says of them.

    Raises:
        ValueError: it does not fit the shard.
    """
    count = len(found.rowids)
    try:
        index = root_of(shard, "sqlite_autoindex_products_1")
        rows = rows_at(data, index, _sampled(np.arange(count)), count) if count else found.rowids
    except (ValueError, IndexError):  # Ids too long for their page.
        rows = sampled_rows(shard)
    found = dataclasses.replace(found, sample=_places(found.rowids, rows))
    found.require_inside()
    _probe(shard, data, found)
    return found


class _Located:
    """What the B-tree walk found of a shard's rows."""

    def __init__(self, shard: Shard, data: np.ndarray, rows: Rows) -> None:
        self._shard, self._data, self._rows = shard, data, rows
        self._dimension = shard.meta.dimension

    def layout(self) -> Layout:
        """Raises ValueError where a row has no vectors of the shard's."""
        rows = self._rows
        types, sizes = rows.types[_VECTORS], rows.sizes[_VECTORS]
        if ((types % 2 == 1) | (sizes == 0) | (sizes % self._dimension != 0)).any():
            raise ValueError("bad vectors")
        counts, order = self._by_category()
        pictures = sizes[order] // self._dimension
        starts = np.concatenate([[0], np.cumsum(pictures)])
        whose = np.repeat(order, pictures)
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], pictures)
        offsets = rows.places(whose, rows.begins[_VECTORS][whose] + within * self._dimension, self._dimension)
        strays = self._strays(offsets, whose, within)
        rowids, none = rows.rowids[order], np.zeros(0, np.int64)
        return Layout(self._dimension, len(self._data), counts, rowids, starts, offsets, strays, none)

    def _by_category(self) -> tuple[dict[str, int], np.ndarray]:
        """What `_grouped` says of the rows' categories."""
        begins, sizes = self._texts(_CATEGORY)
        try:
            rows, numbers = different_texts(read_texts(self._data, begins, sizes))
        except ValueError:
            rows, numbers = np.arange(len(begins)), None
        data, ends = self._data.data, begins + sizes
        return _grouped(
            [bytes(data[a:b]) for a, b in zip(begins[rows].tolist(), ends[rows].tolist(), strict=True)],
            numbers,
        )

    def _texts(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """(where the texts of a column begin in the file, their lengths)."""
        rows = self._rows
        if (rows.types[column] % 2 == 0).any() or (rows.types[column] < 12).any():
            raise ValueError("no text where one should be")
        sizes = rows.sizes[column]
        begins = rows.places(np.arange(len(rows)), rows.begins[column], sizes)
        if (begins < 0).any():
            raise ValueError("a text lies on several pages")
        return begins, sizes

    def _strays(self, offsets: np.ndarray, whose: np.ndarray, within: np.ndarray) -> np.ndarray:
        """The pictures that lie in pieces, int8 (S, D); ``offsets`` are made to lead to them."""
        astray = np.flatnonzero(offsets < 0)
        offsets[astray] = len(self._data) + np.arange(len(astray))
        strays = np.empty((len(astray), self._dimension), np.int8)
        rowids = self._rows.rowids[whose[astray]]
        blobs = _blobs(self._shard, np.array(sorted(set(rowids.tolist())), np.int64))
        for place, (rowid, number) in enumerate(zip(rowids.tolist(), within[astray].tolist(), strict=True)):
            begin = number * self._dimension
            strays[place] = np.frombuffer(blobs[rowid], np.int8, self._dimension, begin)
        return strays


def _probe(shard: Shard, data: np.ndarray, found: Layout) -> None:
    """Compare some rows with what SQL says of them."""
    if not len(found.rowids):
        return
    products = np.linspace(0, len(found.rowids) - 1, _PROBES).astype(np.int64)
    products = products[np.diff(products, prepend=-1) > 0]
    blobs = _blobs(shard, found.rowids[products])
    for product in products.tolist():
        first, last = int(found.starts[product]), int(found.starts[product + 1])
        pictures = np.empty((last - first, found.dimension), np.int8)
        found.gather(data, first, last, pictures)
        if pictures.tobytes() != blobs.get(int(found.rowids[product])):
            raise ValueError("SQL says otherwise")


def _layout_by_sql(shard: Shard, size: int) -> Layout:
    """All pictures are strays, copies.

    Raises:
        StoreError: the shard is damaged.
    """
    dimension = shard.meta.dimension
    rowids, names, blobs = [], [], []
    for rowid, product_id, category, blob in shard.query(
        "SELECT rowid, product_id, category, vectors FROM products ORDER BY rowid"
    ):
        if not isinstance(category, str):
            raise StoreError(f"{shard.path}: a category is no text; sync or build it again")
        if not isinstance(blob, bytes) or not blob or len(blob) % dimension:
            raise StoreError(f"{shard.path}: product {product_id!r}: bad vectors; sync or build it again")
        rowids.append(rowid)
        names.append(category.encode())
        blobs.append(blob)
    counts, order = _grouped(names)
    pictures = np.array([len(blobs[row]) // dimension for row in order], dtype=np.int64)
    strays = np.frombuffer(b"".join(blobs[row] for row in order), np.int8).reshape(-1, dimension)
    starts = np.concatenate([[0], np.cumsum(pictures)]).astype(np.int64)
    offsets = size + np.arange(len(strays), dtype=np.int64)
    ordered = np.array(rowids, np.int64)[order]
    try:
        sample = _places(ordered, sampled_rows(shard))
    except ValueError as error:
        raise StoreError(f"{shard.path}: damaged ({error}); sync or build it again") from error
    return Layout(dimension, size, counts, ordered, starts, offsets, strays, sample)


def sampled_rows(shard: Shard) -> np.ndarray:
    """Rows of at most `SAMPLE` products, int64, in the order of their ids; the same in every session."""
    return _sampled(_rows_by_id(shard))


def _rows_by_id(shard: Shard) -> np.ndarray:
    return np.array(
        [row for (row,) in shard.query("SELECT rowid FROM products ORDER BY product_id")], np.int64
    )


def _sampled(rows: np.ndarray) -> np.ndarray:
    if len(rows) > SAMPLE:
        rows = rows[np.sort(np.random.default_rng(0).permutation(len(rows))[:SAMPLE])]
    return rows


def _places(rowids: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The places of ``rows`` among ``rowids``.

    Raises:
        ValueError: one is not among them.
    """
    places = np.flatnonzero(np.isin(rowids, rows))
    order = np.argsort(rowids[places], kind="stable")
    there = rowids[places][order]
    if len(there) != len(rows) or (there != np.sort(rows)).any():
        raise ValueError("an index of other rows")
    return places[order][np.searchsorted(there, rows)]


def _grouped(names: list[bytes], numbers: np.ndarray | None = None) -> tuple[dict[str, int], np.ndarray]:
    """(category → number of rows, in alphabetical order; the rows in that order).

    Args:
        numbers: of each row, its name's place in ``names``, each of which some row has; None where ``names``
            are the rows' own.

    Raises:
        ValueError: a name is no UTF-8.
    """
    places: dict[bytes, int] = {}
    codes = np.fromiter((places.setdefault(name, len(places)) for name in names), np.int64, len(names))
    # UTF-8 sorts as its characters do.
    by_name = sorted(places)
    # Few names sort by counting.
    rank = np.empty(len(by_name), np.uint16 if len(by_name) <= 1 << 16 else np.uint32)
    rank[[places[name] for name in by_name]] = np.arange(len(by_name))
    ranks = rank[codes if numbers is None else codes[numbers]]
    counts = np.bincount(ranks, minlength=len(by_name)).tolist()
    named = {name.decode(): count for name, count in zip(by_name, counts, strict=True)}
    return named, np.argsort(ranks, kind="stable")


def _blobs(shard: Shard, rowids: np.ndarray) -> dict[int, bytes]:
    """Row → its vectors."""
    found: dict[int, bytes] = {}
    for rows in _batches(rowids.tolist()):
        chosen = "WHERE rowid IN (SELECT value FROM json_each(?))"
        found.update(shard.query(f"SELECT rowid, vectors FROM products {chosen}", json.dumps(rows)))
    return found


def _batches(rows: list[int]) -> Iterable[list[int]]:
    return (rows[at : at + _AT_ONCE] for at in range(0, len(rows), _AT_ONCE))
