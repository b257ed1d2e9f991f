"""Make generations: for each shard a snapshot, deltas from the generations before it, and a manifest.

From every retained generation *b* there is one squashed delta *b* to latest; the single steps between
retained generations stay as well, so that a device may walk a chain whose files caches already hold.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdk.errors import CatalogueError
from sdk.formats import DeltaMeta, ShardMeta, create_delta, create_shard
from sdk.formats import Product as ShardProduct
from server.catalogue import Catalogue, Entry, Row, View
from server.publish.files import gzip_deterministic, hashed_path, store_target
from server.publish.history import History, PublishedTarget, ShardLog
from server.publish.rules import Rule, parse_rule
from server.site import Site

__all__ = ["Published", "Publisher"]

# A device in the middle of a download may finish it within this time after the next publication.
GRACE_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Published:
    """What happened to one shard.

    Attributes:
        sequence: of its latest generation.
        products: how many it holds.
        new: whether this publication made a generation (False: nothing in it had changed).
        snapshot_bytes: of the snapshot as it travels.
        deltas: (from, to, bytes as it travels).
    """

    shard: str
    sequence: int
    products: int
    new: bool
    snapshot_bytes: int
    deltas: tuple[tuple[int, int, int], ...]


class Publisher:
    """Publishes a site's shards; the signing is left to the caller, who is given all signed files.

    Args:
        site: where files go.
        catalogue: the products.
        clock: seconds since 1970; decides only when retired files are removed.
    """

    def __init__(self, site: Site, catalogue: Catalogue, clock: Callable[[], float] = time.time) -> None:
        self._site = site
        self._catalogue = catalogue
        self._clock = clock
        self._config = site.config()
        self._history = History(site.history_path)

    def close(self) -> None:
        """Close ``published.sqlite``."""
        self._history.close()

    def targets(self) -> list[PublishedTarget]:
        """Every file that should be signed now."""
        return self._history.targets()

    def publish(self, names: Iterable[str] | None = None) -> list[Published]:
        """Publish the shards ``names`` (all of the configuration if None).

        A shard whose content has not changed keeps its generation. With ``names`` None, shards that
        the configuration has no more are withdrawn.

        Raises:
            CatalogueError: an unknown shard or a bad rule.
            StoreError: a file cannot be written, or another publisher is at work.
        """
        shards = self._config.shards
        chosen = list(shards) if names is None else list(names)
        unknown = [name for name in chosen if name not in shards]
        if unknown:
            raise CatalogueError(
                f"shard {unknown[0]!r} is none of {', '.join(shards) or '(none)'}; see config.json"
            )
        rules = {name: parse_rule(name, shards[name], self._site.folder) for name in chosen}
        with self._history.publishing():
            results = [self._publish_shard(name, rule) for name, rule in rules.items()]
            if names is None:
                self._withdraw(set(self._history.shards()) - set(shards))
        return results

    def sweep(self) -> int:
        """Remove files retired longer than the grace time; how many. Call it after the signing."""
        with self._history.publishing():
            gone = self._history.drop_retired(self._clock() - GRACE_SECONDS)
            for name, sha256 in gone:
                hashed_path(self._site.targets, name, sha256).unlink(missing_ok=True)
        return len(gone)

    def compact(self) -> int:
        """Drop the catalogue's log up to the oldest generation that still gets a delta; lines dropped."""
        oldest = self._history.oldest_base()
        return 0 if oldest is None else self._catalogue.compact(oldest)

    def _withdraw(self, names: set[str]) -> None:
        for name in names:
            self._history.forget(name)
            self._history.replace_targets(name, [], self._clock())

    def _publish_shard(self, name: str, rule: Rule) -> Published:
        log = self._history.load(name)
        with self._catalogue.reading() as view:
            entries = _slim(rule(view.entries()))
            if not self._is_due(name, log, entries, view):
                return self._unchanged(name, log)
            if log.latest is None or view.sequence() > log.latest:
                return self._new_generation(name, log, entries, view)
        # The rule moved, not the catalogue: that, too, is a change with a number.
        self._catalogue.take_number("rule")
        with self._catalogue.reading() as view:
            return self._new_generation(name, log, _slim(rule(view.entries())), view)

    def _is_due(self, name: str, log: ShardLog, entries: list[Entry], view: View) -> bool:
        """Whether the shard's products differ from what is public, or their share of the catalogue."""
        return log.latest is None or log.differs(entries)

    def _unchanged(self, name: str, log: ShardLog) -> Published:
        assert log.latest is not None
        targets = self._history.targets(name)
        return _summary(name, log, targets, new=False)

    def _new_generation(self, name: str, log: ShardLog, entries: list[Entry], view: View) -> Published:
        sequence = view.sequence()
        log.advance(entries, view.tombstones(), sequence)
        log.retain(self._config.retain)
        with tempfile.TemporaryDirectory(dir=self._site.targets, prefix=".publishing-") as folder:
            maker = _TargetMaker(name, Path(folder), self._site.targets, self._catalogue, log)
            snapshot = maker.snapshot(_shard_rows(view.rows(), log))
            deltas = [*self._kept_steps(name, log), *maker.deltas(view)]
            counts = _counts(entries, view.categories())
            manifest = maker.manifest(snapshot, deltas, counts)
        targets = [manifest, snapshot, *deltas]
        self._history.replace_targets(name, targets, self._clock())
        self._history.save(name, log)
        return _summary(name, log, targets, new=True)

    def _kept_steps(self, name: str, log: ShardLog) -> list[PublishedTarget]:
        """The deltas between neighbouring retained generations, without the newest step."""
        pairs = set(zip(log.generations, log.generations[1:-1], strict=False))
        kept = (t for t in self._history.targets(name) if t.custom["from_sequence"] is not None)
        return [t for t in kept if (t.custom["from_sequence"], t.custom["sequence"]) in pairs]


