"""One sync, from the first request to the pointer: the shell around the planner's rules."""

from __future__ import annotations

import logging
import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pocketshelf.closely import is_available
from pocketshelf.errors import PocketshelfError, StoreError, SyncError, Unreachable, one_line
from pocketshelf.files import read_plain
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.features import target_name
from pocketshelf.formats.shard import open_shard
from pocketshelf.formats.space import space_of
from pocketshelf.network.address import server_address
from pocketshelf.printable import without_passwords
from pocketshelf.store import StoreFolder, StoreWriter, current_sequence
from pocketshelf.store.digest import check_digests, read_recorded
from pocketshelf.store.filesystem import FileSystem, write_over
from pocketshelf.sync.backoff import PATIENCE, delays, next_attempt_after
from pocketshelf.sync.download import Downloader
from pocketshelf.sync.features import FeatureBringer
from pocketshelf.sync.fetcher import Fetcher
from pocketshelf.sync.generation import NextGeneration, Prepare, derive_indexes, unpacked_length
from pocketshelf.sync.http import HttpFetcher
from pocketshelf.sync.limits import Clock, Limits, Pace
from pocketshelf.sync.manifest import (
    MANIFEST_BYTES,
    MANIFEST_NAME,
    DeltaEntry,
    Manifest,
    SnapshotEntry,
    parse_manifest,
)
from pocketshelf.sync.planner import Device, Plan, plan
from pocketshelf.sync.report import SyncReport
from pocketshelf.sync.signed_by import SIGNED_NAME, read_signed_by
from pocketshelf.sync.state import SyncState, load_state, now, save_state
from pocketshelf.sync.trust import ROOT_BYTES, Target, Trust, Trusted, first_root

__all__ = ["Environment", "Request", "Syncer"]

logger = logging.getLogger(__name__)

# (what is going on, bytes so far, bytes in all)
Progress = Callable[[str, int, int], None]
_LATEST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
# Room for the indexes and the volume's own bookkeeping, beyond the bytes that are known.
_SPARE, _SPARE_BYTES = 1.1, 1_000_000
_LATER = "the shelf is searched without its newest local features, and the next sync tries again"
# Reasons for which what is here counts for nothing.
_ANEW = ("damaged", "rotated")
# And those for which the next generation is this one, with changes.
_GOES_ON = ("changes", "shorter", "gap")


@dataclass(frozen=True)
class Environment:
    """Everything outside that a sync touches; tests replace it.

    Attributes:
        attempts: how often one sync tries while the server is away.
        free_bytes: how much room the volume of a folder has.
        progress: told how far the downloads are.
        prepare: derives indexes in a staged generation.
    """

    fetcher: Fetcher = field(default_factory=HttpFetcher)
    files: FileSystem = field(default_factory=FileSystem)
    limits: Limits = field(default_factory=Limits)
    attempts: int = 3
    clock: Clock = time.monotonic
    now: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free
    progress: Progress = lambda what, done, total: None
    prepare: Prepare = derive_indexes


@dataclass(frozen=True)
class Request:
    """What is asked of a sync: the arguments of `pocketshelf.sync.sync`."""

    server_url: str
    shard: str = "all"
    root: bytes | None = None
    trust_on_first_use: bool = False
    bundle: Bundle | None = None
    if_due: bool = False
    allow_older: bool = False
    closely: bool | None = None


