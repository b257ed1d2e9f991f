"""Keys and signatures, checked by The Update Framework's own client."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from server_products import make_product
from tuf.api.exceptions import DownloadHTTPError, ExpiredMetadataError, RepositoryError, UnsignedMetadataError
from tuf.ngclient import Updater, UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface

from pocketshelf.errors import StoreError
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site
from pocketshelf_server.trust import KeyFolder, SignedRepository, open_repository

DAYS = {"root": 100.0, "targets": 10.0, "snapshot": 4.0, "timestamp": 1.0}


class FolderFetcher(FetcherInterface):
    """Fetches from a site's folder as the server would send it."""

    def __init__(self, site: Site) -> None:
        self._root = site.folder / "repository"

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self._root / url.removeprefix("http://site/")
        if not path.is_file():
            raise DownloadHTTPError("not found", 404)
        yield path.read_bytes()


class Device:
    """A client that trusts version 1 of the root from the start and remembers what it has seen."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site, self._folder = site, folder
        (folder / "targets").mkdir(parents=True)
        self._root = (site.metadata / "1.root.json").read_bytes()

    def update(self) -> Updater:
        updater = Updater(
            str(self._folder), "http://site/metadata/", str(self._folder / "targets"), "http://site/targets/",
            fetcher=FolderFetcher(self._site), config=UpdaterConfig(), bootstrap=self._root,
        )  # fmt: skip
        updater.refresh()
        return updater

    def manifest(self) -> dict:
        updater = self.update()
        info = updater.get_targetinfo("all/manifest.json")
        assert info is not None
        return json.loads(Path(updater.download_target(info)).read_bytes())


@pytest.fixture
def device(filled_site: Site, tmp_path: Path) -> Device:
    """A device of the filled site."""
    return Device(filled_site, tmp_path / "device")


def repository(site: Site, ahead: timedelta = timedelta()) -> SignedRepository:
    """The site's repository at a shifted time, with short lives."""
    return SignedRepository(
        site.metadata, KeyFolder(site.online_keys), DAYS, now=lambda: datetime.now(UTC) + ahead
    )


def versions(site: Site) -> dict[str, int]:
    return {status.role: status.version for status in open_repository(site).status()}


def test_a_device_verifies_and_downloads(device: Device) -> None:
    assert device.manifest()["sequence"] == 60
    updater = device.update()
    info = updater.get_targetinfo("all/snapshot-60.sqlite.gz")
    assert info is not None and info.unrecognized_fields["custom"]["sequence"] == 60
    assert Path(updater.download_target(info)).stat().st_size == info.length


def test_a_device_follows_generations(device: Device, filled_site: Site) -> None:
    device.update()
    catalogue = open_catalogue(filled_site)
    catalogue.apply([Upsert(make_product("new"))])
    catalogue.close()
    publish_site(filled_site)
    assert [d["target"] for d in device.manifest()["deltas"]] == ["all/delta-60-61.sqlite.gz"]


def test_publishing_the_same_again_signs_nothing_new(filled_site: Site) -> None:
    before = versions(filled_site)
    publish_site(filled_site)
    assert versions(filled_site) == before


@pytest.mark.parametrize(
    "roles",
    [["timestamp"], ["snapshot"], ["targets"], ["root"], ["root", "targets", "snapshot", "timestamp"]],
)
def test_a_device_follows_a_rotation(device: Device, filled_site: Site, roles: list[str]) -> None:
    device.update()
    before = {status.role: status.key_ids for status in open_repository(filled_site).status()}
    open_repository(filled_site).rotate(roles, KeyFolder(filled_site.offline_keys))
    after = {status.role: status.key_ids for status in open_repository(filled_site).status()}
    assert {role for role in before if before[role] != after[role]} == set(roles)
    assert device.manifest()["sequence"] == 60
    assert (
        len(list(filled_site.online_keys.iterdir())) == 3
        and len(list(filled_site.offline_keys.glob("*.pem"))) == 1
    )


def test_a_device_that_slept_through_rotations_catches_up(device: Device, filled_site: Site) -> None:
    for roles in (["root"], ["timestamp"], ["root", "targets"]):
        open_repository(filled_site).rotate(roles, KeyFolder(filled_site.offline_keys))
    assert versions(filled_site)["root"] == 4
    assert device.manifest()["sequence"] == 60


def test_a_rotated_key_signs_no_more(device: Device, filled_site: Site, tmp_path: Path) -> None:
    stolen = KeyFolder(tmp_path / "stolen")
    stolen.folder.mkdir()
    for path in filled_site.online_keys.iterdir():
        (stolen.folder / path.name).write_bytes(path.read_bytes())
    open_repository(filled_site).rotate(
        ["targets", "snapshot", "timestamp"], KeyFolder(filled_site.offline_keys)
    )
    device.update()
    # The thief signs again, as if nothing had been rotated.
    new_root = (filled_site.metadata / "2.root.json").read_bytes()
    (filled_site.metadata / "2.root.json").unlink()
    SignedRepository(filled_site.metadata, stolen, DAYS).refresh(["targets"])
    (filled_site.metadata / "2.root.json").write_bytes(new_root)
    with pytest.raises(UnsignedMetadataError):
        device.update()


