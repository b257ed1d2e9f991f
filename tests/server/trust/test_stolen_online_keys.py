"""A thief with the online keys, and with the site's folder: rotating the keys gets everything back."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from server_products import SPACE, FolderFetcher, make_product
from tuf.api.metadata import Metadata, Root

from pocketshelf.errors import CatalogueError, StoreError, SyncError
from pocketshelf.store import Store
from pocketshelf.sync import Environment, sync
from pocketshelf.sync.metadata_rules import MAX_VERSION, check_metadata
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import KeyFolder, SignedRepository, open_repository
from pocketshelf_server.trust.online import OnlineRoles
from pocketshelf_server.trust.target import target_files

DAYS = {"root": 100.0, "targets": 10.0, "snapshot": 4.0, "timestamp": 1.0}
ONLINE = ["targets", "snapshot", "timestamp"]


class Theft:
    """What a thief can sign: everything but a root.

    Args:
        site: the shop's, whose online keys the thief has copied. What is signed goes into its folder.
    """

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        shutil.copytree(site.online_keys, folder / "keys")
        self.own = make_site(folder / "own", SPACE)
        self.keys = KeyFolder(folder / "keys")

    def publish(self, sequence: int, versions: tuple[int, int, int]) -> None:
        """A shelf of the thief's own, under numbers of the thief's choice."""
        catalogue = open_catalogue(self.own)
        catalogue.apply([Upsert(make_product("evil"))])
        catalogue.jump(sequence)
        catalogue.close()
        publish_site(self.own)
        shutil.copytree(self.own.targets, self.site.targets, dirs_exist_ok=True)
        root = Metadata[Root].from_bytes((self.site.metadata / "1.root.json").read_bytes()).signed
        files = {t.name: t for t in open_repository(self.own).signed()}
        signer = OnlineRoles(self.site.metadata, self.keys, DAYS, now=lambda: datetime.now(UTC))
        signer.publish([root], target_files(files.values()), versions)


class Shelf:
    """A device of the shop."""

    def __init__(self, path: Path, site: Site) -> None:
        self.path, self.site = path, site
        self.root = (site.metadata / "1.root.json").read_bytes()

    def sync(self) -> set[str]:
        """The ids of what it holds afterwards."""
        environment = Environment(FolderFetcher(self.site))
        sync(self.path, "http://site.test", root=self.root, environment=environment)
        with Store.open(self.path) as store:
            return {product.product_id for product in store.shard}


@pytest.fixture
def safe(filled_site: Site, tmp_path: Path) -> Path:
    filled_site.offline_keys.rename(tmp_path / "safe")
    return tmp_path / "safe"


@pytest.mark.parametrize(
    "versions",
    [(100, 100, 100), (MAX_VERSION, MAX_VERSION, MAX_VERSION), (100, 100, MAX_VERSION - 1)],
    ids=["ahead", "the last", "the last but one"],
)
@pytest.mark.parametrize("sequence", [61, 2**62], ids=["the next", "far"])
def test_rotating_the_keys_gets_the_devices_back(
    filled_site: Site, safe: Path, tmp_path: Path, sequence: int, versions: tuple[int, int, int]
) -> None:
    shelf = Shelf(tmp_path / "shelf", filled_site)
    honest = shelf.sync()
    theft = Theft(filled_site, tmp_path / "thief")
    theft.publish(sequence, versions)
    assert shelf.sync() == {"evil"}
    command = ["keys", "rotate", str(filled_site.folder), *ONLINE, "--offline", str(safe)]
    assert main(command) == 0
    # Already the rotation itself signs what the shop has published, and not what the thief has.
    assert shelf.sync() == honest
    assert Shelf(tmp_path / "new", filled_site).sync() == honest
    # And the shop goes on.
    catalogue = open_catalogue(filled_site)
    catalogue.apply([Upsert(make_product("n1"))])
    catalogue.close()
    assert main(["publish", str(filled_site.folder)]) == 0
    assert shelf.sync() == {*honest, "n1"}
    assert main(["keys", "refresh", str(filled_site.folder), "--all"]) == 0
    # The thief signs again; nobody listens who has heard of the new keys.
    with pytest.raises((SyncError, StoreError)):
        theft.publish(2**62 + 5, (200, 200, 200))
        shelf.sync()


@pytest.mark.parametrize("version", [2**50, MAX_VERSION])
def test_nothing_is_signed_upon_a_version_that_only_a_thief_has(
    filled_site: Site, safe: Path, tmp_path: Path, version: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Theft(filled_site, tmp_path / "thief").publish(61, (version, version, version))
    site, before = str(filled_site.folder), (filled_site.metadata / "timestamp.json").read_bytes()
    for command in (
        ["publish", site],
        ["keys", "refresh", site, "--all"],
        ["keys", "rotate", site, "timestamp", "--offline", str(safe)],
        ["keys", "renew", site, "--offline", str(safe)],
    ):
        capsys.readouterr()
        assert main(command) == 1
        message = capsys.readouterr().err
        assert "rotate SITE targets snapshot timestamp" in message and message.count("\n") == 1
    assert (filled_site.metadata / "timestamp.json").read_bytes() == before
    assert main(["keys", "status", site]) == 0
    assert main(["keys", "rotate", site, *ONLINE, "--offline", str(safe)]) == 0
    assert main(["publish", site, "--jump-ahead"]) == 0
    assert max(status.version for status in open_repository(filled_site).status()) < 2**40


def test_without_the_record_of_what_was_published_the_signed_list_stays(
    filled_site: Site, safe: Path
) -> None:
    """The offline machine has the metadata alone."""
    before = open_repository(filled_site).signed()
    filled_site.history_path.unlink()
    for path in filled_site.folder.glob("published.sqlite-*"):
        path.unlink()
    assert main(["keys", "rotate", str(filled_site.folder), "targets", "--offline", str(safe)]) == 0
    assert open_repository(filled_site).signed() == before and before
    assert not filled_site.history_path.exists()


@pytest.mark.parametrize("days", [0, -1, 1e9, 1e300, True, "7", None, [1], 36_501])
@pytest.mark.parametrize("role", ["root", "timestamp"])
def test_absurd_lives_of_signatures_are_refused(
    filled_site: Site, role: str, days: object, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(filled_site.config_path.read_text())
    document["expiry_days"][role] = days
    filled_site.config_path.write_text(json.dumps(document))
    for command in ("publish", "keys refresh", "keys renew"):
        assert main([*command.split(), str(filled_site.folder)]) == 1
        message = capsys.readouterr().err
        assert "expiry_days" in message and role in message and message.count("\n") == 1
    with pytest.raises(CatalogueError):
        SiteConfig.from_json(document)


def test_whatever_is_signed_a_device_would_take(filled_site: Site, tmp_path: Path) -> None:
    for path in filled_site.metadata.glob("*.json"):
        check_metadata(path.read_bytes(), path.name)
    late = SignedRepository(tmp_path / "m", KeyFolder(tmp_path / "k"), {**DAYS, "root": 90_000.0})
    with pytest.raises(StoreError, match="expires"):
        late.create(KeyFolder(tmp_path / "o"))
    assert not list((tmp_path / "m").glob("*.json"))
