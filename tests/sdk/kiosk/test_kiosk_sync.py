"""A kiosk that syncs with the project's own server while it is searched, and what may go wrong."""

from __future__ import annotations

import argparse
import errno
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kiosk_things import codes, eventually

from loopback import serving_app
from pocketshelf.cli.kiosk import _config, add_arguments
from pocketshelf.errors import StoreError, SyncError
from pocketshelf.formats.space import Space
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.syncing import BackgroundSync, Fault, SyncPlan, fault_of
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.shipped import shipped
from pocketshelf.store import Store
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync import Environment, SyncReport
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.console.folders import pictures_of
from pocketshelf_server.http.app import create_app as create_server
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import SiteConfig

Start = Callable[..., Kiosk]
SAMPLES = shipped("samples")


class DrawnSite:
    """A server of the drawn shop's products, whose vectors are those of a store."""

    def __init__(self, folder: Path, shelf: Path) -> None:
        with Store.open(shelf) as store:
            meta, self.products = store.meta, list(store.shard)
        space = Space(meta.space, meta.preprocessing, meta.bundle, meta.dimension)
        self.site = make_site(folder, space, SiteConfig())
        self.catalogue = open_catalogue(self.site)
        self.url = ""
        self.publish(50)

    @property
    def root(self) -> bytes:
        return (self.site.metadata / "1.root.json").read_bytes()

    def publish(self, count: int) -> None:
        """The first ``count`` of the products, and no others."""
        kept, dropped = self.products[:count], self.products[count:]
        self.catalogue.apply([Upsert(product) for product in kept] + [Delete(p.product_id) for p in dropped])
        publish_site(self.site)

    @contextmanager
    def serving(self) -> Iterator[None]:
        with serving_app(create_server(self.site, self.catalogue)) as self.url:
            yield

    @contextmanager
    def with_pictures(self) -> Iterator[None]:
        """The same, and the drawn pictures of its products."""
        shutil.copytree(SAMPLES, self.site.folder / "pictures")
        shown = pictures_of(self.site, self.site.config())
        with serving_app(create_server(self.site, self.catalogue, pictures=shown)) as self.url:
            yield
        shown.close()


@pytest.fixture
def site(tmp_path: Path, drawn_shelf: Path) -> Iterator[DrawnSite]:
    made = DrawnSite(tmp_path / "site", drawn_shelf)
    with made.serving():
        yield made
    made.catalogue.close()


@pytest.fixture
def start(site: DrawnSite, tmp_path: Path) -> Iterator[Start]:
    """Starts a kiosk that syncs with the site; its shelf is made by that."""
    made: list[Kiosk] = []

    def begin(
        environment: Environment | None = None,
        now: Callable[[], datetime] | None = None,
        pictures: Path | None = None,
    ) -> Kiosk:
        store = tmp_path / "shelf"
        plan = SyncPlan(store, site.url, every_s=3600, root=site.root, pictures=pictures)
        config = KioskConfig(store, tmp_path / "state", server=site.url, sync=plan, images=pictures)
        kiosk = Kiosk(
            config, now=now or (lambda: datetime.now(UTC)), environment=environment, look_every_s=0.1
        )
        made.append(kiosk)
        kiosk.start()
        return kiosk

    yield begin
    for kiosk in made:
        kiosk.close()


def test_a_new_device_gets_its_shelf_and_every_one_after_it(
    start: Start, site: DrawnSite, street_photo: bytes
) -> None:
    kiosk = start()
    client = create_app(kiosk, Names(["127.0.0.1"])).test_client()
    state = client.get("/api/state").get_json()
    assert state["store"]["products"] == 50 and state["sync"]["server"] and state["features"]["server"]
    eventually(lambda: kiosk.state()["sync"]["state"] == "idle")
    site.publish(30)
    assert client.post("/api/sync").status_code == 202
    newer = eventually(lambda: (s := kiosk.state())["store"]["products"] == 30 and s)
    assert newer["revision"] != state["revision"] and newer["sync"]["last_success"] and codes(newer) == []
    assert client.post("/api/search", data=street_photo).status_code == 200