def test_signatures_expire_and_are_refreshed(filled_site: Site, tmp_path: Path) -> None:
    past = repository(filled_site, ahead=timedelta(days=-2))
    past.refresh(["timestamp"])
    device = Device(filled_site, tmp_path / "late")
    with pytest.raises(ExpiredMetadataError):
        device.update()
    assert repository(filled_site).refresh() == ["timestamp"]
    assert device.manifest()["sequence"] == 60


def test_only_what_is_half_way_to_its_expiry_is_signed_again(filled_site: Site) -> None:
    repository(filled_site).refresh(["targets"])
    assert repository(filled_site).refresh() == []
    assert repository(filled_site, timedelta(days=0.6)).refresh() == ["timestamp"]
    assert repository(filled_site, timedelta(days=2.5)).refresh() == ["snapshot", "timestamp"]
    assert repository(filled_site, timedelta(days=6)).refresh() == ["targets", "snapshot", "timestamp"]


def test_renewing_the_root_gives_it_a_new_expiry(device: Device, filled_site: Site) -> None:
    repository(filled_site, timedelta(days=50)).renew_root(KeyFolder(filled_site.offline_keys))
    root = open_repository(filled_site).status()[0]
    assert root.version == 2 and root.expires > datetime.now(UTC) + timedelta(days=140)
    device.update()


def test_publishing_needs_no_root_key(filled_site: Site, device: Device) -> None:
    for path in filled_site.offline_keys.glob("*.pem"):
        path.unlink()
    catalogue = open_catalogue(filled_site)
    catalogue.apply([Upsert(make_product("new"))])
    catalogue.close()
    publish_site(filled_site)
    assert device.manifest()["sequence"] == 61
    with pytest.raises(StoreError, match="--offline"):
        open_repository(filled_site).rotate(["timestamp"], KeyFolder(filled_site.offline_keys))


def test_a_root_of_several_keys_needs_its_threshold(site: Site, tmp_path: Path) -> None:
    made = SignedRepository(tmp_path / "metadata", KeyFolder(tmp_path / "online"), DAYS)
    offline = KeyFolder(tmp_path / "offline")
    made.create(offline, root_keys=3, threshold=2)
    made.renew_root(offline)
    next(offline.folder.glob("*.pem")).unlink()
    made.rotate(["timestamp"], offline)
    assert made.status()[0].version == 3
    next(offline.folder.glob("*.pem")).unlink()
    with pytest.raises(StoreError, match="threshold"):
        made.renew_root(offline)
    assert made.status()[0].version == 3
    with pytest.raises(StoreError, match="threshold"):
        SignedRepository(tmp_path / "other", KeyFolder(tmp_path / "o"), DAYS).create(offline, 1, 2)


def test_keys_are_private_and_may_be_encrypted(tmp_path: Path) -> None:
    folder = KeyFolder(tmp_path / "keys", "secret")
    signer = folder.make("root")
    (path,) = folder.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and b"ENCRYPTED" in path.read_bytes()
    assert folder.signers("root", [signer.public_key.keyid])[0].public_key == signer.public_key
    for passphrase in (None, "wrong"):
        with pytest.raises(StoreError, match="POCKETSHELF_ROOT_PASSPHRASE"):
            KeyFolder(folder.folder, passphrase).signers("root", [signer.public_key.keyid])


def test_keys_are_not_made_twice(filled_site: Site) -> None:
    before = sorted(path.name for path in filled_site.online_keys.iterdir())
    with pytest.raises(StoreError, match="rotate"):
        open_repository(filled_site).create(KeyFolder(filled_site.offline_keys))
    assert sorted(path.name for path in filled_site.online_keys.iterdir()) == before


def test_old_versions_are_pruned_but_never_a_root(filled_site: Site) -> None:
    offline = KeyFolder(filled_site.offline_keys)
    for _ in range(12):
        open_repository(filled_site).renew_root(offline)
    assert len(list(filled_site.metadata.glob("*.root.json"))) == 13
    assert len(list(filled_site.metadata.glob("*.targets.json"))) == 10
    assert len(list(filled_site.metadata.glob("*.snapshot.json"))) == 10


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets"])
def test_altered_metadata_is_refused_by_the_device(device: Device, filled_site: Site, name: str) -> None:
    for path in filled_site.metadata.glob(f"*{name}*"):
        data = path.read_bytes()
        assert data.count(b'"expires":"2') == 1
        path.write_bytes(data.replace(b'"expires":"2', b'"expires":"3'))
    with pytest.raises(RepositoryError):
        device.update()
