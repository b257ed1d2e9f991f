"""A sync that is killed at each of its file operations, or loses power there, loses nothing."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from repository_simulator import RepositorySimulator, content_of, make_product
from sync_device import Device, first_state, second_state

from fault_injection import Crash, DyingFileSystem, FullFileSystem
from pocketshelf.errors import StoreError
from pocketshelf.store import Store, StoreFolder, current_sequence, verify_store
from pocketshelf.store.filesystem import FileSystem

MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where the system has that: a thousand stores are written here."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


def _nothing(device: Device) -> None:
    device.path.mkdir()


def _at_first_state(device: Device) -> None:
    device.sync()


def _too_old(device: Device) -> None:
    device.sync()
    device.shop.generations.clear()  # No delta from here any more.


def _damaged(device: Device) -> None:
    device.sync()
    shard = StoreFolder(device.path).shard("00000001")
    shard.write_bytes(shard.read_bytes()[:-4096] + bytes(4096))


def _rolled_back(device: Device) -> None:
    """Three generations' worth of names: a later one lies behind the current one."""
    device.sync()
    state = first_state()
    del state["p5"]
    device.shop.publish(state, 62)
    device.sync()
    StoreFolder(device.path).pointer.write_text("00000001\n")


SCENARIOS = {
    "first sync": _nothing,
    "changes": _at_first_state,
    "snapshot": _too_old,
    "repair": _damaged,
    "after a rollback": _rolled_back,
}


# Each of the five situations has at least so many operations: in all over three hundred.
FEWEST = 60


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_killed_at_every_file_operation(folder, scenario):
    assert _for_every_operation(folder, scenario, lambda disk, point: None) >= FEWEST


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())
def test_power_lost_at_every_file_operation(folder, scenario):
    def fail(disk: DyingFileSystem, point: int) -> None:
        disk.fail_power(random.Random(point))

    assert _for_every_operation(folder, scenario, fail) >= FEWEST


@pytest.mark.parametrize("scenario", [_at_first_state, _too_old], ids=["changes", "snapshot"])
def test_volume_full_at_every_file_operation(folder, scenario):
    device = _device(folder)
    scenario(device)
    device.shop.publish(second_state(), 64)
    template = shutil.copytree(device.path, folder / "template")
    disk = FullFileSystem()
    _with_files(device, disk).sync()
    assert disk.operations > 20
    outcomes = set()
    for point in range(disk.operations):
        shutil.rmtree(device.path)
        shutil.copytree(template, device.path)
        message = _message(_with_files(device, FullFileSystem(point)))
        state = _check(device, damaged=False, empty=False)
        if state == "old":
            assert "No space left on device; the store is as it was" in message and "\n" not in message
        else:  # Only what is done besides, as remembering, had no room.
            assert message == ""
        outcomes.add(state)
    assert outcomes == {"old", "new"}
    assert device.sync().sequence == 64


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_really_killed_at_random_moments(folder):
    """SIGKILL while syncing, SQLite's own writes included, forty times."""
    device = _device(folder)
    device.sync()
    device.shop.publish(second_state(), 64)
    template = shutil.copytree(device.path, folder / "template")
    started = time.monotonic()
    device.sync()
    whole = time.monotonic() - started
    chance, states = random.Random(7), set()
    for _ in range(40):
        shutil.rmtree(device.path)
        shutil.copytree(template, device.path)
        _killed_after(chance.uniform(0, 1.5 * whole), device)
        states.add(_check(device, damaged=False, empty=False))
    assert device.sync().sequence == 64
    assert "old" in states


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_soak_of_kills_upon_the_remains_of_kills(folder):
    """Each process finds what the killed ones before it left, while the shop goes on; forty times."""
    device, state, published = _device(folder), first_state(), {60: content_of(first_state())}
    started = time.monotonic()
    device.sync()
    whole = time.monotonic() - started
    chance, before = random.Random(11), 60
    for sequence in range(61, 101):
        name = f"p{chance.randrange(60)}"
        state = {**state, name: make_product(name, sequence)}
        if chance.random() < 0.3:
            device.shop.generations.clear()  # A gap: the whole is taken.
        device.shop.publish(state, sequence)
        published[sequence] = content_of(state)
        _killed_after(chance.uniform(0, 1.5 * whole), device)
        found = device.sequence()  # Verifies the store.
        assert before <= found <= sequence and device.content() == published[found]
        before = found
    assert device.sync().sequence == 100
    assert device.content() == published[100]
    assert len(list((device.path / "generations").iterdir())) == 2


def _killed_after(seconds: float, device: Device) -> None:
    child = os.fork()
    if child == 0:
        try:
            device.sync()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _for_every_operation(
    folder: Path, scenario: Callable[[Device], None], fail: Callable[[DyingFileSystem, int], None]
) -> int:
    """Die at each operation of a sync, look at the store, then sync to the end; how many there are."""
    device = _device(folder)
    scenario(device)
    device.shop.publish(second_state(), 64)
    damaged, empty = scenario is _damaged, scenario is _nothing
    template = shutil.copytree(device.path, folder / "template")
    total = _run(device, DyingFileSystem(device.path)).operations
    outcomes = set()
    for point in range(total):
        shutil.rmtree(device.path)
        shutil.copytree(template, device.path)
        disk = DyingFileSystem(device.path, dies_at=point)
        with pytest.raises(Crash):
            _run(device, disk)
        fail(disk, point)
        outcomes.add(_check(device, damaged, empty))
        device.sync()
        assert _check(device, damaged=False, empty=False) == "new", disk.names[-1]
    assert outcomes == {"old", "new"}
    return total


def _message(device: Device) -> str:
    try:
        device.sync()
        return ""
    except StoreError as error:
        return str(error)


def _run(device: Device, disk: DyingFileSystem) -> DyingFileSystem:
    _with_files(device, disk).sync()
    return disk


def _with_files(device: Device, disk: FileSystem) -> Device:
    other = Device(device.path, device.shop)
    other.environment = replace(device.environment, files=disk)
    return other


def _check(device: Device, damaged: bool, empty: bool) -> str:
    """Whether the store is in the old state or the new one; it has to be in one of the two, whole."""
    if empty and StoreFolder(device.path).current() is None:
        return "old"
    sequence = current_sequence(device.path)
    if damaged and sequence == 60:  # As damaged as before, and still no worse.
        assert not verify_store(device.path).ok
        return "old"
    report = verify_store(device.path)
    assert damaged or report.ok, report.problems
    with Store.open(device.path) as store:
        assert store.meta.sequence == sequence
    expected = {60: first_state(), 64: second_state()}[sequence]
    assert device.content() == content_of(expected)
    return "new" if sequence == 64 else "old"


def _device(folder: Path) -> Device:
    shop = RepositorySimulator(folder / "shop")
    shop.publish(first_state(), 60)
    device = Device(folder / "store", shop)
    device.limit(chunk=2048)
    return device
