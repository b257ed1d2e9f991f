"""Make generations: for each shard a snapshot, deltas from the generations before it, and a manifest.

From every retained generation *b* there is one squashed delta *b* to latest; the single steps between
retained generations stay as well, so that a device may walk a chain whose files caches already hold.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pocketshelf.errors import CatalogueError, StoreError
from pocketshelf_server.catalogue import Catalogue, Entry, View, open_catalogue
from pocketshelf_server.owner import remedy
from pocketshelf_server.publish.features import FeaturePublisher, PublishedFeatures
from pocketshelf_server.publish.files import hashed_path, is_whole
from pocketshelf_server.publish.history import History, ShardLog, shard_of
from pocketshelf_server.publish.lock import only_publisher
from pocketshelf_server.publish.rules import Rule, parse_rule
from pocketshelf_server.publish.setback import known_numbers, require_forward
from pocketshelf_server.publish.targets import TargetMaker
from pocketshelf_server.site import Site
from pocketshelf_server.trust import PublishedTarget, SignedRepository, open_repository
from pocketshelf_server.trust.expiry import require_root

__all__ = ["Published", "Publisher", "publish_site"]

# A device in the middle of a download may finish it within this time after the next publication.
GRACE_SECONDS = 24 * 3600.0
WORK_PREFIX = ".publishing-"
# What the history calls the lowest version of metadata to sign.
LOWEST = "lowest version"


@dataclass(frozen=True)
class Published:
    """What happened to one shard.

    Attributes:
        sequence: of its latest generation.
        products: how many it holds.
        new: whether this publication made a generation (False: nothing in it had changed).
        made_again: signed files that were missing or damaged, as after a backup was restored.
        snapshot_bytes: of the snapshot as it travels.
        deltas: (from, to, bytes as it travels).
        prints: products whose local features are published (`pocketshelf.closely`).
        features_bytes: of these, as they travel.
    """

    shard: str
    sequence: int
    products: int
    new: bool
    made_again: int
    snapshot_bytes: int
    deltas: tuple[tuple[int, int, int], ...]
    prints: int = 0
    features_bytes: int = 0


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
        self._features = FeaturePublisher(site.targets, self._history, self._config.closely, clock)

    def close(self) -> None:
        """Close ``published.sqlite``."""
        self._history.close()

    def targets(self) -> list[PublishedTarget]:
        """Every file that should be signed now."""
        return self._history.targets()

    def publish(self, names: Iterable[str] | None = None) -> list[Published]:
        """Publish the shards ``names`` (all of the configuration if None).

        A shard whose content has not changed keeps its generation; those of its signed files that are
        missing or damaged are made again. A shard that has such files is published even if ``names`` does
        not say so. With ``names`` None, shards that the configuration has no more are withdrawn.

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
        self._site.targets.mkdir(parents=True, exist_ok=True)
        with self._history.publishing():
            lost = self._lost()
            chosen += sorted((lost.keys() & shards.keys()) - set(chosen))
            rules = {name: parse_rule(name, shards[name], self._site.folder) for name in chosen}
            results = [self._publish_shard(name, rule, lost[name]) for name, rule in rules.items()]
            if names is None:
                self._withdraw(set(self._history.shards()) - set(shards))
        return results

    def jump_ahead(self, repository: SignedRepository) -> None:
        """Leave every number behind that may have been public: of the catalogue, and of what is signed.

        The next publication makes a generation of each shard, to which no delta leads. Numbers are taken
        from the clock (milliseconds for the catalogue, seconds for metadata), so that a second jump from the
        same backup comes to others; they are higher than any known one in any case.

        Raises:
            CatalogueError, StoreError: something cannot be read or written; nothing has gone backwards.
        """
        known, now = known_numbers(self._site, self._history, repository), self._clock()
        self._catalogue.jump(max(int(now * 1000), known.sequence + 1))
        with self._history.publishing():
            self._history.forget_bases()
            self._history.set_number(LOWEST, max(int(now), *known.versions.values()) + 1)

    def sign(self, repository: SignedRepository) -> None:
        """Sign what is published, and remember the versions; raises as `SignedRepository.sign_targets`."""
        repository.sign_targets(self.targets(), self._history.number(LOWEST))
        for status in repository.status():
            self._history.set_number(status.role, status.version)

    def require_forward(self, repository: SignedRepository) -> None:
        """Refuse to go backwards; raises as `pocketshelf_server.publish.setback.require_forward`."""
        require_forward(self._site, self._catalogue.sequence(), self._history, repository)

    def sweep(self) -> int:
        """Remove files retired longer than the grace time; how many. Call it after the signing."""
        with self._history.publishing():
            now = self._clock()
            gone = self._history.drop_retired(now - GRACE_SECONDS, now)
            kept = {(target.name, target.sha256) for target in self._history.targets()}
            for name, sha256 in set(gone) - kept:
                hashed_path(self._site.targets, name, sha256).unlink(missing_ok=True)
            # Nobody else is publishing now: these are of a publisher that was killed.
            for folder in self._site.targets.glob(f"{WORK_PREFIX}*"):
                shutil.rmtree(folder, ignore_errors=True)
        return len(gone)

    def compact(self) -> int:
        """Drop the catalogue's log up to the oldest generation that still gets a delta; lines dropped."""
        oldest = self._history.oldest_base()
        return 0 if oldest is None else self._catalogue.compact(oldest)

    def _withdraw(self, names: set[str]) -> None:
        for name in names:
            self._history.forget(name)
            self._history.replace_targets(name, [], self._clock())
            self._features.withdraw(name)

    def _lost(self) -> Counter[str]:
        """How many signed files of each shard are missing or damaged."""
        return Counter(
            shard_of(target.shard) for target in self._history.targets() if not self._is_whole(target)
        )

    def _is_whole(self, target: PublishedTarget) -> bool:
        path = hashed_path(self._site.targets, target.name, target.sha256)
        return is_whole(path, target.length, target.sha256)

    def _publish_shard(self, name: str, rule: Rule, lost: int) -> Published:
        log = self._history.load(name)
        with self._catalogue.reading() as view:
            entries = _slim(rule(view.entries()))
            if log.latest is not None and not log.differs(entries):
                return self._renew(name, log, entries, view, lost)
            if view.sequence() > self._history.last_sequence(name):
                return self._new_generation(name, log, entries, view, lost)
        # The rule moved, not the catalogue: that, too, is a change with a number.
        self._catalogue.take_number("rule")
        with self._catalogue.reading() as view:
            return self._new_generation(name, log, _slim(rule(view.entries())), view, lost)

    def _renew(self, name: str, log: ShardLog, entries: list[Entry], view: View, lost: int) -> Published:
        """The shard is as it was, but its share of the catalogue may not be, and files may be lost."""
        targets = self._history.targets(name)
        snapshot, deltas, _ = _by_kind(name, targets)
        with self._maker(name, log) as maker:
            if lost:
                snapshot, deltas = maker.snapshot(view), [*self._kept_steps(name, log), *maker.deltas(view)]
            manifest = maker.manifest(snapshot, deltas, _counts(entries, view.publishable_categories()))
            features = self._features.publish(name, log, view, maker, new=False)
        renewed = [manifest, snapshot, *deltas]
        if sorted(renewed, key=_name) != targets:
            self._history.replace_targets(name, renewed, self._clock())
        return _summary(name, log, renewed, lost, features, new=False)

    def _new_generation(
        self, name: str, log: ShardLog, entries: list[Entry], view: View, lost: int
    ) -> Published:
        log.advance(entries, view.tombstones(), view.sequence())
        log.retain(self._config.retain)
        with self._maker(name, log) as maker:
            snapshot = maker.snapshot(view)
            deltas = [*self._kept_steps(name, log), *maker.deltas(view)]
            manifest = maker.manifest(snapshot, deltas, _counts(entries, view.publishable_categories()))
            features = self._features.publish(name, log, view, maker, new=True)
        targets = [manifest, snapshot, *deltas]
        self._history.replace_targets(name, targets, self._clock())
        self._history.save(name, log)
        return _summary(name, log, targets, lost, features, new=True)

    @contextmanager
    def _maker(self, name: str, log: ShardLog) -> Iterator[TargetMaker]:
        targets = self._site.targets
        try:
            with tempfile.TemporaryDirectory(dir=targets, prefix=WORK_PREFIX) as folder:
                yield TargetMaker(name, Path(folder), targets, self._catalogue.space, log)
        except OSError as error:
            why = f"cannot be written ({error.strerror or error}); {remedy(error)}, and publish again"
            raise StoreError(f"{targets}: {why}") from error

    def _kept_steps(self, name: str, log: ShardLog) -> list[PublishedTarget]:
        """The deltas between neighbouring retained generations, without the newest step.

        One that is lost cannot be made again, and need not be: a squashed one leads from its base, too.
        """
        pairs = set(zip(log.generations, log.generations[1:-1], strict=False))
        kept = (t for t in self._history.targets(name) if t.custom["from_sequence"] is not None)
        wanted = (t for t in kept if (t.custom["from_sequence"], t.custom["sequence"]) in pairs)
        return [t for t in wanted if self._is_whole(t)]


