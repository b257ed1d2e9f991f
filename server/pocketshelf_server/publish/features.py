"""Publish local features (`pocketshelf.closely`) beside a shard: files that only who knows them fetches.

They are signed and kept apart from the shard's own files, under a name of their own in the history: a shard,
its changes and its manifest are the same with and without them, and so is what a client of before sees.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.closely import CLOSELY_UP_TO, tabled
from pocketshelf.formats.features import MOST_PRODUCTS, Print, most_bytes, parse
from pocketshelf_server.catalogue import View
from pocketshelf_server.publish.files import hashed_path, is_whole
from pocketshelf_server.publish.history import History, ShardLog, features_of
from pocketshelf_server.publish.targets import TargetMaker
from pocketshelf_server.trust import PublishedTarget

__all__ = ["FeaturePublisher", "PublishedFeatures"]

# The sequence from which on the published words are those that are published now: changes from before it lead
# nowhere.
SINCE = "words_since"
PRINTS = "prints"


@dataclass(frozen=True)
class PublishedFeatures:
    """What is published of a shard: products with features, and the bytes of them all as they travel."""

    prints: int = 0
    length: int = 0


@dataclass(frozen=True)
class FeaturePublisher:
    """Publishes the features of a site's shards.

    Attributes:
        targets: the folder of the site's targets.
        closely: as ``config.json`` has it.
        clock: seconds since 1970.
    """

    targets: Path
    history: History
    closely: bool | None
    clock: Callable[[], float]

    def publish(
        self, name: str, log: ShardLog, view: View, maker: TargetMaker, new: bool
    ) -> PublishedFeatures:
        """Publish those of the latest generation in ``log``, which is ``new`` or published already.

        Raises:
            StoreError: a file cannot be written.
        """
        before = self.history.targets(features_of(name))
        if not self._wanted(len(log.members)):
            return self._replace(name, before, [])
        if before and not new and all(map(self._is_whole, before)):
            return _summary(before)
        ids = sorted(log.members, key=lambda product_id: product_id.encode())
        kept = view.prints(ids)
        prints = [Print.from_bytes(kept.get(product_id, b"")) for product_id in ids]
        if not any(prints):
            return self._replace(name, before, [])
        assert log.latest is not None
        words, since = self._words(before)
        table = tabled(prints, log.latest, words)
        if words is None or table.words is not words:
            since = log.latest
        numbers = self._numbers(name, ids, kept, log.latest)
        whole = maker.features(table.to_bytes(), None, {SINCE: since, PRINTS: table.prints})
        deltas = [
            maker.features(table.changes([i for i, number in enumerate(numbers) if number > base]), base, {})
            for base in log.generations[:-1]
            if base >= since
        ]
        return self._replace(name, before, [whole, *deltas])

    def _numbers(self, name: str, ids: list[str], kept: dict[str, bytes], latest: int) -> list[int]:
        """The generation since which each product's published features are what they are."""
        known, found = self.history.prints(name), {}
        for product_id in ids:
            sha256 = hashlib.sha256(kept.get(product_id, b"")).hexdigest()
            number, before = known.get(product_id, (latest, ""))
            found[product_id] = number if sha256 == before else latest, sha256
        self.history.replace_prints(name, found)
        return [number for number, _ in found.values()]

    def withdraw(self, name: str) -> None:
        """Publish none of this shard any more."""
        self._replace(name, self.history.targets(features_of(name)), [])

    def _wanted(self, products: int) -> bool:
        return products <= (CLOSELY_UP_TO if self.closely is None else MOST_PRODUCTS if self.closely else -1)

    def _replace(
        self, name: str, before: list[PublishedTarget], targets: list[PublishedTarget]
    ) -> PublishedFeatures:
        if before or targets:
            self.history.replace_targets(features_of(name), targets, self.clock())
        return _summary(targets)

    def _words(self, before: list[PublishedTarget]) -> tuple[np.ndarray | None, int]:
        """The words that are published, and since when; none where they cannot be read."""
        for target in before:
            if SINCE in target.custom and self._is_whole(target):
                path = hashed_path(self.targets, target.name, target.sha256)
                try:
                    with gzip.open(path) as stream:
                        table = parse(stream.read(most_bytes(MOST_PRODUCTS)))
                except (OSError, EOFError, zlib.error):
                    table = None
                if table is not None:
                    return table.words, target.custom[SINCE]
        return None, 0

    def _is_whole(self, target: PublishedTarget) -> bool:
        path = hashed_path(self.targets, target.name, target.sha256)
        return is_whole(path, target.length, target.sha256)


def _summary(targets: list[PublishedTarget]) -> PublishedFeatures:
    whole = next((target for target in targets if SINCE in target.custom), None)
    return PublishedFeatures() if whole is None else PublishedFeatures(whole.custom[PRINTS], whole.length)
