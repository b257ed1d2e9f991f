"""Where the values of a table's rows lie in a SQLite file, so that they can be read in place.

SQLite hands out copies, row by row: a second for 100,000. This walks the table's B-tree by whole arrays,
after https://www.sqlite.org/fileformat2.html (sections 1.5, 1.6 and 2.1), and reads no value.

What it is given is a file that was verified, or checked by SQLite itself. All the same nothing in it is
believed: an offset that leads out of the file is an error, and the caller reads by SQL then.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Rows", "cells", "leaves", "locate_rows", "numbers", "page_sizes", "varints"]

_LEAF, _INTERIOR = 13, 5
_HEADER, _UTF8, _DEEPEST = 100, 1, 20
# Bytes of a value by its serial type, below 12.
_SIZES = np.array([0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0], dtype=np.int64)


@dataclass(frozen=True)
class Rows:
    """The rows of a table, in the order of their rowids.

    Attributes:
        rowids: int64 (n,).
        types: int64 (columns, n): SQLite's serial types; even ones from 12 on are blobs, odd ones text.
        begins, sizes: int64 (columns, n): of each value, in its row's payload; bytes.
    """

    rowids: np.ndarray
    types: np.ndarray
    begins: np.ndarray
    sizes: np.ndarray
    _payload: np.ndarray
    _local: np.ndarray
    _overflow: tuple[np.ndarray, np.ndarray]
    _page: tuple[int, int]

    def __len__(self) -> int:
        return len(self.rowids)

    def places(self, rows: np.ndarray, begins: np.ndarray, size: int | np.ndarray) -> np.ndarray:
        """Where pieces of payloads begin in the file: int64 (n,), -1 where one lies on several pages.

        Args:
            rows: int64 (n,): whose.
            begins: int64 (n,): in the row's payload.
            size: bytes of each piece.
        """
        page_size, usable = self._page
        local = self._local[rows]
        found = np.where(begins + size <= local, self._payload[rows] + begins, -1)
        spilled = np.flatnonzero(begins >= local)
        if len(spilled):
            firsts, chains = self._overflow
            link, rest = np.divmod(begins[spilled] - local[spilled], usable - 4)
            page = chains[firsts[rows[spilled]] + link]
            piece = size if isinstance(size, int) else size[spilled]
            inside = rest + piece <= usable - 4
            found[spilled] = np.where(inside, (page - 1) * page_size + 4 + rest, -1)
        return found


def page_sizes(data: np.ndarray) -> tuple[int, int]:
    """(bytes of a page of a SQLite file, how many of them are used).

    Raises:
        ValueError: not a SQLite file of whole pages.
    """
    page_size = int(numbers(data, np.array([16]), 2)[0])
    page_size = 65_536 if page_size == 1 else page_size
    usable = page_size - int(data[20])
    if (
        page_size < 512
        or usable < 480
        or len(data) % page_size
        or numbers(data, np.array([56]), 4)[0] != _UTF8
    ):
        raise ValueError("not a SQLite file in UTF-8")
    return page_size, usable


def locate_rows(data: np.ndarray, root: int, columns: int, among: np.ndarray | None = None) -> Rows:
    """The rows of the table whose B-tree begins on page ``root``.

    Args:
        data: uint8 (n,), the whole file.
        columns: of the table.
        among: of the table's `leaves`, only these, in their order.

    Raises:
        ValueError: the file is not what this knows: damaged, not UTF-8, or of another SQLite.
    """
    page_size, usable = page_sizes(data)
    found = cells(data, leaves(data, root, page_size) if among is None else among, page_size)
    lengths, at = varints(data, found)
    rowids, payload = varints(data, at)
    heads, at = varints(data, payload)
    types = np.empty((columns, len(found)), np.int64)
    for column in range(columns):
        types[column], at = varints(data, at)
    if (at != payload + heads).any() or (types < 0).any() or (lengths < 0).any():
        raise ValueError("a row has other columns")
    sizes = np.where(types < 12, _SIZES[np.minimum(types, 11)], (types - 12) >> 1)
    begins = heads + np.cumsum(sizes, axis=0) - sizes
    if (begins[-1] + sizes[-1] != lengths).any():
        raise ValueError("a row is longer or shorter than its values")
    if (np.diff(rowids) <= 0).any():
        raise ValueError("rows out of order")
    local = _local(lengths, usable)
    if (payload + local > len(data)).any():
        raise ValueError("a row leads out of the file")
    overflow = _overflow(data, payload + local, lengths - local, page_size, usable)
    return Rows(rowids, types, begins, sizes, payload, local, overflow, (page_size, usable))


def leaves(data: np.ndarray, root: int, page_size: int) -> np.ndarray:
    """Offsets of the leaves, in order, of the table that begins on page ``root``; ValueError as above."""
    pages, most = np.array([root], dtype=np.int64), len(data) // page_size
    for _ in range(_DEEPEST):
        if (pages < 2).any() or (pages > most).any() or len(pages) > most:
            raise ValueError("a page leads out of the file")
        bases = (pages - 1) * page_size
        if (data[bases] == _LEAF).all():
            return bases
        if (data[bases] != _INTERIOR).any():
            raise ValueError("a page that is none of a table")
        children = numbers(data, cells(data, bases, page_size, head=12), 4)
        ends = np.cumsum(numbers(data, bases + 3, 2))
        pages = np.insert(children, ends, numbers(data, bases + 8, 4))
    raise ValueError("pages that lead in a circle")


def cells(data: np.ndarray, bases: np.ndarray, page_size: int, head: int = 8) -> np.ndarray:
    """Offsets of the cells of B-tree pages, in order."""
    counts = numbers(data, bases + 3, 2)
    if (head + 2 * counts > page_size).any():
        raise ValueError("a page with more cells than it can hold")
    firsts = np.cumsum(counts) - counts
    within = np.arange(counts.sum()) - np.repeat(firsts, counts)
    owner = np.repeat(bases, counts)
    pointers = numbers(data, owner + head + 2 * within, 2)
    if (pointers >= page_size).any():
        raise ValueError("a cell that leads out of its page")
    return owner + pointers


def _local(lengths: np.ndarray, usable: int) -> np.ndarray:
    """How many bytes of each payload are on its leaf; the rest is on overflow pages."""
    most, least = usable - 35, (usable - 12) * 32 // 255 - 23
    kept = least + (lengths - least) % (usable - 4)
    return np.where(lengths <= most, lengths, np.where(kept <= most, kept, least))


def _overflow(
    data: np.ndarray, links: np.ndarray, rest: np.ndarray, page_size: int, usable: int
) -> tuple[np.ndarray, np.ndarray]:
    """(of each row the place of its first overflow page in what follows, pages of all rows)."""
    counts = -(-rest // (usable - 4))
    most = len(data) // page_size
    if counts.sum() > most:
        raise ValueError("more overflow than pages")
    firsts = np.cumsum(counts) - counts
    chains = np.zeros(counts.sum(), dtype=np.int64)
    rows = np.flatnonzero(counts)
    at, step = links[rows], 0
    while len(rows):
        pages = numbers(data, at, 4)
        if (pages < 2).any() or (pages > most).any():
            raise ValueError("an overflow page leads out of the file")
        chains[firsts[rows] + step] = pages
        step += 1
        more = counts[rows] > step
        rows, at = rows[more], (pages[more] - 1) * page_size
    return firsts, chains


def numbers(data: np.ndarray, at: np.ndarray, size: int) -> np.ndarray:
    """Big-endian numbers of ``size`` bytes, int64 (n,); ValueError as above."""
    if len(at) and int(at.max()) + size > len(data):
        raise ValueError("a number leads out of the file")
    found = np.zeros(len(at), dtype=np.int64)
    for byte in range(size):
        found = found << 8 | data[at + byte]
    return found


def varints(data: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SQLite's numbers of 1 to 9 bytes, and where what follows each begins."""
    found, end = np.zeros(len(at), dtype=np.int64), at + 1
    if len(at) and int(at.max()) >= len(data):
        raise ValueError("a number leads out of the file")
    part = data[at]
    found += part & 127
    going = np.flatnonzero(part > 127)
    for byte in range(1, 9):
        if not len(going):
            break
        if int(end[going].max()) >= len(data):
            raise ValueError("a number leads out of the file")
        part = data[end[going]]
        end[going] += 1
        if byte == 8:
            found[going] = found[going] << 8 | part
            break
        found[going] = found[going] << 7 | (part & 127)
        going = going[part > 127]
    return found, end