def publish_site(
    site: Site, shards: Iterable[str] | None = None, compact: bool = False, jump_ahead: bool = False
) -> list[Published]:
    """Publish ``shards`` (all if None), sign them, and remove the files that no device needs any more.

    It works in this process, at its priority; `pocketshelf-server publish` is a process that gives way.

    Args:
        compact: drop the lines of the catalogue's log that no delta needs any more, too.
        jump_ahead: first leave every number behind that may have been public, as after an older backup was
            restored.

    Raises:
        CatalogueError, StoreError: as `Publisher.publish`, a key is missing, the root has expired, or the
            site would go backwards; the old generations stay.
    """
    repository = open_repository(site)
    require_root(repository.status())  # Without keys, or under a root that has expired, fail before any work.
    repository.require_near()
    with (
        only_publisher(site.publish_lock),
        closing(open_catalogue(site)) as catalogue,
        closing(Publisher(site, catalogue)) as publisher,
    ):
        publisher.jump_ahead(repository) if jump_ahead else publisher.require_forward(repository)
        results = publisher.publish(shards)
        publisher.sign(repository)
        publisher.sweep()
        if compact:
            publisher.compact()
    return results


def _slim(entries: Iterable[Entry]) -> list[Entry]:
    """Without attributes: a million of them would not be small, and the rule has seen them."""
    return [replace(entry, attributes={}) for entry in entries]


