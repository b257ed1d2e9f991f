"""Products that a data set lists twice: found by pictures that are equal byte by byte, and made one."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pocketshelf_training.data.protocol import SPLITS, Sample

__all__ = ["merge_identities"]

log = logging.getLogger("pocketshelf.training")


def merge_identities(samples: list[Sample], equal: Iterable[tuple[str, str]] = ()) -> list[Sample]:
    """One identity for products that share a shop picture, or that ``equal`` names as pairs.

    A search that finds the same product under its other number would be counted as a miss, and a
    training that sees both would push equal pictures apart. Where a product then lies in several
    splits, only its pictures of the last one (test, else val) stay: nothing tested is trained on.

    Args:
        samples: pictures that are not there are not compared.

    Returns:
        The samples in their order, with the smallest of the merged identities.
    """
    pairs = [
        *equal,
        *((owners[0], other) for owners in _same_bytes(samples).values() for other in owners[1:]),
    ]
    smallest = _smallest_of_group({s.identity for s in samples if s.identity}, pairs)
    merged = [replace(s, identity=smallest[s.identity]) if s.identity else s for s in samples]
    kept = _without_leaks(merged)
    doubles = len(smallest) - len(set(smallest.values()))
    log.info("%d of %d identities were doubles", doubles, len(smallest))
    if len(kept) < len(merged):
        log.info("%d pictures left out: their product is in a later split as well", len(merged) - len(kept))
    return kept


def _same_bytes(samples: list[Sample]) -> dict[bytes, list[str]]:
    """Identities by the digest of their shop pictures; only files of equal size are read."""
    by_size: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.domain == "shop" and sample.identity and sample.image.is_file():
            by_size[sample.image.stat().st_size].append(sample)
    owners: dict[bytes, list[str]] = defaultdict(list)
    for group in by_size.values():
        if len({s.identity for s in group}) > 1:
            for sample in group:
                owners[_digest(sample.image)].append(str(sample.identity))
    return owners


def _digest(path: Path) -> bytes:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()


def _without_leaks(samples: list[Sample]) -> list[Sample]:
    splits: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        if sample.identity:
            splits[sample.identity].add(sample.split)
    last = {identity: max(found, key=SPLITS.index) for identity, found in splits.items()}
    return [s for s in samples if not s.identity or s.split == last[s.identity]]


def _smallest_of_group(names: set[str], pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Each name → the smallest of all that ``pairs`` connect it with."""
    ordered = sorted(names.union(*pairs))
    place = {name: number for number, name in enumerate(ordered)}
    rows, columns = [place[a] for a, _ in pairs], [place[b] for _, b in pairs]
    edges = coo_array((np.ones(len(pairs)), (rows, columns)), shape=(len(ordered), len(ordered)))
    _, groups = connected_components(edges, directed=False)
    first = {group: name for name, group in zip(reversed(ordered), reversed(groups), strict=True)}
    return {name: first[groups[place[name]]] for name in names}
