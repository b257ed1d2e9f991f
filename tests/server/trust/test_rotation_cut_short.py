"""A rotation killed, or out of room, at each file operation: devices go on, and commands end it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from failing_disk import failing_disk
from server_products import SPACE
from tuf.api.exceptions import DownloadHTTPError, UnsignedMetadataError
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

from pocketshelf.errors import StoreError
from pocketshelf_server.cli import main
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site
from pocketshelf_server.trust import KeyFolder, PublishedTarget, SignedRepository, open_repository

DAYS = {"root": 100.0, "targets": 10.0, "snapshot": 4.0, "timestamp": 1.0}
TARGET = PublishedTarget("all/manifest.json", "ab" * 32, "all", 7, {"sequence": 1})
ALL = ["root", "targets", "snapshot", "timestamp"]


class Folders:
    """A site's metadata and keys, and two devices: one that has seen it before, and a new one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.metadata, self.online, self.safe = path / "metadata", path / "online", path / "safe"
        self.repository = SignedRepository(self.metadata, KeyFolder(self.online), DAYS)

    def copy(self, path: Path) -> Folders:
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.path, path)
        return Folders(path)

    def rotate(self, roles: list[str]) -> None:
        self.repository.rotate(roles, KeyFolder(self.safe))

    def accepted(self) -> bool:
        """Whether both devices accept what is there now."""
        (self.path / "new").mkdir(exist_ok=True)
        try:
            for device in ("device", "new"):
                self.update(self.path / device)
            return True
        except UnsignedMetadataError:
            return False
        finally:
            shutil.rmtree(self.path / "new")

    def update(self, device: Path) -> None:
        device.mkdir(exist_ok=True)
        root = (self.safe / "roots/1.root.json").read_bytes()
        updater = Updater(str(device), "http://site/", fetcher=Fetcher(self.metadata), bootstrap=root)
        updater.refresh()
        assert updater.get_targetinfo(TARGET.name) is not None


class Fetcher(FetcherInterface):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self.folder / url.removeprefix("http://site/")
        if not path.is_file():
            raise DownloadHTTPError("not found", 404)
        yield path.read_bytes()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "before")
    folders.repository.create(KeyFolder(folders.safe))
    folders.repository.sign_targets([TARGET])
    folders.update(folders.path / "device")
    return folders


def keys_in(folder: Path) -> int:
    return len(list(folder.glob("*.pem")))


def operations_of(folders: Folders, roles: list[str], full: bool, path: Path) -> int:
    with failing_disk(full=full) as disk:
        folders.copy(path).rotate(roles)
    return disk.operations


@pytest.mark.parametrize(
    ("roles", "full"),
    [(["timestamp"], False), (ALL, False), (ALL, True)],
    ids=["timestamp, killed", "all, killed", "all, no room"],
)
def test_cut_short_at_each_operation_no_device_is_lost(
    folders: Folders, tmp_path: Path, roles: list[str], full: bool
) -> None:
    count = operations_of(folders, roles, full, tmp_path / "rehearsal")
    assert count >= (8 if full else 20)
    versions = set()
    for number in range(count):
        site = folders.copy(tmp_path / "site")
        with failing_disk(number, full) as disk:
            if full:
                with pytest.raises(StoreError, match="cannot be written"):
                    site.rotate(roles)
            else:
                site.rotate(roles)
        assert disk.operations > number, "it was to fail"
        assert site.accepted(), number
        site.repository.refresh(["timestamp"])
        assert site.accepted(), number
        versions.add(site.repository.status()[0].version)
        site.rotate(roles)
        assert site.accepted(), number
        assert keys_in(site.online) == 3
        named = {key for status in site.repository.status()[1:] for key in status.key_ids}
        assert {path.stem.partition("-")[2] for path in site.online.iterdir()} == {key[:16] for key in named}
    assert versions == ({1} if full else {1, 2})


@pytest.mark.parametrize("full", [False, True], ids=["killed", "no room"])
@pytest.mark.parametrize("lost", ["timestamp", "targets"])
def test_with_the_old_key_lost_the_next_command_brings_it_to_its_end(
    folders: Folders, tmp_path: Path, lost: str, full: bool
) -> None:
    (path,) = folders.online.glob(f"{lost}-*.pem")
    path.unlink()
    with pytest.raises(StoreError, match="rotate that role"):
        folders.rotate(["snapshot"])
    refused = 0
    for number in range(operations_of(folders, [lost], full, tmp_path / "rehearsal")):
        site = folders.copy(tmp_path / "site")
        with failing_disk(number, full):
            if full:
                with pytest.raises(StoreError, match="cannot be written"):
                    site.rotate([lost])
            else:
                site.rotate([lost])
        refused += not site.accepted()
        site.repository.recover()
        assert site.accepted(), number
        site.rotate([lost])
        assert site.accepted() and keys_in(site.online) == 3
    assert refused, "nothing was cut short between the root and what it names"


