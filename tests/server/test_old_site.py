"""A site and a store of the first layout: they open, and nothing of them counts as changed."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from server_products import FolderFetcher, embed_by_colour

from palettes import listed
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import Environment, sync
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.catalogue.transfer import import_store
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site

GOLDEN = Path(__file__).parent / "golden/site-v1.zip"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with zipfile.ZipFile(GOLDEN) as archive:
        archive.extractall(tmp_path)
    return tmp_path


def never(picture: bytes) -> object:
    raise AssertionError("embedded again")


def test_importing_the_same_files_embeds_and_changes_nothing(old: Path) -> None:
    catalogue = open_catalogue(Site.open(old / "site"))
    before = catalogue.get("abcv")
    assert (catalogue.sequence(), sorted(before)) == (6, ["a", "b", "c", "v"])
    for name, count in (("shop.csv", 3), ("vectors.jsonl", 1)):
        report = Importer(catalogue, lambda: never, old / "shop").run(old / "shop" / name)  # type: ignore[arg-type, return-value]
        assert (report.unchanged, report.added_or_changed, report.sequence) == (count, 0, 6)
    assert catalogue.get("abcv") == before
    catalogue.close()


def test_embedding_the_same_files_again_adds_their_palettes_alone(old: Path) -> None:
    catalogue = open_catalogue(Site.open(old / "site"))
    before = catalogue.get("abcv")
    for changed in (3, 0):
        again = Importer(catalogue, lambda: embed_by_colour, old / "shop", reembed=True).run(
            old / "shop/shop.csv"
        )
        assert (again.added_or_changed, again.unchanged, again.sequence) == (changed, 3 - changed, 9)
    after = catalogue.get("abcv")
    assert after["v"] == before["v"]
    for key in "abc":
        assert (
            replace(after[key], attributes=listed(after[key]), sequence=before[key].sequence) == before[key]
        )
    catalogue.close()


def test_publishing_makes_no_new_generation(old: Path) -> None:
    site = Site.open(old / "site")
    before = sorted(path.name for path in site.targets.rglob("*.gz"))
    assert [(result.new, result.sequence) for result in publish_site(site)] == [(False, 6)]
    # By now the generation before is older than devices are waited for, and may be gone.
    after = [path.name for path in site.targets.rglob("*.gz")]
    assert after and set(after) <= set(before)


def test_a_device_goes_on_from_its_old_store(old: Path) -> None:
    site = Site.open(old / "site")
    assert verify_store(old / "store").ok
    report = sync(old / "store", "http://site.test", environment=Environment(FolderFetcher(site)))
    assert (report.how, report.from_sequence, report.sequence) == ("changes", 2, 6)
    assert verify_store(old / "store").ok
    catalogue = open_catalogue(site)
    with Store.open(old / "store") as store:
        assert {p.product_id: p.to_row() for p in store.shard} == {
            key: product.to_row() for key, product in catalogue.get("abcv").items()
        }
    assert (import_store(catalogue, old / "store"), catalogue.sequence()) == (0, 6)
    catalogue.close()
