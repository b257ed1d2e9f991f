"""The generations of each shard that devices may still be at."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf_server.publish.files import hashed_path
from pocketshelf_server.publish.history import History, features_of
from pocketshelf_server.site import Site
from pocketshelf_server.trust import PublishedTarget

__all__ = ["Generation", "PublishedShard", "published_shards"]


@dataclass(frozen=True)
class Generation:
    """One of them.

    Attributes:
        made: seconds since 1970, when its files were; None where they tell nothing.
        to_latest: bytes that a device at it downloads; None for the latest itself.
    """

    sequence: int
    made: float | None
    to_latest: int | None


@dataclass(frozen=True)
class PublishedShard:
    """A shard as it is public.

    Attributes:
        rule: in words, as ``config.json`` has it; "" if it has it no more.
        generations: newest first.
        products: in it.
        snapshot: bytes of the whole, as it travels.
        files, size: how many are signed, and their bytes together.
    """

    name: str
    rule: str
    generations: tuple[Generation, ...]
    products: int
    snapshot: int
    files: int
    size: int

    @property
    def latest(self) -> Generation:
        """The newest one."""
        return self.generations[0]


def published_shards(site: Site, rules: dict[str, dict[str, Any]]) -> list[PublishedShard]:
    """What is public, by name.

    Raises:
        StoreError: what was published cannot be read.
    """
    if not site.history_path.is_file():
        return []
    with closing(History(site.history_path)) as history:
        return [_shard(site, history, name, rules.get(name)) for name in history.shards()]


def _shard(site: Site, history: History, name: str, rule: dict[str, Any] | None) -> PublishedShard:
    targets, features = history.targets(name), history.targets(features_of(name))
    latest = max(target.custom["sequence"] for target in targets)
    snapshot = next((t for t in targets if "/snapshot-" in t.name), None)
    to_latest = {
        target.custom["from_sequence"]: target.length
        for target in targets
        if target.custom["from_sequence"] is not None and target.custom["sequence"] == latest
    }
    made = _times(site, targets)
    sequences = sorted({*history.generations(name), latest}, reverse=True)
    return PublishedShard(
        name,
        _words(rule),
        tuple(Generation(sequence, made.get(sequence), to_latest.get(sequence)) for sequence in sequences),
        _products(site, name, targets),
        snapshot.length if snapshot else 0,
        len(targets) + len(features),
        sum(target.length for target in targets + features),
    )


def _times(site: Site, targets: list[PublishedTarget]) -> dict[int, float]:
    """When each generation's files were made: the earliest of those that end at it."""
    found: dict[int, float] = {}
    for target in targets:
        path = hashed_path(site.targets, target.name, target.sha256)
        if not target.name.endswith("/manifest.json") and path.is_file():
            sequence, time = target.custom["sequence"], path.stat().st_mtime
            found[sequence] = min(time, found.get(sequence, time))
    return found


def _products(site: Site, name: str, targets: list[PublishedTarget]) -> int:
    manifest = next(t for t in targets if t.name == f"{name}/manifest.json")
    path: Path = hashed_path(site.targets, manifest.name, manifest.sha256)
    try:
        document = json.loads(path.read_bytes())
        return sum(entry["local"] for entry in document["categories"].values())
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _words(rule: dict[str, Any] | None) -> str:
    if rule is None:
        return ""
    rest = ", ".join(f"{name} {_listed(value)}" for name, value in rule.items() if name != "rule")
    return f"{rule.get('rule', '')}: {rest}" if rest else str(rule.get("rule", ""))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
