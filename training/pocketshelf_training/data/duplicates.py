"""Products that a data set lists twice: found by pictures that are equal byte by byte, and made one."""

from __future__ import annotations

import hashlib
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pocketshelf_training.data.protocol import Sample

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
    groups = _Groups()
    for a, b in equal:
        groups.join(a, b)
    for owners in _same_bytes(samples).values():
        for other in owners[1:]:
            groups.join(owners[0], other)
    merged = [replace(s, identity=groups.find(s.identity)) if s.identity else s for s in samples]
    kept = _without_leaks(merged)
    names = {s.identity for s in samples if s.identity}
    log.info(
        "%d of %d identities were doubles", len(names) - len({groups.find(n) for n in names}), len(names)
    )
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
    order = {"train": 0, "val": 1, "test": 2}
    last: dict[str, int] = {}
    for sample in samples:
        if sample.identity:
            last[sample.identity] = max(last.get(sample.identity, 0), order[sample.split])
    return [s for s in samples if not s.identity or order[s.split] == last[s.identity]]


class _Groups:
    """Disjoint sets with the smallest name as root (Galler and Fischer, 1964)."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}

    def find(self, name: str) -> str:
        root = name
        while self.parent.get(root, root) != root:
            root = self.parent[root]
        while self.parent.get(name, name) != root:
            self.parent[name], name = root, self.parent[name]
        return root

    def join(self, a: str, b: str) -> None:
        low, high = sorted((self.find(a), self.find(b)))
        if low != high:
            self.parent[high] = low
