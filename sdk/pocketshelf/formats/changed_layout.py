"""The layout of a shard that was changed, from the layout before: what lies on pages that stayed is known.

A change leaves most pages of a SQLite file as they were, byte for byte. Both files are compared, and only
rows on leaves that differ are looked for. It is the layout that `pocketshelf.formats.layout.derive_layout`
gives, to the byte, where both were found by walking the tree.
"""

from __future__ import annotations

import bisect

import numpy as np

from pocketshelf.formats.layout import COLUMNS, Layout, located, root_of, whole
from pocketshelf.formats.shard import Shard
from pocketshelf.formats.sqlite_pages import leaves, locate_rows, page_sizes

__all__ = ["update_layout"]

# Where more than one row of so many lies on other pages, all are located anew, which takes no longer.
_MOST = 3
# Pages compared at a time, which the processor's cache holds.
_PAGES = 64


def update_layout(before: Layout, old: np.ndarray, shard: Shard, data: np.ndarray) -> Layout | None:
    """The layout of ``shard``, with the bytes ``data``; None where it has to be derived anew.

    Args:
        before: that of the shard as it was.
        old: its bytes then, uint8.

    Raises:
        StoreError: the shard is damaged.
    """
    try:
        return _updated(before, old, shard, data)
    except (ValueError, IndexError):  # Not laid out as this knows it.
        return None


def _updated(before: Layout, old: np.ndarray, shard: Shard, data: np.ndarray) -> Layout | None:
    page_size, _ = page_sizes(data)
    root = root_of(shard, "products")
    if page_sizes(old)[0] != page_size or (before.size, before.dimension) != (len(old), shard.meta.dimension):
        return None
    changed = _changed_pages(old, data, page_size)
    were, are = leaves(old, root, page_size), leaves(data, root, page_size)
    stayed = np.intersect1d(were, are)
    stayed = stayed[~changed[stayed // page_size]]
    were, are = were[~np.isin(were, stayed)], are[~np.isin(are, stayed)]
    if _MOST * max(len(were), len(are)) > len(stayed):
        return None
    gone = locate_rows(old, root, len(COLUMNS), were)
    come = located(shard, data, locate_rows(data, root, len(COLUMNS), are))
    kept = ~np.isin(before.rowids, gone.rowids)
    if len(before.rowids) - np.count_nonzero(kept) != len(gone):
        return None
    lying = before.offsets[np.repeat(kept, np.diff(before.starts))]
    if changed[lying[lying < before.size] // page_size].any():
        return None
    found = _merged(before, kept, come)
    return whole(shard, data, found) if len(shard) == len(found.rowids) else None


def _changed_pages(old: np.ndarray, data: np.ndarray, page_size: int) -> np.ndarray:
    """bool: of each page of ``data``, whether it differs from that of ``old``, or is not there."""
    changed = np.ones(len(data) // page_size, bool)
    both = min(len(old), len(data)) // page_size
    was, now = (part[: both * page_size].view(np.uint64).reshape(both, -1) for part in (old, data))
    for at in range(0, both, _PAGES):
        changed[at : at + _PAGES][: both - at] = (was[at : at + _PAGES] != now[at : at + _PAGES]).any(axis=1)
    return changed


def _merged(before: Layout, kept: np.ndarray, come: Layout) -> Layout:
    """``before`` without what is not ``kept`` (bool, products), with ``come``, which is of the new size."""
    places, left = _places(before, come), np.concatenate([[0], np.cumsum(kept)])
    counts = _counts(before, left, come)
    at = left[places]
    rowids = np.insert(before.rowids[kept].astype(np.int64), at, come.rowids)
    each, more = np.diff(before.starts), np.diff(come.starts)
    pictures = np.insert(each[kept], at, more)
    starts = np.concatenate([[0], np.cumsum(pictures)])
    begins = np.concatenate([[0], np.cumsum(each[kept])])
    # Strays of the one and the other are told apart by numbers below 0 until all are in their places.
    was, now = (part.offsets.astype(np.int64) for part in (before, come))
    was = np.where(was >= before.size, before.size - 1 - was, was)
    now = np.where(now >= come.size, come.size - 1 - len(before.strays) - now, now)
    offsets = np.insert(was[np.repeat(kept, each)], np.repeat(begins[at], more), now)
    astray = np.flatnonzero(offsets < 0)
    strays = np.concatenate([before.strays, come.strays])[-1 - offsets[astray]]
    offsets[astray] = come.size + np.arange(len(astray))
    return Layout(come.dimension, come.size, counts, rowids, starts, offsets, strays, come.sample)


def _places(before: Layout, come: Layout) -> np.ndarray:
    """Of each product of ``come``, the place in ``before`` of the one that it precedes."""
    names, places = list(before.counts), np.empty(len(come.rowids), np.int64)
    for name, (first, last) in come.spans.items():
        begin, end = before.spans.get(name) or (_begin(before, names, name),) * 2
        places[first:last] = begin + np.searchsorted(before.rowids[begin:end], come.rowids[first:last])
    return places


def _begin(before: Layout, names: list[str], name: str) -> int:
    """Where a category that ``before`` has not would begin in it."""
    at = bisect.bisect(names, name)
    return before.spans[names[at]][0] if at < len(names) else len(before.rowids)


def _counts(before: Layout, left: np.ndarray, come: Layout) -> dict[str, int]:
    """Category → number of products, of those that have any; in alphabetical order."""
    counts = {name: int(left[last] - left[first]) for name, (first, last) in before.spans.items()}
    for name, count in come.counts.items():
        counts[name] = counts.get(name, 0) + count
    return {name: count for name, count in sorted(counts.items()) if count}
