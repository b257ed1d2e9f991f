"""Local features from a site's import to a synced shelf: what a built shelf finds is found there, too."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from published_files import manifest, targets
from server_products import FolderFetcher

from drawn_prints import cover, photographed, write_covers
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.formats import Bundle
from pocketshelf.formats.features import FeatureTable, features_file
from pocketshelf.store import StoreFolder, change_store, rollback_store, verify_store
from pocketshelf.store.digest import recorded_digests
from pocketshelf.store.features import prints_of, read_features
from pocketshelf.sync import Environment, SyncReport, sync
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.publish import Published, publish_site
from pocketshelf_server.publish.files import hashed_path
from pocketshelf_server.publish.history import History
from pocketshelf_server.site import Site

pytest.importorskip("cv2")
COUNT = 6


class Shop:
    """A site whose catalogue is a folder of covers, and a device of it."""

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        self.folder, self.bundle, self.device = folder, bundle, folder / "device"
        (folder / "pictures").mkdir()
        self.file = folder / "pictures" / "catalogue.csv"
        assert main(["init", str(folder / "site"), "--bundle", str(bundle.folder)]) == 0
        self.site = Site.open(folder / "site")

    def bring_in(self, *options: str, seeds: range = range(COUNT), titles: str = "Cover") -> None:
        write_covers(self.file, seeds, titles)
        command = ["import", str(self.site.folder), str(self.file), "--bundle", str(self.bundle.folder)]
        assert main([*command, *options]) == 0

    def publish(self) -> Published:
        (result,) = publish_site(self.site)
        return result

    def sync(self, **options: object) -> SyncReport:
        root = (self.site.metadata / "1.root.json").read_bytes()
        environment = Environment(FolderFetcher(self.site))
        report = sync(self.device, "http://site.test", root=root, environment=environment, **options)  # type: ignore[arg-type]
        assert verify_store(self.device).ok
        return report

    def configure(self, **values: object) -> None:
        config = self.site.config()
        for name, value in values.items():
            setattr(config, name, value)
        self.site.write_config(config)

    def features(self) -> dict[str, int]:
        """Target → length, of the features that are signed."""
        return {name: each.length for name, each in targets(self.site).items() if "/features-" in name}

    def found(self, seed: int) -> bool:
        """Whether the device finds a cover in a photo, by its print."""
        with Retriever.open(self.device, self.bundle) as retriever:
            hits = retriever.search(photographed(cover(seed)).pixels).regions[0].hits
        return bool(hits) and hits[0].product_id == f"{10 * seed}" and hits[0].inliers is not None


@pytest.fixture
def shop(tmp_path: Path, fake_bundle: Bundle) -> Shop:
    shop = Shop(tmp_path, fake_bundle)
    shop.bring_in()
    return shop


def table_of(store: Path, products: int) -> FeatureTable:
    folder = StoreFolder(store)
    table = read_features(folder, folder.require_current(), products)
    assert table is not None
    return table


def test_a_synced_shelf_finds_what_a_built_one_finds(shop: Shop, fake_bundle: Bundle) -> None:
    published = shop.publish()
    report = shop.sync()
    assert (report.outcome, report.features, report.problem) == ("updated", "snapshot", None)
    built = shop.folder / "built"
    build_store(shop.file, built, bundle=fake_bundle)
    here, there = table_of(built, COUNT + 1), table_of(shop.device, COUNT + 1)
    assert np.array_equal(here.rows, there.rows) and np.array_equal(here.words, there.words)
    assert np.array_equal(here.counts, there.counts) and np.array_equal(here.shapes, there.shapes)
    assert all(shop.found(seed) for seed in range(COUNT))
    assert published.prints == COUNT and published.features_bytes < COUNT * 7000
    assert shop.sync().features == "current"


def test_changes_of_some_products_are_all_that_travels(shop: Shop) -> None:
    shop.publish()
    shop.sync()
    shop.bring_in(seeds=range(COUNT + 1))
    result = shop.publish()
    base, sequence = result.deltas[0][0], result.sequence
    sizes = shop.features()
    changes = sizes[f"all/features-{base}-{sequence}.gz"]
    assert changes < sizes[f"all/features-{sequence}.gz"] / 4
    report = shop.sync()
    assert (report.how, report.features) == ("changes", "changes")
    files = {name: target.length for name, target in targets(shop.site).items()}
    delta = files[f"all/delta-{base}-{sequence}.sqlite.gz"]
    assert report.received == files["all/manifest.json"] + delta + changes
    assert all(shop.found(seed) for seed in range(COUNT + 1))
    shop.bring_in("--replace", "--allow-shrink", seeds=range(2, COUNT + 1))
    shop.publish()
    assert shop.sync().features == "changes"
    assert shop.found(3) and not shop.found(0)
    rollback_store(shop.device)
    assert shop.found(0), "a rollback brings its own features"
    assert shop.sync().features is None and shop.found(0)


def test_new_titles_and_vectors_take_no_features_anew(shop: Shop) -> None:
    """Every row changes; the pictures are as they were, and one is new."""
    shop.publish()
    shop.sync()
    shop.bring_in(titles="Sleeve", seeds=range(COUNT + 1))
    with closing(open_catalogue(shop.site)) as catalogue:
        products = catalogue.get(["0"])
        catalogue.apply([Upsert(replace(products["0"], vectors=-products["0"].vectors))])
        assert catalogue.looked_at(["0"]) == set(), "of other vectors nothing is known"
    shop.bring_in("--reembed", titles="Sleeve", seeds=range(COUNT + 1))
    shop.publish()
    sizes = sorted(shop.features().values())
    report = shop.sync()
    assert report.features == "changes" and sizes[0] < sizes[1] / 4
    assert all(shop.found(seed) for seed in range(COUNT + 1))


def test_the_shards_own_files_are_what_they_are_without(
    shop: Shop, fake_bundle: Bundle, tmp_path: Path
) -> None:
    """Who does not know of features sees nothing of them: shard, delta and manifest are the same bytes."""
    other = tmp_path / "other"
    other.mkdir()
    without = Shop(other, fake_bundle)
    without.configure(closely=False)
    without.bring_in()
    for each in (shop, without):
        each.publish()
        each.bring_in(seeds=range(COUNT + 1))
        each.publish()
    names = {name for name in targets(shop.site) if "/features-" not in name}
    assert names == targets(without.site).keys() and len(names) == 3
    for name in names:
        assert targets(shop.site)[name].sha256 == targets(without.site)[name].sha256
    assert manifest(shop.site) == manifest(without.site)
    assert without.features() == {} and without.sync().features is None


def test_a_device_that_does_not_look_closely_fetches_none(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish()
    files = {name: target.length for name, target in targets(shop.site).items()}
    monkeypatch.setattr("pocketshelf.sync.syncer.is_available", lambda: False)
    report = shop.sync()
    shard = files["all/manifest.json"] + next(files[name] for name in files if "/snapshot-" in name)
    assert (report.features, report.received) == (None, shard)
    assert not shop.found(1)
    assert shop.sync(closely=True).features == "snapshot", "it was asked for"
    assert shop.found(1)


def test_an_open_shelf_takes_up_features_that_come_later(shop: Shop) -> None:
    shop.publish()
    shop.sync(closely=False)
    with Retriever.open(shop.device, shop.bundle) as retriever:
        photo = photographed(cover(4)).pixels
        assert retriever.search(photo).regions[0].hits[0].inliers is None
        assert not retriever.reload()
        assert shop.sync().outcome == "current"
        assert retriever.reload() and not retriever.reload()
        assert retriever.search(photo).regions[0].hits[0].inliers


def test_features_that_are_damaged_on_the_device_are_brought_again(shop: Shop) -> None:
    shop.publish()
    shop.sync()
    folder = StoreFolder(shop.device)
    name = folder.require_current()
    path = features_file(folder.index(name), recorded_digests(folder, name)["shard.sqlite"]).path
    data = bytearray(path.read_bytes())
    data[-50] ^= 1
    path.write_bytes(data)
    assert "sync or build the store again" in verify_store(shop.device).problems[0]
    assert shop.sync().features == "snapshot" and shop.found(2)


def test_a_site_publishes_them_when_it_is_told_to_and_no_more_when_told_not_to(shop: Shop) -> None:
    shop.publish()
    shop.sync()
    shop.configure(closely=False)
    result = shop.publish()
    assert (result.new, result.prints, shop.features()) == (False, 0, {})
    assert shop.sync().features is None and not shop.found(1), "what is signed no more is kept no more"
    shop.configure(closely=True)
    assert shop.publish().prints == COUNT
    report = shop.sync()
    assert (report.outcome, report.features) == ("current", "snapshot") and shop.found(1)


def test_large_catalogues_publish_none_unless_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketshelf_server.publish.features.CLOSELY_UP_TO", COUNT)
    assert shop.publish().prints == 0 and shop.features() == {}
    shop.configure(closely=True)
    assert shop.publish().prints == COUNT


def test_an_import_of_before_is_looked_at_by_the_next(
    shop: Shop, fake_bundle: Bundle, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    old = Shop(other, fake_bundle)
    old.configure(closely=False)
    old.bring_in()
    assert old.publish().prints == 0
    old.sync()
    old.configure(closely=None)
    old.bring_in()
    result = old.publish()
    assert (result.new, result.prints) == (True, COUNT), "features travel as rows do, with a number"
    assert old.sync().features == "snapshot" and old.found(5)
    with closing(open_catalogue(old.site)) as catalogue:
        before = catalogue.sequence()
        old.bring_in()
        assert catalogue.sequence() == before


def test_what_opencv_lacks_is_said_where_it_is_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pocketshelf.closely.wanted.is_available", lambda: False)
    shop.bring_in("--reembed")
    assert shop.publish().prints == COUNT, "publishing needs none, and what is known stays"
    shop.configure(closely=True)
    command = ["import", str(shop.site.folder), str(shop.file), "--bundle", str(shop.bundle.folder)]
    assert main(command) == 1
    assert "pip install 'pocketshelf[closely]'" in capsys.readouterr().err


def test_lost_files_are_made_again(shop: Shop) -> None:
    shop.publish()
    shop.bring_in(seeds=range(COUNT + 1))
    shop.publish()
    signed = {name: each for name, each in targets(shop.site).items() if "/features-" in name}
    assert len(signed) == 2
    for name, each in signed.items():
        hashed_path(shop.site.targets, name, each.sha256).unlink()
    result = shop.publish()
    assert (result.new, result.made_again, result.prints) == (False, 2, COUNT + 1)
    assert shop.sync().features == "snapshot" and shop.found(6)


def test_a_store_brings_its_features_to_a_site_and_a_change_keeps_them(
    shop: Shop, fake_bundle: Bundle, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    build_store(shop.file, built, bundle=fake_bundle)
    with Retriever.open(built, fake_bundle) as retriever:
        renamed = retriever.store.product("10")
        drawn = retriever.store.product("20")
    assert renamed is not None and drawn is not None
    changed = replace(drawn, vectors=-drawn.vectors)
    change_store(built, [replace(renamed, title="Another title"), changed], ["30"])
    folder = StoreFolder(built)
    kept = prints_of(folder, folder.require_current())
    assert sorted(kept) == ["0", "10", "40", "50"], "a changed picture has none, and who went has none"
    other = tmp_path / "other"
    other.mkdir()
    site = Shop(other, fake_bundle)
    assert main(["import", str(site.site.folder), "--store", str(built)]) == 0
    assert site.publish().prints == 4
    assert site.sync().features == "snapshot" and site.found(4)


def test_a_withdrawn_shard_takes_its_features_along(shop: Shop) -> None:
    shop.configure(shards={"all": {"rule": "all"}, "few": {"rule": "top", "column": "x", "count": 3}})
    publish_site(shop.site)
    assert any(name.startswith("few/features-") for name in shop.features())
    shop.configure(shards={"all": {"rule": "all"}})
    publish_site(shop.site)
    assert not any(name.startswith("few/") for name in targets(shop.site))
    with closing(History(shop.site.history_path)) as history:
        assert history.shards() == ["all"]


def test_words_that_no_longer_fit_are_chosen_anew_and_no_changes_lead_there(shop: Shop) -> None:
    shop.bring_in("--replace", "--allow-shrink", seeds=range(1))
    shop.publish()
    shop.sync()
    shop.bring_in(seeds=range(20))
    result = shop.publish()
    assert list(shop.features()) == [f"all/features-{result.sequence}.gz"]
    assert shop.sync().features == "snapshot" and shop.found(19)
    shutil.rmtree(shop.device)
    assert shop.sync().features == "snapshot"
