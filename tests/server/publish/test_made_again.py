"""What is signed is there and whole after every publication, whatever was lost, damaged or restored."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from published_files import content, put, snapshot, targets
from server_products import FolderFetcher, make_product

from pocketshelf.store import Store, verify_store
from pocketshelf.sync import Environment, SyncReport, sync
from pocketshelf_server.catalogue import Catalogue, Upsert, open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.publish import publish_site
from pocketshelf_server.publish.files import hashed_path, is_whole
from pocketshelf_server.site import Site

BACKUP = ("catalogue.sqlite", "published.sqlite", "config.json", "keys", "repository/metadata")


def sync_with(site: Site, folder: Path) -> SyncReport:
    root = (site.metadata / "1.root.json").read_bytes()
    return sync(folder, "http://site.test", root=root, environment=Environment(FolderFetcher(site)))


def restore(site: Site, folder: Path) -> Site:
    """A new machine with nothing but the documented backup set of ``site``."""
    folder.mkdir()
    for name in BACKUP:
        copy = shutil.copytree if (site.folder / name).is_dir() else shutil.copyfile
        (folder / name).parent.mkdir(exist_ok=True)
        copy(site.folder / name, folder / name)
    return Site.open(folder)


def whole(site: Site) -> bool:
    signed = targets(site).values()
    return all(is_whole(hashed_path(site.targets, t.name, t.sha256), t.length, t.sha256) for t in signed)


def test_the_documented_backup_set_restored_alone_serves_every_device(
    filled_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sync_with(filled_site, tmp_path / "old")
    with_changes(filled_site, 7)
    publish_site(filled_site)
    with_changes(filled_site, 11)
    publish_site(filled_site)
    restored = restore(filled_site, tmp_path / "restored")
    assert not restored.targets.exists()
    capsys.readouterr()
    assert main(["publish", str(restored.folder)]) == 0
    assert "5 signed files were missing or damaged and are made again" in capsys.readouterr().out
    assert whole(restored)
    assert content(snapshot(restored, tmp_path / "a")) == content(snapshot(filled_site, tmp_path / "b"))
    new, old = sync_with(restored, tmp_path / "new"), sync_with(restored, tmp_path / "old")
    assert (new.how, old.how, new.sequence) == ("snapshot", "changes", old.sequence)
    assert verify_store(tmp_path / "new").ok and verify_store(tmp_path / "old").ok
    assert main(["publish", str(restored.folder)]) == 0
    assert "unchanged" in capsys.readouterr().out


def with_changes(site: Site, seed: int) -> None:
    catalogue = open_catalogue(site)
    catalogue.apply([Upsert(make_product(f"p{i:03d}", seed, "Apple", rank=i)) for i in range(3)])
    catalogue.close()


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a flipped bit": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link to nowhere": lambda path: (path.unlink(), path.symlink_to("nowhere")),
}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("kind", ["manifest", "snapshot", "delta"])
def test_a_signed_file_that_is_not_what_was_signed_is_made_again(
    site: Site, edited: Catalogue, tmp_path: Path, how: str, kind: str
) -> None:
    put(edited, "a", "b")
    publish_site(site)
    put(edited, "c")
    publish_site(site)
    before = targets(site)
    (path,) = (p for t in before.values() if kind in (p := hashed_path(site.targets, t.name, t.sha256)).name)
    DAMAGE[how](path)
    (result,) = publish_site(site)
    assert (result.new, result.sequence, result.made_again) == (False, 3, 1)
    assert whole(site) and targets(site) == before
    assert sync_with(site, tmp_path / "device").sequence == 3


def test_a_lost_step_between_older_generations_is_no_longer_offered(
    site: Site, edited: Catalogue, tmp_path: Path
) -> None:
    """It cannot be made again, and no device needs it: there is a delta to the newest from each of them."""
    for key in "abcd":
        put(edited, key)
        publish_site(site)
    step = targets(site)["all/delta-1-2.sqlite.gz"]
    hashed_path(site.targets, step.name, step.sha256).unlink()
    (result,) = publish_site(site)
    assert (result.new, result.made_again) == (False, 1)
    assert step.name not in targets(site) and "all/delta-1-4.sqlite.gz" in targets(site)
    assert whole(site)
    sync_with(site, tmp_path / "device")
    with Store.open(tmp_path / "device") as store:
        assert len(store.shard) == 4


def test_files_lost_before_a_change_are_not_carried_into_the_new_generation(
    site: Site, edited: Catalogue
) -> None:
    for key in "abcd":
        put(edited, key)
        publish_site(site)
    shutil.rmtree(site.targets)
    put(edited, "e")
    (result,) = publish_site(site)
    assert result.new and whole(site)


def test_publishing_one_shard_also_mends_another_whose_files_are_lost(site: Site, edited: Catalogue) -> None:
    config = site.config()
    config.shards = {"all": {"rule": "all"}, "few": {"rule": "top", "column": "rank", "count": 1}}
    site.write_config(config)
    put(edited, "a", "b", rank=1)
    publish_site(site)
    shutil.rmtree(site.targets / "all")
    assert [(r.shard, r.made_again) for r in publish_site(site, ["few"])] == [("few", 0), ("all", 2)]
    assert whole(site)
