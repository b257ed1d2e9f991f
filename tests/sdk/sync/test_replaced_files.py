"""Everything in a store's folder, replaced by something else: what is derived or a memory is healed, what is
not is named, nothing waits, and nothing outside the store is touched."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from repository_simulator import RepositorySimulator, content_of
from sync_device import Device, first_state, second_state

from pocketshelf.errors import PocketshelfError, StoreError, SyncError
from pocketshelf.store import Store, StoreFolder, verify_store
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync import sync_status

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes among the files")


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    """A reader of a pipe without a writer would wait for ever."""

    def too_long(*_: object) -> None:
        raise AssertionError("waited")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """Somebody's folder beside the store, which stays as it is."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "mine").write_text("mine")
    yield folder
    assert [path.name for path in folder.iterdir()] == ["mine"]
    assert (folder / "mine").read_text() == "mine"


def nested(path: Path, outside: Path) -> None:
    path.write_text(
        '{"format": "pocketshelf-sync", "version": 1, "away": ' + "[" * 100_000 + "]" * 100_000 + "}"
    )


def empty(path: Path, outside: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path, outside: Path) -> None:
    path.write_bytes(bytes(range(256)) * 100)


def dangling(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "nothing" / "there")


def endless(path: Path, outside: Path) -> None:
    path.symlink_to("/dev/zero")