class Syncer:
    """Brings the store at ``path`` to the server's state; see `pocketshelf.sync.sync`."""

    def __init__(self, path: str | Path, request: Request, environment: Environment | None = None) -> None:
        self._request = replace(request, server_url=server_address(request.server_url))
        self._env = environment or Environment()
        self._folder = StoreFolder(path)
        self._path = Path(path)
        self._pace = Pace(self._env.limits, self._env.clock)
        self._started = self._env.clock()
        self._received = 0
        # What was done, once the shelf is the published one; its local features may be missing still.
        self._done: tuple[SyncReport, int] | None = None

    def run(self) -> SyncReport:
        """Sync once, trying again a few times while the server is away.

        Raises:
            SyncError, SpaceMismatch, ServerError, StoreError: refused or failed; the store is as it was.
        """
        with StoreWriter.open(self._path, self._env.files) as writer:
            state = load_state(self._path)
            due = state.waits_for(self._server, self._env.now())
            if self._request.if_due and due is not None:
                return self._report("deferred", due, next_attempt=due)
            try:
                report, sequence = self._persist(writer)
            except PocketshelfError as error:
                if self._done is None:
                    if isinstance(error, Unreachable):
                        return self._offline(state, error)
                    raise
                report, sequence = self._told(problem=f"{one_line(error, 1000)}; {_LATER}")
            self._remember(state.succeeded(self._server, self._request.shard, self._env.now(), sequence))
            return report

    @property
    def _server(self) -> str:
        return without_passwords(self._request.server_url)

    def _remember(self, state: SyncState) -> None:
        with self._tidying():
            save_state(self._path, state, self._env.files)

    @contextmanager
    def _tidying(self) -> Iterator[None]:
        """What is done besides: it may fail, and the sync is what it is."""
        try:
            yield
        except OSError as error:
            logger.warning("%s: %s; the sync is not affected", error.filename or self._path, error.strerror)

    def _persist(self, writer: StoreWriter) -> tuple[SyncReport, int]:
        """`_once`, until the server answers or the attempts are spent."""
        for delay in delays(self._env.attempts, jitter=self._env.jitter):
            try:
                return self._once(writer)
            except Unreachable as error:
                wait = max(delay, error.retry_after or 0.0)
                if wait > min(PATIENCE, self._pace.remaining):
                    raise
                logger.info("%s; trying again in %.1f s", error, wait)
                self._env.sleep(wait)
        return self._once(writer)

    def _offline(self, state: SyncState, error: Unreachable) -> SyncReport:
        moment = self._env.now()
        failures = state.failures(self._server) + 1
        pause = next_attempt_after(failures, self._env.jitter, error.retry_after)
        # A clock at the end of the calendar has no later moment.
        due = min(moment, _LATEST) + timedelta(seconds=pause)
        self._remember(state.failed(self._server, moment, due))
        return self._report("offline", str(error), next_attempt=due.isoformat())

    def _once(self, writer: StoreWriter) -> tuple[SyncReport, int]:
        trusted = self._trusted()
        manifest = self._manifest(trusted)
        device = self._device(trusted, manifest)
        todo = plan(device, manifest, self._request.allow_older)
        if todo.get is None:
            self._drop_damaged_previous(writer)
            if todo.why == "current":
                self._vouch(trusted, manifest)
            self._done = self._done or (self._report("current", todo.why), manifest.sequence)
        else:
            how = self._update(writer, trusted, manifest, device, todo)
            self._drop_downloads()
            report = self._report("updated", todo.why if how == _kind(todo) else "does not fit")
            self._done = replace(report, how=how, from_sequence=device.sequence), manifest.sequence
        done = self._told(features=None if todo.why == "rolled back" else self._features(trusted, manifest))
        self._drop_downloads()
        return done

    def _told(self, **more: str | None) -> tuple[SyncReport, int]:
        assert self._done is not None
        report, sequence = self._done
        seconds = self._env.clock() - self._started
        return replace(report, received=self._received, seconds=seconds, **more), sequence  # type: ignore[arg-type]

    @property
    def _looks_closely(self) -> bool:
        return is_available() if self._request.closely is None else self._request.closely

    def _features(self, trusted: Trusted, manifest: Manifest) -> str | None:
        """Bring the local features of the shelf, which is the published one; how, if at all."""
        if not self._looks_closely:
            return None

        def get(target: Target, room: int) -> Path:
            self._require_space(room)
            return self._downloader(target.name).get(target)

        try:
            bringer = FeatureBringer(self._folder, self._env.files, self._env.limits, get)
            return bringer.bring(trusted, manifest.shard, manifest.sequence)
        except OSError as error:
            raise StoreError(f"{error.filename or self._path}: {error.strerror or error}") from error

    def _drop_downloads(self) -> None:
        with self._tidying():
            self._env.files.rmtree(self._path / "downloads")

    def _trusted(self) -> Trusted:
        trust = Trust(self._path / "trust", self._env.files)
        root = self._request.root or self._lying_by(trust)
        if root is not None:
            trust.establish(root)
        elif not trust.established():
            trust.establish(self._first_root())
        fetcher = self._env.fetcher
        if isinstance(fetcher, HttpFetcher):
            fetcher = fetcher.telling(current_sequence(self._path) or 0)
        return trust.refresh(fetcher, self._request.server_url, self._pace, self._env.limits)

    def _lying_by(self, trust: Trust) -> bytes | None:
        """The root that lies in the store's folder, where none is stored yet, or a damaged one."""
        with suppress(SyncError):
            if trust.established():
                return None
        provided = self._path / "root.json"
        return read_plain(provided, ROOT_BYTES) if provided.exists() else None

    def _first_root(self) -> bytes:
        if not self._request.trust_on_first_use:
            raise SyncError(
                f"{self._path}: no root of trust yet; give the server's root.json (--root, or put it "
                "into this folder), or accept whoever answers (--trust-on-first-use)"
            )
        return first_root(self._env.fetcher, self._request.server_url, self._pace, self._env.limits)

    def _manifest(self, trusted: Trusted) -> Manifest:
        target = trusted.target(f"{self._request.shard}/{MANIFEST_NAME}")
        data = self._downloader(target.name).get(target, self._env.limits.manifest_bytes).read_bytes()
        manifest = parse_manifest(data, target.name)
        if manifest.shard != self._request.shard:
            raise SyncError(f"{target.name}: refused, it is the manifest of shard {manifest.shard!r}")
        return manifest

    def _device(self, trusted: Trusted, manifest: Manifest) -> Device:
        """What is here; a generation that fails its checksum counts as damaged."""
        bundle = self._request.bundle
        wanted = None if bundle is None else space_of(bundle)
        try:
            name = self._folder.current()
            if name is None:
                return Device(bundle=wanted)
            check_digests(self._folder, name)
            with open_shard(self._folder.shard(name)) as opened:
                meta = opened.meta
            shard = _shard_name(self._folder, name)
        except StoreError as error:
            logger.info("%s; taking the snapshot", error)
            return Device(damaged=True, bundle=wanted)
        _, refused = self._folder.rolled_back() or (None, None)
        vouched = meta.sequence == manifest.sequence and self._is_made_of(name, trusted, manifest)
        return Device(
            shard,
            meta.sequence,
            meta.vectors_of(),
            rolled_back=refused,
            vouched=vouched or self._counts(name, trusted),
            bundle=wanted,
        )

    def _counts(self, name: str, trusted: Trusted) -> bool:
        """Whether a key signed the generation that is not rotated since; true where nothing is known."""
        signed_by = read_signed_by(self._folder.generation(name))
        return signed_by is None or trusted.counts(signed_by.keys)

    def _is_made_of(self, name: str, trusted: Trusted, manifest: Manifest) -> bool:
        """Whether the generation was made of the very snapshot that is signed now."""
        signed_by = read_signed_by(self._folder.generation(name))
        signed = trusted.target(manifest.snapshot.target).sha256
        return signed_by is not None and signed_by.snapshot == signed

    def _vouch(self, trusted: Trusted, manifest: Manifest) -> None:
        """Note that keys which count now signed the current generation, where they did: the very file."""
        name = self._folder.require_current()
        signed_by = read_signed_by(self._folder.generation(name))
        if signed_by is None or signed_by.keys == trusted.keys:
            return
        if self._is_made_of(name, trusted, manifest):
            data = replace(signed_by, keys=trusted.keys).to_bytes()
            with self._tidying():
                write_over(self._env.files, self._folder.generation(name) / SIGNED_NAME, data)

    def _drop_damaged_previous(self, writer: StoreWriter) -> None:
        """A repair that was killed between the pointer and the tidying leaves what it replaced."""
        previous = self._folder.previous()
        if previous is None:
            return
        try:
            check_digests(self._folder, previous)
        except StoreError as error:
            logger.info("%s; removed, a rollback must not lead there", error)
            writer.prune(keep={name for name in self._folder.generations() if name != previous} | {None})

    def _update(
        self, writer: StoreWriter, trusted: Trusted, manifest: Manifest, device: Device, todo: Plan
    ) -> str:
        env = self._env
        space = device.bundle or (None if todo.why in _ANEW else device.space)
        published = trusted.find(target_name(manifest.shard, manifest.sequence)) is not None
        keeps = published and self._looks_closely and todo.why in _GOES_ON
        following = NextGeneration(writer, manifest, env.limits, trusted.keys, space, env.prepare, keeps)
        if isinstance(todo.get, DeltaEntry):
            try:
                following.publish_changes(*self._packed(trusted, todo.get), todo.get)
                return "changes"
            except StoreError as error:
                logger.info("%s; taking the snapshot", error)
        replaces = todo.why in _ANEW
        following.publish_snapshot(*self._packed(trusted, manifest.snapshot), replaces)
        return "snapshot"

    def _packed(self, trusted: Trusted, entry: DeltaEntry | SnapshotEntry) -> tuple[Path, Target]:
        """Download what the manifest names, if there is room for it and for what it becomes."""
        target = trusted.target(entry.target)
        unpacked = unpacked_length(target, self._env.limits)
        needed = target.length + unpacked
        if isinstance(entry, DeltaEntry):  # Applied to a copy of the shard, which grows by no more than it.
            needed += unpacked + self._folder.shard(self._folder.require_current()).stat().st_size
        self._require_space(needed)
        return self._downloader(target.name).get(target), target

    def _require_space(self, needed: int) -> None:
        needed = int(needed * _SPARE) + _SPARE_BYTES
        free = self._env.free_bytes(self._path)
        if free < needed:
            raise SyncError(
                f"{self._path}: {needed / 1e6:.0f} MB are needed for this sync, {free / 1e6:.0f} MB are "
                "free; free some space"
            )

    def _downloader(self, what: str) -> Downloader:
        seen = 0

        def progress(done: int, total: int) -> None:
            nonlocal seen
            self._received += max(0, done - seen)
            seen = done
            self._env.progress(what, done, total)

        env = self._env
        return Downloader(self._path / "downloads", env.fetcher, env.files, self._pace, env.limits, progress)

    def _report(self, outcome: str, why: str | None, next_attempt: str | None = None) -> SyncReport:
        sequence = current_sequence(self._path)
        return SyncReport(
            outcome,  # type: ignore[arg-type]
            why=why,
            from_sequence=sequence,
            sequence=sequence,
            received=self._received,
            seconds=self._env.clock() - self._started,
            next_attempt=next_attempt,
        )


def _kind(todo: Plan) -> str:
    return "changes" if isinstance(todo.get, DeltaEntry) else "snapshot"


def _shard_name(folder: StoreFolder, name: str) -> str | None:
    """Which shard a generation came from; None for one that was built here, or whose manifest is damaged."""
    try:
        return parse_manifest(read_recorded(folder, name, MANIFEST_NAME, MANIFEST_BYTES)).shard
    except (StoreError, SyncError):
        return None