def test_a_kiosk_of_its_own_brings_the_pictures_of_its_shelf(
    start: Start, site: DrawnSite, tmp_path: Path
) -> None:
    folder = tmp_path / "brought"
    folder.mkdir()
    site.publish(4)
    wanted = {product.image for product in site.products[:4]}
    with site.with_pictures():
        kiosk = start(pictures=folder)
        client = create_app(kiosk, Names(["127.0.0.1"])).test_client()
        product = site.products[0].product_id
        # Asked for before it came, it is not remembered as missing.
        eventually(lambda: client.get(f"/picture/0/{product}?side=160").status_code == 200)
        eventually(lambda: wanted <= {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")})
    assert client.get("/api/shelf?count=4").get_json()["products"][0]["picture"].startswith("/picture/0/")
    assert codes(kiosk.state()) == []


def test_pictures_are_brought_into_the_folder_of_images_or_the_kiosk_s_own(
    tmp_path: Path, own_shelf: Path
) -> None:
    def planned(*given: str) -> KioskConfig:
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        server = ["--server", "http://127.0.0.1:9", "--state", str(tmp_path / "state")]
        return _config(parser.parse_args(["--store", str(own_shelf), *server, *given]))

    own, named = tmp_path / "state/pictures", tmp_path / "new/folder"
    for folder, given in ((own, []), (named, ["--images", str(named)])):
        config = planned("--fetch-pictures", *given)
        assert config.images == folder and folder.is_dir()
        assert config.sync is not None and config.sync.pictures == folder
    config = planned()
    assert config.images is None and config.sync is not None and config.sync.pictures is None


def test_no_room_for_pictures_is_said_and_searching_goes_on(
    start: Start, tmp_path: Path, street_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("pictures: cannot be kept there (No space left on device); free some space")

    monkeypatch.setattr("pocketshelf.kiosk.syncing.bring_pictures", full)
    kiosk = start(pictures=tmp_path)
    eventually(lambda: codes(kiosk.state()) == ["disk_full"])
    client = create_app(kiosk, Names(["127.0.0.1"])).test_client()
    assert client.post("/api/search", data=street_photo).status_code == 200


def test_a_full_disk_is_said_and_searching_goes_on(
    start: Start, site: DrawnSite, street_photo: bytes
) -> None:
    start().close()
    site.publish(30)
    kiosk = start(replace(Environment(), free_bytes=lambda folder: 0))
    state = eventually(lambda: (s := kiosk.state())["sync"]["state"] == "failed" and s)
    assert codes(state) == ["disk_full"] and "free some space" in state["sync"]["message"]
    assert state["store"]["products"] == 50
    client = create_app(kiosk, Names(["127.0.0.1"])).test_client()
    assert client.post("/api/search", data=street_photo).status_code == 200


class FullFileSystem(FileSystem):
    """Takes nothing."""

    def append(self, path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def write(self, path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_so_is_a_disk_that_fills_up_meanwhile(start: Start, site: DrawnSite) -> None:
    start().close()
    site.publish(30)
    kiosk = start(replace(Environment(), files=FullFileSystem()))
    state = eventually(lambda: (s := kiosk.state())["sync"]["state"] == "failed" and s)
    assert codes(state) == ["disk_full"] and state["store"]["products"] == 50


def test_a_server_that_is_away_is_worth_a_word_after_days_only(
    start: Start, site: DrawnSite, tmp_path: Path
) -> None:
    start().close()
    site.url = "http://127.0.0.1:9"
    quick = replace(Environment(), attempts=1)
    kiosk = start(quick)
    state = eventually(lambda: (s := kiosk.state())["sync"]["state"] == "failed" and s)
    assert codes(state) == [] and state["sync"]["message"] and state["sync"]["last_success"]
    later = start(quick, now=lambda: datetime.now(UTC) + timedelta(days=3))
    state = eventually(lambda: (s := later.state())["sync"]["state"] == "failed" and s)
    assert codes(state) == ["sync_failed"] and state["store"]["age_s"] > 250_000


def test_without_a_shelf_and_a_server_there_is_no_kiosk(site: DrawnSite, tmp_path: Path) -> None:
    plan = SyncPlan(tmp_path / "shelf", "http://127.0.0.1:9", root=site.root)
    kiosk = Kiosk(KioskConfig(plan.store, tmp_path / "state", sync=plan), environment=Environment(attempts=1))
    with pytest.raises(StoreError, match="no store here yet") as error:
        kiosk.start()
    assert "\n" not in str(error.value)


def test_metadata_that_has_expired_is_not_said_to_be_the_clocks_fault_alone() -> None:
    from tuf.api.exceptions import ExpiredMetadataError

    try:
        raise SyncError("refused: it has expired") from ExpiredMetadataError("timestamp.json has expired")
    except SyncError as error:
        assert fault_of(error).code == "expired"
    assert fault_of(SyncError("refused: a lie")).code == "sync_failed"


def test_features_that_did_not_come_are_said_and_the_shelf_is_taken_up(tmp_path: Path) -> None:
    taken: list[SyncReport] = []
    background = BackgroundSync(SyncPlan(tmp_path, "http://shop.test"), taken.append)
    background._take(SyncReport("updated", problem="all/features-9.gz: refused"))
    assert background.state == "failed" and background.fault == Fault(
        "sync_failed", "all/features-9.gz: refused"
    )
    assert [report.outcome for report in taken] == ["updated"]
    background._take(SyncReport("current"))
    assert background.state == "idle" and background.fault is None
