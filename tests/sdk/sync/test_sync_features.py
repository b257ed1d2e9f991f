"""Local features that a server publishes beside its shard: they come last, bounded, and harm no shelf."""

from __future__ import annotations

import gzip
import random
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from repository_simulator import Breaks, Drip, Endless, RepositorySimulator, content_of, make_product
from sync_device import Device, first_state, second_state

from fault_injection import Crash, DyingFileSystem, FullFileSystem
from pocketshelf.formats.features import (
    FEATURE,
    FeatureTable,
    Print,
    assembled,
    most_bytes,
    parse,
    target_name,
)
from pocketshelf.store import StoreFolder, rollback_store, verify_store
from pocketshelf.store.features import prints_of, read_features
from pocketshelf.sync import SyncReport

WHOLE, CHANGES = target_name("all", 64), target_name("all", 64, 60)
WORDS = np.zeros((1, 32), np.uint8)


def print_of(seed: int) -> Print:
    rows = np.zeros(6, FEATURE)
    rows["descriptor"] = np.random.default_rng(seed).integers(0, 256, (6, 32))
    return Print(1000 + seed, rows)


# Of two thirds of the products; p1 gets another picture, p2 a plain one, n1 is new.
FIRST = {f"p{i}": print_of(i) for i in range(60) if i % 3}
SECOND = {
    **{name: each for name, each in FIRST.items() if name != "p2"},
    "p1": print_of(91),
    "n1": print_of(90),
}


@pytest.fixture
def shop(tmp_path: Path) -> RepositorySimulator:
    shop = RepositorySimulator(tmp_path / "shop")
    shop.publish(first_state(), 60)
    shop.publish_features(FIRST)
    return shop


@pytest.fixture
def device(tmp_path: Path, shop: RepositorySimulator) -> Device:
    """At sequence 60 with its features, while the shop has gone on to 64."""
    device = Device(tmp_path / "store", shop)
    assert synced(device).features == "snapshot"
    publish_second(shop)
    return device


def publish_second(shop: RepositorySimulator) -> None:
    shop.publish(second_state(), 64)
    shop.publish_features(SECOND)


def synced(device: Device, **options: object) -> SyncReport:
    return device.sync(closely=True, **options)


def prints(device: Device) -> dict[str, bytes]:
    folder = StoreFolder(device.path)
    return {name: each.to_bytes() for name, each in prints_of(folder, folder.require_current()).items()}


def bytes_of(those: dict[str, Print]) -> dict[str, bytes]:
    return {name: each.to_bytes() for name, each in those.items()}


def asked(shop: RepositorySimulator, name: str) -> int:
    return sum(path == shop.path_of(name) for path, _ in shop.requests)


def test_changes_lead_to_what_is_published(device: Device, shop: RepositorySimulator) -> None:
    report = synced(device)
    assert (report.how, report.features, report.problem) == ("changes", "changes", None)
    assert prints(device) == bytes_of(SECOND)
    assert (asked(shop, WHOLE), asked(shop, CHANGES)) == (0, 1)
    assert synced(device).features == "current" and asked(shop, CHANGES) == 1
    folder = StoreFolder(device.path)
    table = read_features(folder, folder.require_current(), 60)
    assert table is not None and table.to_bytes() == gzip.decompress(shop.served[shop.path_of(WHOLE)])


def test_one_several_generations_behind_takes_one_file(device: Device, shop: RepositorySimulator) -> None:
    state = {**second_state()}
    del state["p7"]
    shop.publish(state, 66)
    shop.publish_features(SECOND)
    report = synced(device)
    assert report.features == "changes" and asked(shop, target_name("all", 66, 60)) == 1
    assert prints(device) == bytes_of({name: each for name, each in SECOND.items() if name != "p7"})


def test_until_the_new_ones_come_those_of_what_stays_are_there(
    device: Device, shop: RepositorySimulator
) -> None:
    del shop.served[shop.path_of(CHANGES)]
    report = synced(device)
    assert (report.outcome, report.sequence, report.features) == ("updated", 64, None)
    assert report.problem and "does not have the file it signed" in report.problem
    assert prints(device) == bytes_of({name: each for name, each in FIRST.items() if name != "p0"})
    assert device.sequence() == 64 and device.content() == content_of(second_state())
    publish_again(shop)
    assert synced(device).features == "changes" and prints(device) == bytes_of(SECOND)


