"""The life of a store that syncs with an honest server."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from repository_simulator import DIMENSION, PREPROCESSING, SPACE, URL, Breaks, content_of, make_product
from sync_device import first_state, second_state

from pocketshelf.errors import ServerError, SpaceMismatch, StoreError, SyncError
from pocketshelf.formats.features import FEATURE, Print
from pocketshelf.recall import shelf_coverage
from pocketshelf.stages.search import StoreSearcher, derive_indexes
from pocketshelf.store import Store, StoreFolder, StoreWriter, rollback_store, verify_store
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync import parse_manifest, sync, sync_status
from pocketshelf.sync.state import load_state


def test_first_sync_takes_the_snapshot(shop, fresh_device):
    device = fresh_device(shop)
    report = device.sync()
    assert (report.outcome, report.how, report.why) == ("updated", "snapshot", "first")
    assert (report.from_sequence, report.sequence, device.sequence()) == (None, 60, 60)
    assert device.content() == content_of(first_state())


def test_changes_are_applied(shop, device):
    report = device.sync()
    assert (report.outcome, report.how, report.from_sequence, report.sequence) == (
        "updated",
        "changes",
        60,
        64,
    )
    assert device.sequence() == 64
    assert device.content() == content_of(second_state())
    assert not any("snapshot-64" in path for path, _ in shop.requests)


def test_nothing_to_do_downloads_only_the_timestamp_and_the_manifest(shop, device):
    device.sync()
    shop.requests.clear()
    assert device.sync().outcome == "current"
    got = [path for path, _ in shop.requests if path in shop.served]
    assert len(got) == 2 and got[0].endswith("timestamp.json") and got[1].endswith("manifest.json")


def test_a_gap_takes_the_snapshot(shop, device):
    for sequence in range(65, 70):
        shop.publish({**second_state(), "x": make_product("x", sequence)}, sequence)
    report = device.sync()
    assert (report.how, report.why, device.sequence()) == ("snapshot", "gap", 69)


def test_a_flipped_bit_in_the_shard_takes_the_snapshot(device):
    shard = StoreFolder(device.path).shard("00000001")
    data = bytearray(shard.read_bytes())
    data[-100] ^= 1
    shard.write_bytes(data)
    report = device.sync()
    assert (report.how, report.why, device.sequence()) == ("snapshot", "damaged", 64)
    assert device.content() == content_of(second_state())
    with pytest.raises(StoreError, match="no older generation"):  # The damaged one is not kept.
        rollback_store(device.path)


def test_a_flipped_bit_in_the_manifest_is_noticed_and_healed(shop, device):
    device.sync()
    manifest = StoreFolder(device.path).generation("00000002") / "manifest.json"
    data = manifest.read_bytes()
    manifest.write_bytes(data.replace(b'"catalogue": 60', b'"catalogue": 70'))
    assert manifest.read_bytes() != data
    (problem,) = verify_store(device.path).problems
    assert "manifest.json: not the bytes that were written" in problem
    with Store.open(device.path) as store:
        assert shelf_coverage(store) is None
    assert (device.sync().outcome, device.sequence()) == ("updated", 64)
    with Store.open(device.path) as store:
        assert shelf_coverage(store) is not None


@pytest.mark.parametrize("pointer", [b"", b"\x00\xff", b"../../etc", b"99999999\n"])
def test_a_damaged_pointer_takes_the_snapshot(device, pointer):
    (device.path / "current").write_bytes(pointer)
    assert (device.sync().how, device.sequence()) == ("snapshot", 64)


def test_a_rollback_stays_until_something_newer_is_published(shop, device):
    device.sync()
    assert rollback_store(device.path) == "00000001"
    for _ in range(2):
        report = device.sync()
        assert (report.outcome, report.why, report.sequence) == ("current", "rolled back", 60)
        assert device.content() == content_of(first_state())
    state = {**second_state(), "n2": make_product("n2", 65)}
    shop.publish(state, 65)
    assert (device.sync().how, device.sequence()) == ("changes", 65)
    assert device.content() == content_of(state)
    rollback_store(device.path)
    assert device.sync().why == "rolled back" and device.sequence() == 60


def test_a_rollback_is_undone(device):
    device.sync()
    with pytest.raises(StoreError, match="nothing was rolled back"):
        rollback_store(device.path, undo=True)
    rollback_store(device.path)
    assert rollback_store(device.path, undo=True) == "00000002"
    assert (device.sequence(), device.sync().why) == (64, "current")
    with pytest.raises(StoreError, match="nothing was rolled back"):
        rollback_store(device.path, undo=True)


def test_after_a_rollback_from_damage_the_same_state_comes_again_whole(device):
    device.sync()
    shard = StoreFolder(device.path).shard("00000002")
    shard.write_bytes(shard.read_bytes()[:-1] + b"\x01")
    rollback_store(device.path)
    assert (device.sync().outcome, device.sequence()) == ("updated", 64)


def test_a_store_built_after_a_rollback_forgets_it(shop, device):
    device.sync()
    rollback_store(device.path)
    with Store.open(device.path) as store:
        meta, products = store.meta, list(store.shard)
    Store.create(device.path, meta, products).close()
    assert StoreFolder(device.path).rolled_back() is None
    assert (device.sync().why, device.sequence()) == ("other shard", 64)


@pytest.mark.parametrize(
    "memory", ["", "[" * 9000, "00000002", "00000002 -1", "00000002 " + "9" * 99, "\xff 1"]
)
def test_a_damaged_memory_of_a_rollback_is_forgotten(device, memory):
    device.sync()
    rollback_store(device.path)
    (device.path / "rolled-back").write_text(memory, encoding="latin-1")
    assert (device.sync().outcome, device.sequence()) == ("updated", 64)


def test_changes_that_do_not_fit_fall_back_to_the_snapshot(device):
    """A store built here that claims the same shard and sequence, with other products."""
    with Store.open(device.path) as store:
        meta, products = store.meta, [p for p in store.shard if p.product_id != "p9"]
    manifest = (StoreFolder(device.path).generation("00000001") / "manifest.json").read_bytes()
    Store.create(device.path, meta, products).close()
    (StoreFolder(device.path).generation("00000002") / "manifest.json").write_bytes(manifest)
    report = device.sync()
    assert (report.how, report.why) == ("snapshot", "does not fit")
    assert device.content() == content_of(second_state())


def test_a_broken_connection_goes_on_where_it_ended(shop, fresh_device):
    device = fresh_device(shop)
    path, data = shop.snapshot_path(), shop.served[shop.snapshot_path()]
    half = len(data) // 2
    shop.bodies[path] = Breaks(data, half, shop.bodies.clear)
    assert device.sync().outcome == "updated"
    offsets = [offset for asked, offset in shop.requests if asked == path]
    assert offsets == [0, half]
    assert device.sequence() == 60


def test_a_part_of_something_else_is_fetched_again(shop, fresh_device):
    device = fresh_device(shop)
    sha256 = shop.targets.targets["all/snapshot-60.sqlite.gz"].hashes["sha256"]
    (device.path / "downloads").mkdir(parents=True)
    (device.path / "downloads" / f"{sha256}.part").write_bytes(b"rubbish" * 10)
    assert device.sync().outcome == "updated"
    assert device.sequence() == 60


def test_an_absent_server_is_no_error(shop, device):
    shop.away = True
    report = device.sync()
    assert (report.outcome, report.sequence, device.sequence()) == ("offline", 60, 60)
    assert device.clock.slept == [0.375, 0.75]
    assert load_state(device.path).failures(URL) == 1


def test_a_background_sync_backs_off_further_and_further(shop, device):
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    device.environment = replace(device.environment, now=lambda: moment, attempts=1)
    shop.away = True
    waits = []
    for _ in range(12):
        report = device.sync(if_due=True)
        waits.append((datetime.fromisoformat(report.next_attempt) - moment).total_seconds())
        moment = datetime.fromisoformat(report.next_attempt) - timedelta(seconds=1)
        assert device.sync(if_due=True).outcome == "deferred"
        moment += timedelta(seconds=1)
    assert waits[:3] == [45.0, 90.0, 180.0] and waits[-1] == waits[-2] == 6 * 3600 * 0.75
    shop.away = False
    assert device.sync().outcome == "updated"
    assert load_state(device.path).failures(URL) == 0


def test_no_room_is_noticed_before_the_download(shop, device):
    device.environment = replace(device.environment, free_bytes=lambda folder: 1000)
    with pytest.raises(SyncError, match="are needed for this sync, 0 MB are free"):
        device.sync()
    assert not any("delta" in path for path, _ in shop.requests)
    assert device.sequence() == 60


def test_status_after_a_sync(shop, device):
    device.sync()
    status = sync_status(device.path)
    assert (status["server"], status["server_sequence"], status["root_version"]) == (URL, 64, 1)
    assert datetime.fromisoformat(status["expires"]) > datetime.now(UTC)
    assert status["last_sync"] == status["last_attempt"]


def test_status_before_any_sync(tmp_path):
    status = sync_status(tmp_path)
    assert status["last_sync"] is None and status["expires"] is None and status["root_version"] is None


def test_without_a_root_nothing_is_trusted(shop, fresh_device):
    with pytest.raises(SyncError, match="no root of trust yet"):
        fresh_device(shop).sync(root=None)


def test_trust_on_first_use(shop, fresh_device):
    device = fresh_device(shop)
    assert device.sync(root=None, trust_on_first_use=True).sequence == 60
    assert device.sync(root=None).outcome == "current"


def test_the_root_may_lie_in_the_store(shop, fresh_device):
    device = fresh_device(shop)
    device.path.mkdir()
    (device.path / "root.json").write_bytes(shop.root_bytes)
    assert device.sync(root=None).sequence == 60


def test_keys_rotate(shop, device):
    for role in ("timestamp", "targets", "snapshot", "root"):
        shop.rotate(role)
    assert device.sync().sequence == 64
    assert sync_status(device.path)["root_version"] == 5


def test_a_second_sync_at_the_same_time_is_refused(device):
    with StoreWriter.open(device.path), pytest.raises(StoreError, match="another process is writing"):
        device.sync()
    assert device.sequence() == 60


def test_another_space_is_refused_with_the_remedy(shop, device):
    bundle = _Bundle("other-space", PREPROCESSING)
    with pytest.raises(SpaceMismatch, match="update the app's bundle"):
        device.sync(bundle=bundle)
    assert device.sequence() == 60
    assert device.sync(bundle=_Bundle(SPACE, PREPROCESSING)).sequence == 64


def test_an_unknown_shard_is_refused(device):
    with pytest.raises(SyncError, match=r"has not published it; check the shard's name \(there are: all\)"):
        device.sync(shard="nowhere")


def test_an_address_without_repository_is_named(shop, device):
    del shop.served["/v1/metadata/timestamp.json"]
    with pytest.raises(ServerError, match="no signed repository there"):
        device.sync()


def test_a_search_goes_on_in_the_old_generation(device):
    with Store.open(device.path) as before:
        device.sync()
        assert before.meta.sequence == 60
        assert content_of({p.product_id: p for p in before.shard}) == content_of(first_state())
        assert not before.is_current()


def test_no_search_waits_for_a_lock_at_any_file_operation(device):
    """In the middle of every change on the disk: the open generation answers, and a store can be opened."""
    query, names = np.ones(16, dtype=np.float32), ["Apple", "Milk"]

    def searched(store: Store) -> list:
        return StoreSearcher(store).search(query, names, 5)  # A new searcher has to read the database.

    found = []

    class Searching(FileSystem):
        """Searches before each operation."""

        def __getattribute__(self, name: str) -> object:
            found.append(searched(open_before))
            with Store.open(device.path) as store:
                assert store.meta.sequence in (60, 64)
            return super().__getattribute__(name)

    def search_while_deriving(staging: Path) -> None:
        found.append(searched(open_before))

    with Store.open(device.path) as open_before:
        expected = searched(open_before)
        device.environment = replace(device.environment, files=Searching(), prepare=search_while_deriving)
        assert device.sync().how == "changes"
    assert len(found) > 30 and all(matches == expected for matches in found)


def test_the_manifest_stays_with_its_generation(device):
    device.sync()
    folder = StoreFolder(device.path)
    for name, sequence in (("00000001", 60), ("00000002", 64)):
        manifest = parse_manifest((folder.generation(name) / "manifest.json").read_bytes())
        assert manifest.sequence == sequence


def test_graphs_are_derived_before_the_first_search(device, monkeypatch):
    monkeypatch.setattr(derive_indexes, "__defaults__", (10,))
    device.sync()
    with Store.open(device.path) as store:
        index = store.folder.index(store.generation)
        before = {path.name: path.stat().st_mtime_ns for path in index.iterdir()}
        searcher = StoreSearcher(store, exact_limit=10)
        query = np.ones(16, dtype=np.float32)
        assert len(searcher.search(query, ["Apple", "Milk", "Juice"], 60)) == 60
        assert len(before) == 4  # Layout, facts, two graphs: Juice is small.
        assert {path.name: path.stat().st_mtime_ns for path in index.iterdir()} == before


def test_downloads_are_removed_afterwards(device):
    device.sync()
    assert not (device.path / "downloads").exists()


def test_a_damaged_memory_of_syncs_is_forgotten(device):
    for text in (
        "",
        "[]",
        "{}",
        json.dumps({"format": "pocketshelf-sync", "version": 1, "next_attempt": "soon"}),
    ):
        (device.path / "sync.json").write_text(text)
        assert load_state(device.path).last_sync is None
    assert device.sync(if_due=True).outcome == "updated"


def test_verify_reports_what_the_sync_wrote(device):
    device.sync()
    report = verify_store(device.path)
    assert (report.ok, report.sequence, report.products) == (True, 64, 60)


def test_the_server_address_may_end_with_a_slash(shop, fresh_device):
    device = fresh_device(shop)
    report = sync(device.path, URL + "/", root=shop.root_bytes, environment=device.environment)
    assert report.sequence == 60


def test_features_beside_a_shelf_are_nothing_to_who_knows_of_none(shop, fresh_device):
    """Any client of before, and the phones': the same files are asked for, with the same outcome."""
    rows = np.zeros(30, FEATURE)
    shop.publish_features({f"p{i}": Print(1024, rows) for i in range(40)})
    device = fresh_device(shop)
    assert device.sync(closely=False).sequence == 60
    shop.publish(second_state(), 64)
    shop.publish_features({f"p{i}": Print(1024, rows) for i in range(1, 50)})
    report = device.sync(closely=False)
    assert (report.how, report.sequence, device.sequence()) == ("changes", 64, 64)
    assert device.content() == content_of(second_state())
    assert not any("features" in path for path, _ in shop.requests)
    assert any("/features-60-64.gz" in name for name in shop.targets.targets)


class _Bundle:
    """What a sync asks of a bundle."""

    def __init__(self, space: str, preprocessing: str, dimension: int = DIMENSION) -> None:
        self.space, self.preprocessing_hash, self.name = space, preprocessing, "a test's"
        self.embedder = SimpleNamespace(dimension=dimension)
