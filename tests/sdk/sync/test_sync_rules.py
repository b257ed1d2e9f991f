"""The parts of the sync that decide and bound, alone."""

from __future__ import annotations

import gzip
import hashlib

import pytest

from pocketshelf.errors import SpaceMismatch, SyncError
from pocketshelf.formats import Space
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.backoff import delays, next_attempt_after
from pocketshelf.sync.limits import Limits, Pace
from pocketshelf.sync.manifest import Count, DeltaEntry, Manifest, SnapshotEntry
from pocketshelf.sync.planner import Device, Plan, plan
from pocketshelf.sync.unpack import unpack

HERE = Space("space", "pre")
SNAPSHOT = SnapshotEntry("all/snapshot-9.sqlite.gz", 1000)


def delta(base: int, to: int = 9, length: int = 10) -> DeltaEntry:
    return DeltaEntry(base, to, f"all/delta-{base}-{to}.sqlite.gz", length)


def manifest(*deltas: DeltaEntry, sequence: int = 9) -> Manifest:
    return Manifest("all", "space", "pre", sequence, SNAPSHOT, deltas, {"Apple": Count(3, 9)})


def at(sequence: int | None, **more: object) -> Device:
    return Device(**{"shard": "all", "sequence": sequence, "space": HERE, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("device", "published", "expected"),
    [
        (Device(), manifest(delta(5)), Plan(SNAPSHOT, "first")),
        (at(5), manifest(delta(4), delta(5)), Plan(delta(5), "changes")),
        (at(9), manifest(delta(5)), Plan(None, "current")),
        (at(3), manifest(delta(5)), Plan(SNAPSHOT, "gap")),
        (at(6), manifest(delta(5), delta(7)), Plan(SNAPSHOT, "gap")),
        (at(5), manifest(delta(5, to=8)), Plan(SNAPSHOT, "gap")),
        (at(5), manifest(delta(5, length=1000)), Plan(SNAPSHOT, "shorter")),
        (at(5), manifest(delta(5, length=30), delta(5, length=20)), Plan(delta(5, length=20), "changes")),
        (at(5, damaged=True), manifest(delta(5)), Plan(SNAPSHOT, "damaged")),
        (at(9, damaged=True), manifest(), Plan(SNAPSHOT, "damaged")),
        (at(5, shard="other"), manifest(delta(5)), Plan(SNAPSHOT, "other shard")),
        (at(5, shard=None), manifest(delta(5)), Plan(SNAPSHOT, "other shard")),
        (at(5, space=Space("old", "pre"), bundle=HERE), manifest(delta(5)), Plan(SNAPSHOT, "other space")),
    ],
)
def test_what_is_taken(device, published, expected):
    assert plan(device, published) == expected


@pytest.mark.parametrize("bundle", [Space("other", "pre"), Space("space", "other")])
def test_a_shelf_that_the_models_cannot_search_is_refused(bundle):
    with pytest.raises(SpaceMismatch, match="update the app's bundle"):
        plan(at(5, bundle=bundle), manifest(delta(5)))


def test_a_new_space_is_refused_while_nothing_says_that_the_models_are_new_too():
    with pytest.raises(SpaceMismatch):
        plan(at(5, space=Space("old", "pre")), manifest(delta(5)))


def test_going_back_needs_consent():
    with pytest.raises(SyncError, match="--allow-older"):
        plan(at(12), manifest())
    assert plan(at(12), manifest(), allow_older=True) == Plan(SNAPSHOT, "reset")


def test_the_pace_is_an_average_over_the_window():
    now = [0.0]
    pace = Pace(Limits(rate=100, window_seconds=10), lambda: now[0])
    pace.start()
    for now[0] in range(1, 10):
        pace.received(0)  # Nine silent seconds are allowed.
    now[0] = 10.5
    pace.received(1100)
    now[0] = 20.0
    pace.received(10)
    now[0] = 21.0
    with pytest.raises(SyncError, match="too slowly"):
        pace.received(10)


def test_each_download_has_its_own_window():
    now = [0.0]
    pace = Pace(Limits(rate=100, window_seconds=10), lambda: now[0])
    pace.start()
    now[0] = 9.0
    pace.start()
    now[0] = 12.0
    pace.received(0)
    assert pace.remaining == Limits().total_seconds - 12.0


def test_delays_grow_are_capped_and_jitter():
    assert list(delays(6, jitter=lambda: 1.0)) == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert list(delays(3, jitter=lambda: 0.0)) == [0.25, 0.5]
    assert list(delays(1)) == []
    assert next_attempt_after(1, lambda: 1.0) == 60
    assert next_attempt_after(1000, lambda: 1.0) == 6 * 3600


def test_unpacking_stops_one_piece_beyond_the_signed_length(tmp_path):
    packed, plain = tmp_path / "a.gz", tmp_path / "a"
    packed.write_bytes(gzip.compress(bytes(50_000_000)))
    written = []

    class Counting(FileSystem):
        def append(self, path, data):
            written.append(len(data))
            super().append(path, data)

    with pytest.raises(SyncError, match="zip bomb"):
        unpack(packed, plain, 100_000, "", Counting(), Limits(chunk=65_536))
    assert sum(written) <= 100_000 and not plain.exists()


def test_unpacking_checks_the_hash(tmp_path):
    packed, plain = tmp_path / "a.gz", tmp_path / "a"
    packed.write_bytes(gzip.compress(b"hello"))
    unpack(packed, plain, 5, hashlib.sha256(b"hello").hexdigest(), FileSystem(), Limits())
    assert plain.read_bytes() == b"hello"
    with pytest.raises(SyncError, match="does not unpack to"):
        unpack(packed, plain, 5, hashlib.sha256(b"other").hexdigest(), FileSystem(), Limits())
    assert not plain.exists()
