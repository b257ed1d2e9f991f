"""An older backup is restored: the server notices, and goes forward in a way that every device follows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from published_files import put, targets
from server_products import FolderFetcher

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import Environment, SyncReport, sync
from pocketshelf_server.catalogue import Delete, open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.publish import Publisher, publish_site
from pocketshelf_server.search import SearchService, make_index
from pocketshelf_server.site import Site
from pocketshelf_server.trust import open_repository

WHOLE = ("catalogue.sqlite", "published.sqlite", "repository/metadata")
URL = "http://site.test"


class Shop:
    """A site with a backup, changes published since, and devices of either time."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder, self.backup = site, folder, folder / "backup"
        self.root = (site.metadata / "1.root.json").read_bytes()

    def change(self, seed: int, *more: str) -> None:
        with closing(open_catalogue(self.site)) as catalogue:
            put(catalogue, "a", "b", *more, seed=seed)

    def save(self) -> None:
        for name in WHOLE:
            self.copy(self.site.folder / name, self.backup / name)

    def restore(self, *names: str) -> None:
        for name in names:
            self.copy(self.backup / name, self.site.folder / name)

    def copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)

    def sync(self, device: str) -> SyncReport:
        environment = Environment(FolderFetcher(self.site))
        return sync(self.folder / device, URL, root=self.root, environment=environment)

    def on(self, device: str) -> dict[str, tuple]:
        assert verify_store(self.folder / device).ok
        with Store.open(self.folder / device) as store:
            return {p.product_id: (p.title, p.vectors.tobytes()) for p in store.shard}

    def in_catalogue(self) -> dict[str, tuple]:
        with closing(open_catalogue(self.site)) as catalogue, catalogue.reading() as view:
            return {p.product_id: (p.title, p.vectors.tobytes()) for p in view.products()}

    def follows(self, *devices: str) -> None:
        """Each device syncs, by itself, and holds what the catalogue holds."""
        for device in devices:
            assert self.sync(device).outcome in ("updated", "current")
            assert self.on(device) == self.in_catalogue(), device


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Shop:
    """Saved at number 5, published at 3 and 5; since then at 7 and 10."""
    made = Shop(site, tmp_path)
    made.change(0, "gone")
    publish_site(site)
    made.change(1)
    publish_site(site)
    made.sync("of the backup's time")
    made.save()
    made.change(2)
    publish_site(site)
    made.sync("in between")
    made.change(3, "new")
    publish_site(site)
    made.sync("newest")
    return made


def lose_history(shop: Shop) -> None:
    shop.site.history_path.unlink()


def empty_history(shop: Shop) -> None:
    shop.site.history_path.write_bytes(b"")


RESTORED: dict[str, Callable[[Shop], None]] = {
    "an older catalogue": lambda shop: shop.restore("catalogue.sqlite"),
    "an older history": lambda shop: shop.restore("published.sqlite"),
    "older metadata": lambda shop: shop.restore("repository/metadata"),
    "an older catalogue and history": lambda shop: shop.restore("catalogue.sqlite", "published.sqlite"),
    "all of it": lambda shop: shop.restore(*WHOLE),
    "no history": lose_history,
    "an empty history": empty_history,
}
DEVICES = ("of the backup's time", "in between", "newest", "new")


