"""The files of one generation: snapshot, deltas, manifest. Same content and history, same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from pocketshelf.formats import DeltaMeta, Product, ShardMeta, Space, create_delta, create_shard
from pocketshelf.formats.features import target_name
from pocketshelf_server.catalogue import View
from pocketshelf_server.publish.files import gzip_deterministic, store_target
from pocketshelf_server.publish.history import ShardLog, features_of
from pocketshelf_server.trust import PublishedTarget

__all__ = ["TargetMaker"]


class TargetMaker:
    """Writes the files of the latest generation in ``log``.

    Args:
        work: a folder for what is not complete yet, on the same file system.
        folder: where the site's targets are.
    """

    def __init__(self, shard: str, work: Path, folder: Path, space: Space, log: ShardLog) -> None:
        assert log.latest is not None
        self._shard = shard
        self._work = work
        self._folder = folder
        self._space = space
        self._log = log
        self._sequence = log.latest

    def snapshot(self, view: View) -> PublishedTarget:
        """The whole shard.

        Raises:
            StoreError: it cannot be written.
        """
        path = self._work / "snapshot.sqlite"
        create_shard(path, ShardMeta.of(self._space, self._sequence), _members(view.products(), self._log))
        return self._pack(path, f"snapshot-{self._sequence}.sqlite.gz", None)

    def deltas(self, view: View) -> Iterator[PublishedTarget]:
        """One from each retained generation to the latest; raises as `snapshot`."""
        bases = self._log.generations[:-1]
        if not bases:
            return
        numbers = {key: number for key, (number, _) in self._log.members.items() if number > bases[0]}
        products = view.get(numbers)
        changed = [replace(products[key], sequence=numbers[key]) for key in sorted(numbers)]
        for base in bases:
            yield self._delta(base, [product for product in changed if product.sequence > base])

    def _delta(self, base: int, upserts: list[Product]) -> PublishedTarget:
        path = self._work / f"delta-{base}.sqlite"
        tombstones = [(key, number) for key, number in self._log.tombstones.items() if number > base]
        create_delta(path, DeltaMeta.of(self._space, base, self._sequence), upserts, tombstones)
        return self._pack(path, f"delta-{base}-{self._sequence}.sqlite.gz", base)

    def manifest(
        self, snapshot: PublishedTarget, deltas: Iterable[PublishedTarget], categories: dict[str, Any]
    ) -> PublishedTarget:
        """The list of them, with the counts of products a category; raises as `snapshot`."""
        entries = [
            {
                "from": t.custom["from_sequence"],
                "to": t.custom["sequence"],
                "target": t.name,
                "length": t.length,
            }
            for t in deltas
        ]
        document = {
            "format": "pocketshelf-manifest",
            "version": 1,
            "shard": self._shard,
            "space": self._space.name,
            "preprocessing": self._space.preprocessing,
            "sequence": self._sequence,
            "oldest_delta": self._log.generations[0],
            "snapshot": {"target": snapshot.name, "length": snapshot.length},
            "deltas": sorted(entries, key=lambda entry: (entry["from"], entry["to"])),
            "categories": categories,
        }
        path = self._work / "manifest.json"
        path.write_text(json.dumps(document, sort_keys=True, ensure_ascii=False), encoding="utf-8")
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        custom = self._custom(None, len(data), sha256)
        name = f"{self._shard}/manifest.json"
        return self._place(path, PublishedTarget(name, sha256, self._shard, len(data), custom))

    def features(self, data: bytes, base: int | None, more: dict[str, Any]) -> PublishedTarget:
        """The local features of the shard, or of what changed since ``base``; raises as `snapshot`.

        Args:
            more: signed along with them, too.
        """
        name = target_name(self._shard, self._sequence, base).rpartition("/")[2]
        path = self._work / name.removesuffix(".gz")
        path.write_bytes(data)
        return self._pack(path, name, base, features_of(self._shard), more)

    def _pack(
        self, plain: Path, name: str, base: int | None, kept_as: str = "", more: dict[str, Any] | None = None
    ) -> PublishedTarget:
        packed = plain.with_name(f"{plain.name}.gz")
        sha256, length, plain_sha256, plain_length = gzip_deterministic(plain, packed)
        plain.unlink()
        custom = {**self._custom(base, plain_length, plain_sha256), **(more or {})}
        return self._place(
            packed, PublishedTarget(f"{self._shard}/{name}", sha256, kept_as or self._shard, length, custom)
        )

    def _place(self, ready: Path, target: PublishedTarget) -> PublishedTarget:
        store_target(self._folder, target.name, target.sha256, ready)
        return target

    def _custom(self, base: int | None, length: int, sha256: str) -> dict[str, Any]:
        return {
            "space": self._space.name,
            "preprocessing": self._space.preprocessing,
            "bundle": self._space.bundle,
            "sequence": self._sequence,
            "from_sequence": base,
            "uncompressed_length": length,
            "uncompressed_sha256": sha256,
        }


def _members(products: Iterable[Product], log: ShardLog) -> Iterator[Product]:
    """Those of ``products`` that are in the shard, with their numbers there."""
    for product in products:
        member = log.members.get(product.product_id)
        if member is not None:
            yield replace(product, sequence=member[0])