class _TargetMaker:
    """Writes the files of one new generation."""

    def __init__(self, shard: str, work: Path, folder: Path, catalogue: Catalogue, log: ShardLog) -> None:
        assert log.latest is not None
        self._shard = shard
        self._work = work
        self._folder = folder
        self._space = catalogue.space
        self._log = log
        self._sequence = log.latest

    def snapshot(self, products: Iterable[ShardProduct]) -> PublishedTarget:
        space = self._space
        path = self._work / "snapshot.sqlite"
        create_shard(
            path,
            ShardMeta(space.name, space.preprocessing, space.bundle, self._sequence, space.dimension),
            products,
        )
        return self._pack(path, f"snapshot-{self._sequence}.sqlite.gz", None)

    def deltas(self, view: View) -> Iterator[PublishedTarget]:
        """One from each retained generation to the latest."""
        bases = self._log.generations[:-1]
        if not bases:
            return
        numbers = {key: number for key, (number, _) in self._log.members.items() if number > bases[0]}
        rows = view.get(numbers)
        changed = [_shard_product(rows[key], numbers[key]) for key in sorted(numbers)]
        for base in bases:
            yield self._delta(base, [product for product in changed if product.sequence > base])

    def _delta(self, base: int, upserts: list[ShardProduct]) -> PublishedTarget:
        space = self._space
        path = self._work / f"delta-{base}.sqlite"
        tombstones = [(key, number) for key, number in self._log.tombstones.items() if number > base]
        create_delta(
            path,
            DeltaMeta(space.name, space.preprocessing, space.dimension, base, self._sequence),
            upserts,
            tombstones,
        )
        return self._pack(path, f"delta-{base}-{self._sequence}.sqlite.gz", base)

    def manifest(
        self, snapshot: PublishedTarget, deltas: list[PublishedTarget], categories: dict[str, Any]
    ) -> PublishedTarget:
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
        return self._store(path, "manifest.json", None)

    def _pack(self, plain: Path, name: str, base: int | None) -> PublishedTarget:
        packed = plain.with_name(f"{plain.name}.gz")
        sha256, length, plain_sha256, plain_length = gzip_deterministic(plain, packed)
        plain.unlink()
        custom = self._custom(base, plain_length, plain_sha256)
        return self._place(
            packed, PublishedTarget(f"{self._shard}/{name}", sha256, self._shard, length, custom)
        )

    def _store(self, path: Path, name: str, base: int | None) -> PublishedTarget:
        import hashlib

        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        custom = self._custom(base, len(data), sha256)
        return self._place(
            path, PublishedTarget(f"{self._shard}/{name}", sha256, self._shard, len(data), custom)
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


def _slim(entries: Iterable[Entry]) -> list[Entry]:
    """Without attributes: a million of them would not be small, and the rule has seen them."""
    return [replace(entry, attributes={}) for entry in entries]


def _shard_rows(rows: Iterable[Row], log: ShardLog) -> Iterator[ShardProduct]:
    for row in rows:
        member = log.members.get(row.product.product_id)
        if member is not None:
            yield _shard_product(row, member[0])


def _shard_product(row: Row, number: int) -> ShardProduct:
    p = row.product
    return ShardProduct(p.product_id, number, p.category, p.title, p.image, p.vectors, p.attributes)


def _counts(entries: list[Entry], catalogue: dict[str, int]) -> dict[str, dict[str, int]]:
    local = Counter(entry.category for entry in entries)
    return {name: {"local": local[name], "catalogue": count} for name, count in sorted(catalogue.items())}


def _summary(name: str, log: ShardLog, targets: list[PublishedTarget], new: bool) -> Published:
    assert log.latest is not None
    snapshot = next(t for t in targets if t.name.startswith(f"{name}/snapshot-"))
    deltas = (t for t in targets if t.custom["from_sequence"] is not None)
    return Published(
        name, log.latest, len(log.members), new, snapshot.length,
        tuple((t.custom["from_sequence"], t.custom["sequence"], t.length) for t in deltas),
    )  # fmt: skip
