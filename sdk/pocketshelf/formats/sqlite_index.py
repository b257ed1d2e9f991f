"""Rows by their place in the order of an indexed column, read from the index's B-tree in a SQLite file.

SQLite has no count of what lies below a page: to find the millionth entry, it goes through a million. Here
the pages' own counts are added up by whole arrays, and only pages with wanted entries are looked into, after
https://www.sqlite.org/fileformat2.html (sections 1.6 and 2.1). As in `pocketshelf.formats.sqlite_pages`, what
leads out of the file, or is not as this knows it, is a ValueError.
"""

from __future__ import annotations

import numpy as np

from pocketshelf.formats.sqlite_pages import cells, numbers, page_sizes, varints

__all__ = ["rows_at"]

_LEAF, _INTERIOR, _DEEPEST = 10, 2, 20
# Bytes of a row's number by its serial type; 8 and 9 are 0 and 1 themselves.
_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def rows_at(data: np.ndarray, root: int, places: np.ndarray, count: int) -> np.ndarray:
    """The row numbers, int64 (n,), at ``places`` (int64, each below ``count``) in the order of an index.

    Args:
        data: uint8, the whole file.
        root: the page on which the index, of one column, begins.
        count: entries of the index.

    Raises:
        ValueError: the index has another number of entries, or is not what this knows.
    """
    page_size, usable = page_sizes(data)
    begins, entries = _in_order(data, root, page_size)
    sizes = np.where(entries, 1, numbers(data, begins + 3, 2))
    ends = np.cumsum(sizes)
    if int(ends[-1]) != count:
        raise ValueError("an index of other rows")
    item = np.searchsorted(ends, places, side="right")
    alone = entries[item]
    leaf, within = begins[item], places - (ends - sizes)[item]
    found = begins[item] + 4  # An entry between pages has the page before it first.
    pointers = numbers(data, leaf[~alone] + 8 + 2 * within[~alone], 2)
    if (pointers >= page_size).any():
        raise ValueError("a cell that leads out of its page")
    found[~alone] = leaf[~alone] + pointers
    return _row_numbers(data, found, (usable - 12) * 64 // 255 - 23)


def _in_order(data: np.ndarray, root: int, page_size: int) -> tuple[np.ndarray, np.ndarray]:
    """(offsets of leaves, and of the entries between them, in order; which of them are entries)."""
    begins, entries = np.array([(root - 1) * page_size]), np.array([False])
    most = len(data) // page_size
    for _ in range(_DEEPEST):
        pages = begins[~entries]
        if (pages < page_size).any() or (pages >= len(data)).any() or len(pages) > most:
            raise ValueError("a page leads out of the file")
        if (data[pages] == _LEAF).all():
            return begins, entries
        if (data[pages] != _INTERIOR).any():
            raise ValueError("a page that is none of an index")
        at = cells(data, pages, page_size, head=12)
        counts = numbers(data, pages + 3, 2)
        # Of each page a child and an entry by turns, and a last child.
        lengths = np.ones(len(begins), np.int64)
        lengths[~entries] = 2 * counts + 1
        lasts = np.cumsum(lengths) - 1
        following = np.empty(int(lengths.sum()), np.int64)
        between = np.zeros(len(following), bool)
        following[lasts[entries]], between[lasts[entries]] = begins[entries], True
        firsts = lasts[~entries] - 2 * counts
        within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
        children = np.repeat(firsts, counts) + 2 * within
        following[children] = (numbers(data, at, 4) - 1) * page_size
        following[children + 1], between[children + 1] = at, True
        following[lasts[~entries]] = (numbers(data, pages + 8, 4) - 1) * page_size
        begins, entries = following, between
    raise ValueError("pages that lead in a circle")


def _row_numbers(data: np.ndarray, at: np.ndarray, most: int) -> np.ndarray:
    """The last value of the records at ``at``, none of which is longer than ``most``: their row's number."""
    lengths, payload = varints(data, at)
    if (lengths > most).any():
        raise ValueError("an entry lies on several pages")
    heads, types_at = varints(data, payload)
    _, types_at = varints(data, types_at)
    types, types_at = varints(data, types_at)
    if (types_at != payload + heads).any():
        raise ValueError("an index of several columns")
    ends = payload + lengths
    found = np.where(types == 9, 1, 0)
    known = (types == 8) | (types == 9)
    for kind, size in _INTEGERS.items():
        chosen = types == kind
        found[chosen] = numbers(data, ends[chosen] - size, size)
        # SQLite's own numbers begin at 1; one with its highest bit set is below 0.
        known[chosen] = data[ends[chosen] - size] < 128
    if not known.all():
        raise ValueError("a row's number that SQLite does not give")
    return found