@pytest.mark.parametrize("what", RESTORED)
def test_a_site_that_went_back_is_noticed_and_jumps_ahead_of_every_device(
    shop: Shop, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    RESTORED[what](shop)
    before = open_repository(shop.site).status()
    assert main(["publish", str(shop.site.folder)]) == 1
    assert "would go backwards" in (message := capsys.readouterr().err) and "--jump-ahead" in message
    assert open_repository(shop.site).status() == before
    assert main(["publish", str(shop.site.folder), "--jump-ahead"]) == 0
    shop.follows(*DEVICES)
    # And from then on as ever, by changes.
    shop.change(9, "later")
    assert main(["publish", str(shop.site.folder)]) == 0
    assert [shop.sync(device).how for device in DEVICES] == ["changes"] * 4
    shop.follows(*DEVICES)


def test_a_damaged_history_names_its_remedy_which_heals_it(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.site.history_path.write_bytes(b"no database, and long enough to be looked at " * 200)
    assert main(["publish", str(shop.site.folder)]) == 1
    assert "remove it" in (message := capsys.readouterr().err) and "--jump-ahead" in message
    shop.site.history_path.unlink()
    assert main(["publish", str(shop.site.folder), "--jump-ahead"]) == 0
    shop.follows(*DEVICES)


def empty_disk(shop: Shop) -> None:
    """The machine is gone; nothing but the backup is left of its state."""
    for name in (*WHOLE, "repository/targets"):
        path = shop.site.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shop.restore(*WHOLE)


def test_an_older_backup_on_an_empty_disk_jumps_ahead_though_nothing_shows_it(shop: Shop) -> None:
    empty_disk(shop)
    publish_site(shop.site)
    with pytest.raises(SyncError, match="rollback"):
        shop.sync("newest")
    publish_site(shop.site, jump_ahead=True)
    shop.follows(*DEVICES)


def test_numbers_given_out_twice_before_anyone_noticed_mean_nothing_after_the_jump(shop: Shop) -> None:
    """Devices of the lost world and of the new one stand at the same numbers with other products."""
    empty_disk(shop)
    for seed in (20, 21, 22, 23):
        shop.change(seed)
        publish_site(shop.site)
        shop.sync(f"of the new world {seed}")
    publish_site(shop.site, jump_ahead=True)
    shop.follows(*DEVICES, "of the new world 20", "of the new world 23")


def test_a_second_jump_from_the_same_backup_comes_to_other_numbers(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1.8e9]
    monkeypatch.setattr("time.time", lambda: now[0])
    seen = []
    for seed in (30, 31):
        empty_disk(shop)
        shop.change(seed, f"only {seed}")
        with closing(open_catalogue(shop.site)) as catalogue:
            publisher = Publisher(shop.site, catalogue, clock=lambda: now[0])
            publisher.jump_ahead(open_repository(shop.site))
            publisher.publish()
            publisher.sign(open_repository(shop.site))
            publisher.close()
        seen.append(shop.sync("newest").sequence)
        shop.follows("newest", f"new {seed}")
        now[0] += 60
    assert seen[1] is not None and seen[0] is not None and seen[1] > seen[0]


@pytest.mark.parametrize("clock", [0.0, 4.1e9], ids=["clock at 1970", "clock at 2099"])
def test_a_wrong_clock_does_not_keep_a_jump_from_going_ahead(shop: Shop, clock: float) -> None:
    shop.restore("catalogue.sqlite")
    for moment in (clock, 1.8e9):
        with closing(open_catalogue(shop.site)) as catalogue:
            publisher = Publisher(shop.site, catalogue, clock=lambda moment=moment: moment)
            publisher.jump_ahead(open_repository(shop.site))
            publisher.publish()
            publisher.sign(open_repository(shop.site))
            publisher.close()
        shop.follows(*DEVICES)


class Crash(Exception):
    """Stands in for kill -9 at one point."""


@pytest.mark.parametrize(
    "point",
    [
        "catalogue.base.Catalogue.jump",
        "publish.history.History.forget_bases",
        "publish.publisher.Publisher.publish",
        "publish.targets.store_target",
        "publish.history.History.save",
        "trust.repository.SignedRepository.sign_targets",
        "trust.online.OnlineRoles.publish_timestamp",
        "publish.publisher.Publisher.sweep",
    ],
)
def test_a_jump_that_was_killed_is_brought_to_its_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise Crash

    shop.restore(*WHOLE)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(f"pocketshelf_server.{point}", crash)
        publish_site(shop.site, jump_ahead=True)
    try:
        publish_site(shop.site)
    except StoreError as error:
        assert "--jump-ahead" in str(error)
        publish_site(shop.site, jump_ahead=True)
    shop.follows(*DEVICES)


def test_an_index_follows_a_catalogue_that_went_back_and_jumped(site: Site) -> None:
    """A server that was at work meanwhile has an index of a time that is no more."""
    with closing(open_catalogue(site)) as catalogue:
        put(catalogue, "a", "b")
    shutil.copyfile(site.catalogue_path, saved := site.folder / "saved")
    with closing(open_catalogue(site)) as catalogue:
        product = catalogue.get("b")["b"].vectors[0].astype("float32")
        put(catalogue, "a", seed=1)
        catalogue.apply([Delete("b")])
        service = SearchService(catalogue, make_index("scan", catalogue, site))
        assert service.refresh() == 4
        catalogue.close()  # It opens the file again when it is asked the next time.
        shutil.copyfile(saved, site.catalogue_path)
        assert service.refresh() == 2
        assert service.search(product, 1, None)[0].product_id == "b"
        put(catalogue, "a", seed=2)
        catalogue.apply([Delete("b")])
        assert service.refresh() == 4
        catalogue.close()
        shutil.copyfile(saved, site.catalogue_path)
        # Numbers beyond the index's are given out again, for other products, and then the catalogue jumps.
        put(catalogue, "c", "d", "e")
        catalogue.jump(1000)
        assert service.refresh() == 1000
        assert service.search(product, 1, None)[0].product_id == "b"


def test_a_publisher_killed_between_history_and_signature_has_not_gone_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise Crash

    shop.change(4)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr("pocketshelf_server.trust.repository.SignedRepository.sign_targets", crash)
        publish_site(shop.site)
    publish_site(shop.site)
    shop.change(5)
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr("pocketshelf_server.trust.online.OnlineRoles.publish_timestamp", crash)
        publish_site(shop.site)
    publish_site(shop.site)
    shop.follows(*DEVICES)


def test_a_number_that_a_thief_signed_is_no_reason_to_follow_it(shop: Shop) -> None:
    """2^62 in a target is not taken for this site's own past."""
    absurd = [replace(t, custom={**t.custom, "sequence": 2**62}) for t in targets(shop.site).values()]
    open_repository(shop.site).sign_targets(absurd)
    assert publish_site(shop.site)[0].sequence == 10
    shop.follows("newest", "new")