def test_making_keys_cut_short_is_made_again(tmp_path: Path) -> None:
    with failing_disk() as disk:
        Folders(tmp_path / "rehearsal").repository.create(KeyFolder(tmp_path / "rehearsal/safe"))
    for full in (False, True):
        for number in range(disk.operations):
            site = Folders(tmp_path / f"{full}{number}")
            with failing_disk(number, full):
                try:
                    site.repository.create(KeyFolder(site.safe))
                except StoreError:
                    assert full
            if not (site.metadata / "1.root.json").exists():
                site.repository.create(KeyFolder(site.safe))
            site.repository.sign_targets([TARGET])
            site.rotate(["timestamp"])
            assert site.accepted(), number


def test_signing_cut_short_at_each_operation_leaves_the_old_or_the_new(
    folders: Folders, tmp_path: Path
) -> None:
    with failing_disk() as disk:
        folders.copy(tmp_path / "rehearsal").repository.refresh(["targets"])
    for number in range(disk.operations):
        site = folders.copy(tmp_path / "site")
        with failing_disk(number):
            site.repository.refresh(["targets"])
        assert site.accepted(), number
        site.repository.refresh(["targets"])
        assert site.accepted(), number


@pytest.fixture
def half(tmp_path: Path) -> Folders:
    """A site whose rotation an earlier version left half done: the new root, and nothing that it names."""
    site = make_site(tmp_path / "site", SPACE, offline=tmp_path / "safe")
    publish_site(site)
    before = {p: p.read_bytes() for p in site.metadata.iterdir() if p.name != ".lock"}
    open_repository(site).rotate(["targets", "snapshot", "timestamp"], KeyFolder(tmp_path / "safe"))
    for path in set(site.metadata.iterdir()) - set(before):
        if "root" not in path.name:
            path.unlink(missing_ok=True)
    for path, data in before.items():
        path.write_bytes(data)
    folders = Folders(tmp_path)
    folders.metadata = site.metadata
    assert not folders.accepted()
    return folders


@pytest.mark.parametrize("command", ["publish", "keys refresh", "keys status", "stats", "import", "serve"])
def test_every_command_brings_it_to_its_end_first(
    half: Folders, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # These two have nothing to do, and end with that.
    more = {"import": ["--delete", "nothing"], "serve": ["--host", "203.0.113.1"]}.get(command, [])
    assert main([*command.split(), str(half.path / "site"), *more]) == bool(more)
    capsys.readouterr()
    assert half.accepted()
    assert not open_repository(Site.open(half.path / "site")).recover()


def test_without_the_new_keys_it_is_said_and_what_needs_no_keys_goes_on(
    half: Folders, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for path in (half.path / "site/keys/online").iterdir():
        path.unlink()
    site = str(half.path / "site")
    for words, code in ((["stats", site], 0), (["publish", site], 1), (["keys", "refresh", site], 1)):
        caplog.clear()
        assert main(words) == code
        assert "rotate that role" in caplog.text + capsys.readouterr().err


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json"])
def test_what_no_root_s_keys_have_signed_is_no_rotation_cut_short(
    folders: Folders, tmp_path: Path, name: str
) -> None:
    """A thief's metadata must not be signed with the new keys on the way."""
    stranger = Folders(tmp_path / "stranger")
    stranger.repository.create(KeyFolder(stranger.safe))
    stranger.repository.sign_targets([TARGET])
    for path in stranger.metadata.glob(f"*{name}"):
        shutil.copy(path, folders.metadata / path.name)
    before = {path: path.read_bytes() for path in folders.metadata.glob("*.json")}
    for action in (
        folders.repository.recover,
        folders.repository.refresh,
        folders.repository.status,
        lambda: folders.repository.sign_targets([TARGET]),
        lambda: folders.rotate(["timestamp"]),
    ):
        with pytest.raises(StoreError, match="restore"):
            action()
    assert {path: path.read_bytes() for path in folders.metadata.glob("*.json")} == before


def test_a_renewal_keeps_the_time_that_it_is_given(folders: Folders) -> None:
    later = datetime.now(UTC) + timedelta(days=50)
    moved = SignedRepository(folders.metadata, KeyFolder(folders.online), DAYS, now=lambda: later)
    moved.renew_root(KeyFolder(folders.safe))
    assert folders.repository.status()[0].expires > later + timedelta(days=99)
    assert folders.accepted()