def link_to_folder(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def full_folder(path: Path, outside: Path) -> None:
    (path / "sub").mkdir(parents=True)
    (path / "sub" / "file").write_text("x")


def pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


REPLACEMENTS = [nested, empty, garbage, dangling, endless, link_to_folder, full_folder, pipe]
GENERATION = "generations/00000001"
# Each group at once.
HEALED = {
    "memories": ["sync.json", "downloads", "rolled-back", ".lock", ".sync.json.new"],
    "metadata": [
        *(f"trust/{role}.json" for role in ("timestamp", "snapshot", "targets")),
        "trust/.targets.json.new",
    ],
    "current": ["current", ".current.new"],
    "generation": [GENERATION],
    "shard": [f"{GENERATION}/shard.sqlite"],
    "its digest": [f"{GENERATION}/shard.sha256"],
    "besides": [f"{GENERATION}/{name}" for name in ("manifest.json", "signed.json", "index")],
    "leftovers": [f"generations/{name}" for name in ("00000002", ".new-00000002", ".old-00000000")],
}
Replace = Callable[[Path, Path], None]
replacements = pytest.mark.parametrize("put", REPLACEMENTS, ids=lambda put: put.__name__)


def put_in_place(device: Device, name: str, put: Replace, outside: Path) -> Path:
    path = device.path / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    put(path, outside)
    return path


def assert_at_second_state(device: Device) -> None:
    assert device.sequence() == 64 and device.content() == content_of(second_state())
    assert verify_store(device.path).ok
    assert device.sync(root=None, if_due=True).outcome == "current"


@replacements
@pytest.mark.parametrize("name", HEALED)
def test_what_is_derived_or_a_memory_is_healed(
    device: Device, outside: Path, name: str, put: Replace
) -> None:
    put_in_place(device, name, put, outside)
    sync_status(device.path)
    assert device.sync(root=None, if_due=True).outcome == "updated"
    assert_at_second_state(device)


@replacements
def test_parts_of_a_download_are_healed(device: Device, outside: Path, put: Replace) -> None:
    targets = device.shop.targets.targets
    (device.path / "downloads").mkdir()
    for target in ("all/manifest.json", "all/delta-60-64.sqlite.gz"):
        for suffix in ("", ".part", ".etag"):
            put(device.path / "downloads" / (targets[target].hashes["sha256"] + suffix), outside)
    assert device.sync(root=None).outcome == "updated"
    assert_at_second_state(device)


@replacements
@pytest.mark.parametrize("name", ["trust/root.json", "trust"])
def test_the_root_of_trust_is_named_and_healed_by_the_one_given_again(
    device: Device, outside: Path, name: str, put: Replace
) -> None:
    put_in_place(device, name, put, outside)
    before = StoreFolder(device.path).current()
    gone = (name == "trust" and put in (link_to_folder, full_folder)) or put is dangling
    with pytest.raises(SyncError) as caught:  # What is damaged is no first use; what is gone may be one.
        device.sync(root=None, trust_on_first_use=not gone)
    message = str(caught.value)
    assert "--root" in message and "\n" not in message
    assert "no root of trust yet" in message if gone else str(device.path / name) in message
    assert StoreFolder(device.path).current() == before and device.content() == content_of(first_state())
    assert device.sync().outcome == "updated"
    assert_at_second_state(device)


def test_a_damaged_root_is_healed_by_the_one_in_the_store_s_folder(device: Device, outside: Path) -> None:
    (device.path / "root.json").write_bytes(device.shop.root_bytes)
    put_in_place(device, "trust/root.json", garbage, outside)
    assert device.sync(root=None).outcome == "updated"
    assert_at_second_state(device)


@replacements
def test_the_folder_of_generations_is_named(device: Device, outside: Path, put: Replace) -> None:
    path = put_in_place(device, "generations", put, outside)
    if path.is_dir():
        if not path.is_symlink():
            assert device.sync(root=None).how == "snapshot"
            assert_at_second_state(device)
        return
    with pytest.raises(StoreError) as caught:
        device.sync(root=None)
    message = str(caught.value)
    assert str(path) in message and "not a folder; remove it" in message and "\n" not in message


@replacements
@pytest.mark.parametrize(
    "name", ["current", GENERATION, f"{GENERATION}/shard.sqlite", f"{GENERATION}/shard.sha256"]
)
def test_readers_name_what_is_not_healed_and_never_wait(
    device: Device, outside: Path, name: str, put: Replace
) -> None:
    put_in_place(device, name, put, outside)
    with pytest.raises(StoreError) as caught:
        Store.open(device.path)
    assert str(device.path) in str(caught.value) and "\n" not in str(caught.value)
    try:
        assert not verify_store(device.path).ok
    except StoreError as error:
        assert put in (dangling,) and name == "current" and "no store here" in str(error)


class Breaking(FileSystem):
    """Fails at every operation after the pointer has been replaced, or at that very one."""

    def __init__(self, during: bool = False) -> None:
        super().__init__()
        self._during, self._broken = during, False

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        self._broken = self._broken or target.name == "current"

    def _check(self, path: Path) -> None:
        if self._broken:
            raise OSError(5, "Input/output error", str(path))

    def write(self, path: Path, data: bytes) -> None:
        self._check(path)
        super().write(path, data)

    def fsync_dir(self, path: Path) -> None:
        if self._during:
            self._check(path)
        super().fsync_dir(path)

    def rmtree(self, path: Path) -> None:
        self._check(path)
        super().rmtree(path)


def test_a_disk_that_fails_after_the_pointer_moved_does_not_undo_the_sync(device: Device) -> None:
    device.environment = replace(device.environment, files=Breaking())
    assert device.sync().outcome == "updated"
    assert device.sequence() == 64


def test_a_message_never_says_as_it_was_when_the_pointer_moved(device: Device) -> None:
    device.environment = replace(device.environment, files=Breaking(during=True))
    with pytest.raises(StoreError, match="the store is whole, and at generation 00000002 now") as caught:
        device.sync()
    assert "as it was" not in str(caught.value)
    assert device.sequence() == 64


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder of a user without rights, whom this process is meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.seteuid(65534)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


@pytest.mark.parametrize(
    "name", ["sync.json", "current", "downloads", "trust/snapshot.json", GENERATION, ".lock"]
)
def test_what_may_not_be_read_is_healed(as_nobody: Path, name: str) -> None:
    device = synced(as_nobody)
    (device.path / "downloads").mkdir()
    (device.path / "downloads" / "part").write_text("x")
    (device.path / name).chmod(0)
    assert device.sync(root=None).outcome == "updated"
    assert_at_second_state(device)


@pytest.mark.parametrize("name", ["trust/root.json", "trust", "generations", "."])
def test_what_may_not_be_read_and_is_not_derived_is_named(as_nobody: Path, name: str) -> None:
    device = synced(as_nobody)
    (device.path / name).chmod(0)
    with pytest.raises(PocketshelfError, match="Permission denied") as caught:
        device.sync(root=None)
    assert str(device.path) in str(caught.value) and "\n" not in str(caught.value)
    (device.path / name).chmod(0o700)
    assert device.sync(root=None).outcome == "updated"


def synced(folder: Path) -> Device:
    shop = RepositorySimulator(folder / "shop")
    shop.publish(first_state(), 60)
    device = Device(folder / "store", shop)
    device.sync()
    shop.publish(second_state(), 64)
    return device