def publish_again(shop: RepositorySimulator) -> None:
    """The same state once more, with its files."""
    shop.generations.pop(64)
    shop.prints.pop(64)
    publish_second(shop)


def test_of_a_shelf_that_was_interrupted_twice_the_changes_still_lead_there(
    device: Device, shop: RepositorySimulator
) -> None:
    del shop.served[shop.path_of(CHANGES)]
    synced(device)
    shop.publish({**second_state(), "p0": make_product("p0", 66)}, 66)
    shop.publish_features(SECOND)
    assert synced(device).features == "changes", "from 60, though the shelf was at 64"
    assert asked(shop, target_name("all", 66, 60)) == 1 and prints(device) == bytes_of(SECOND)


def test_a_server_that_goes_away_meanwhile_costs_the_features_alone(
    device: Device, shop: RepositorySimulator
) -> None:
    path = shop.path_of(CHANGES)
    data = shop.served[path]

    def leave() -> None:
        shop.away = True

    shop.bodies[path] = Breaks(data, len(data) // 2, leave)
    report = synced(device)
    assert (report.outcome, report.how, report.sequence) == ("updated", "changes", 64)
    assert report.problem and "no network" in report.problem and "next sync" in report.problem
    shop.away = False
    shop.bodies.clear()
    again = synced(device)
    assert (again.outcome, again.features) == ("current", "changes") and prints(device) == bytes_of(SECOND)
    assert shop.requests[-1] == (path, len(data) // 2), "it went on where it ended"
    assert not (device.path / "downloads").exists()


def test_a_connection_that_breaks_is_taken_up_within_the_sync(
    device: Device, shop: RepositorySimulator
) -> None:
    path = shop.path_of(CHANGES)
    data = shop.served[path]
    shop.bodies[path] = Breaks(data, 100, lambda: shop.bodies.clear() or None)
    report = synced(device)
    assert (report.outcome, report.how, report.features, report.problem) == (
        "updated",
        "changes",
        "changes",
        None,
    )


# What a publisher whose machine was taken over may sign in the place of features, and what is said of it.
def _table(count: int, sequence: int = 64, words: np.ndarray = WORDS) -> bytes:
    return assembled(sequence, words, [print_of(i) for i in range(count)]).to_bytes()


def _lied(place: int, code: str, value: int) -> bytes:
    data = bytearray(_table(60))
    struct.pack_into(code, data, place, value)
    return bytes(data)


LIES = {
    "no features": b"x" * 500,
    "nothing": b"x",
    "another shelf's": _table(59),
    "an older shelf's": _table(60, sequence=60),
    "more features than there are": _lied(12, "<I", 2**32 - 1),
    "more products": _lied(8, "<I", 2**32 - 1),
    "a count beyond all": _lied(20, "<H", 60_000),
    "a shape of nothing": _lied(20 + 2 * 60, "<H", 0),
    "a word that is not there": _lied(20 + 4 * 60 + 32, "<H", 7),
    "no words": _table(60, words=WORDS[:0]),
}


@pytest.mark.parametrize("plain", LIES.values(), ids=LIES.keys())
def test_malformed_features_are_refused_in_one_line_and_the_shelf_is_searched(
    device: Device, shop: RepositorySimulator, plain: bytes
) -> None:
    shop.add_features(plain)
    shop.sign_all()
    report = synced(device)
    assert (report.outcome, report.sequence) == ("updated", 64) and report.features is None
    assert report.problem and report.problem.startswith(f"{WHOLE}: refused") and "\n" not in report.problem
    assert verify_store(device.path).ok and device.content() == content_of(second_state())
    assert synced(device).problem == report.problem, "told again"
    assert asked(shop, WHOLE) == 1, "and not fetched again"
    publish_again(shop)
    assert synced(device).features == "changes" and prints(device) == bytes_of(SECOND)


@pytest.mark.parametrize(
    "plain",
    [
        b"x" * 500,
        b"",
        assembled(64, WORDS, [print_of(3)]).changes([0]),
        assembled(64, WORDS, [print_of(3)] * 60).changes([5, 5]),
        assembled(64, WORDS, [print_of(3)] * 80).changes([70]),
        assembled(64, WORDS, [print_of(3)] * 80).changes(range(80)),
    ],
    ids=["no features", "none signed", "others", "a place twice", "a place beyond", "more than products"],
)
def test_changes_that_lead_elsewhere_are_left_for_the_whole(
    device: Device, shop: RepositorySimulator, plain: bytes
) -> None:
    if plain:
        shop.add_features(plain, base=60)
    else:
        del shop.targets.targets[CHANGES]
    shop.sign_all()
    report = synced(device)
    assert (report.features, report.problem) == ("snapshot", None) and prints(device) == bytes_of(SECOND)


def test_sizes_beyond_what_the_shelf_can_have_are_refused_before_anything_is_fetched(
    device: Device, shop: RepositorySimulator
) -> None:
    for length, unpacked in ((10**9, 1000), (1000, most_bytes(60) + 1)):
        target = shop.targets.targets[WHOLE]
        target.length, target.unrecognized_fields["custom"]["uncompressed_length"] = length, unpacked
        shop.sign_all()
        report = synced(device)
        assert report.problem and "at most" in report.problem and device.sequence() == 64
    assert asked(shop, WHOLE) == 0 and asked(shop, CHANGES) == 0
    assert most_bytes(10**6) == most_bytes(100_000) < 700_000_000, "of however large a shelf"
    shop.targets.targets[WHOLE].unrecognized_fields["custom"].clear()
    shop.sign_all()
    assert "without its unpacked length" in (synced(device).problem or "")


def test_bombs_endless_and_slow_ones_cost_what_was_signed(device: Device, shop: RepositorySimulator) -> None:
    path = shop.path_of(CHANGES)
    shop.bodies[path] = Endless()
    assert "endless" in (synced(device).problem or "") and device.sequence() == 64
    shop.bodies[path] = Drip(shop.served[path], device.clock.pass_time)
    assert "too slowly" in (synced(device).problem or "")
    shop.bodies.clear()
    packed = shop.served[path]
    plain = gzip.decompress(packed)
    shop.served[path] = packed[:-9] + b"123456789"
    assert "not the file that was signed" in (synced(device).problem or "")
    shop.add_target(CHANGES, gzip.compress(plain + bytes(10**6)), plain, {"sequence": 64})
    shop.sign_all()
    assert "zip bomb" in (synced(device).problem or "")
    assert verify_store(device.path).ok and device.content() == content_of(second_state())


def test_a_full_volume_costs_the_features_alone(device: Device, shop: RepositorySimulator) -> None:
    rooms = iter([10**12, 10])
    device.environment = replace(device.environment, free_bytes=lambda folder: next(rooms))
    report = synced(device)
    assert report.sequence == 64 and report.problem and "free some space" in report.problem


def test_no_room_for_features_is_told_and_the_shelf_stays(device: Device) -> None:
    assert device.sync(closely=False).sequence == 64
    roomy = device.environment
    device.environment = replace(roomy, free_bytes=lambda folder: 10)
    report = synced(device)
    assert report.outcome == "current" and report.problem and "free some space" in report.problem
    assert device.sequence() == 64 and prints(device) == {}
    device.environment = roomy
    assert synced(device).features == "snapshot" and prints(device) == bytes_of(SECOND)


def test_who_looks_not_closely_asks_for_none_and_a_shelf_without_is_as_ever(
    device: Device, shop: RepositorySimulator
) -> None:
    report = device.sync(closely=False)
    assert (report.features, report.problem) == (None, None) and prints(device) == {}
    assert asked(shop, CHANGES) == asked(shop, WHOLE) == 0
    shop.publish({**second_state(), "p0": make_product("p0", 70)}, 70)
    report = synced(device)
    assert (report.outcome, report.features, report.problem) == ("updated", None, None) and prints(
        device
    ) == {}


def test_what_a_rotated_key_signed_goes(device: Device, shop: RepositorySimulator) -> None:
    stolen = {name: print_of(1000 + i) for i, name in enumerate(SECOND)}
    shop.publish_features(stolen)
    assert synced(device).features and prints(device) == bytes_of(stolen)
    shop.rotate("targets")
    shop.prints[64] = {}
    publish_again(shop)
    report = synced(device)
    assert report.features == "snapshot" and prints(device) == bytes_of(SECOND)


def test_features_signed_no_more_go_and_a_rolled_back_shelf_keeps_its_own(
    device: Device, shop: RepositorySimulator
) -> None:
    synced(device)
    rollback_store(device.path)
    report = synced(device)
    assert (report.why, report.features) == ("rolled back", None) and prints(device) == bytes_of(FIRST)
    rollback_store(device.path, undo=True)
    del shop.targets.targets[WHOLE]
    shop.sign_all()
    assert synced(device).features is None and prints(device) == {}


def test_mixed_metadata_is_refused_as_ever(device: Device, shop: RepositorySimulator) -> None:
    """Features are in the same signed list as the shard: an older list does not pass for a newer."""
    before = dict(shop.served)
    synced(device)
    shop.publish({**second_state(), "p0": make_product("p0", 70)}, 70)
    shop.publish_features(FIRST)
    version = shop.snapshot.meta["targets.json"].version
    old = next(data for path, data in before.items() if path.endswith(f"/{version - 2}.targets.json"))
    shop.served[f"/v1/metadata/{version}.targets.json"] = old
    with pytest.raises(Exception, match="wrong length or hash"):
        synced(device)
    assert device.sequence() == 64 and prints(device) == bytes_of(SECOND)


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power lost"])
@pytest.mark.parametrize("first", [True, False], ids=["first sync", "changes"])
def test_ended_at_every_file_operation(tmp_path: Path, power: bool, first: bool) -> None:
    """The shelf is whole, its features are those of one state or none; the next sync completes both."""
    shop = RepositorySimulator(tmp_path / "shop")
    device = Device(tmp_path / "store", shop)
    shop.publish(first_state(), 60)
    shop.publish_features(FIRST)
    device.path.mkdir() if first else synced(device)
    publish_second(shop)
    template = shutil.copytree(device.path, tmp_path / "template")
    total = _run(device, disk := DyingFileSystem(device.path)) or disk.operations
    seen = set()
    for point in range(0, total, 3 if power else 2):
        shutil.rmtree(device.path)
        shutil.copytree(template, device.path)
        disk = DyingFileSystem(device.path, dies_at=point)
        with pytest.raises(Crash):
            _run(device, disk)
        if power:
            disk.fail_power(random.Random(point))
        if StoreFolder(device.path).current() is not None:
            # Power that failed may have damaged what is derived: that is told, and healed.
            problems = verify_store(device.path).problems
            assert all("index" in problem for problem in problems) and (power or not problems)
            seen.add(len(prints(device)))
        report = synced(device)
        assert report.problem is None and prints(device) == bytes_of(SECOND), disk.names[-1]
        assert verify_store(device.path).ok and device.content() == content_of(second_state())
    assert len(SECOND) in seen


def _run(device: Device, disk: DyingFileSystem) -> None:
    device = replace_files(device, disk)
    synced(device)


def replace_files(device: Device, disk: DyingFileSystem | FullFileSystem) -> Device:
    other = Device(device.path, device.shop)
    other.environment = replace(device.environment, files=disk)
    return other


def test_a_disk_that_fills_up_anywhere_loses_nothing(device: Device) -> None:
    template = shutil.copytree(device.path, device.path.with_name("template"))
    disk = FullFileSystem()
    synced(replace_files(device, disk))
    problems = 0
    for point in range(disk.operations):
        shutil.rmtree(device.path)
        shutil.copytree(template, device.path)
        try:
            report = synced(replace_files(device, FullFileSystem(point)))
            problems += report.problem is not None
            assert report.problem is None or "No space left" in report.problem
        except Exception as error:
            assert "No space left on device; the store is as it was" in str(error)
        assert verify_store(device.path).ok
        assert synced(device).problem is None and prints(device) == bytes_of(SECOND)
    assert problems > 3


def test_tables_of_any_bytes_are_read_or_refused() -> None:
    """Whatever the bytes, `parse` says yes or no, and what it takes is written as it was."""
    chance, taken = np.random.default_rng(5), 0
    good = _table(3)
    known = parse(good, 3)
    assert isinstance(known, FeatureTable)
    changes = known.changes([0, 2])
    for _ in range(3000):
        data = bytearray(good if chance.random() < 0.5 else changes)
        for _ in range(chance.integers(0, 4)):
            data[chance.integers(0, min(len(data), 60))] = chance.integers(0, 256)
        data = data[: len(data) - int(chance.integers(0, 3) == 0)]
        table = parse(bytes(data))
        taken += table is not None
        assert table is None or table.to_bytes() == bytes(data)
        led = known.changed(bytes(data))
        assert led is None or parse(led.to_bytes(), 3) is not None
    assert taken > 100