def _counts(entries: list[Entry], catalogue: dict[str, int]) -> dict[str, dict[str, int]]:
    local = Counter(entry.category for entry in entries)
    return {name: {"local": local[name], "catalogue": count} for name, count in sorted(catalogue.items())}


def _by_kind(
    name: str, targets: list[PublishedTarget]
) -> tuple[PublishedTarget, list[PublishedTarget], PublishedTarget]:
    """(snapshot, deltas, manifest) of a shard's files."""
    manifest = next(t for t in targets if t.name == f"{name}/manifest.json")
    deltas = [t for t in targets if t.custom["from_sequence"] is not None]
    snapshot = next(t for t in targets if t is not manifest and t not in deltas)
    return snapshot, deltas, manifest


def _name(target: PublishedTarget) -> str:
    return target.name


def _summary(
    name: str,
    log: ShardLog,
    targets: list[PublishedTarget],
    made_again: int,
    features: PublishedFeatures,
    new: bool,
) -> Published:
    assert log.latest is not None
    snapshot, deltas, _ = _by_kind(name, targets)
    sizes = tuple((t.custom["from_sequence"], t.custom["sequence"], t.length) for t in deltas)
    return Published(
        name,
        log.latest,
        len(log.members),
        new,
        made_again,
        snapshot.length,
        sizes,
        features.prints,
        features.length,
    )
