"""A library of looks is imported, published, synced, verified and rolled back as a shelf is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from server_products import FolderFetcher

from fake_models import DIMENSION
from outfit_things import make_looks, make_outfit_bundle
from pocketshelf.formats import Bundle
from pocketshelf.outfit import Looks
from pocketshelf.store import rollback_store, verify_store
from pocketshelf.sync import Environment, sync
from pocketshelf_server.cli import main
from pocketshelf_server.site import Site

WORN = np.eye(DIMENSION, dtype=np.float32)


def library(folder: Path, bundle: Bundle, names: str) -> Path:
    looks = {name: {"upper": WORN[n], "lower": WORN[n + 1]} for n, name in enumerate(names)}
    return make_looks(folder, bundle, looks)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_outfit_bundle(tmp_path / "bundle")


@pytest.fixture
def site(tmp_path: Path, bundle: Bundle) -> Site:
    assert main(["init", str(tmp_path / "site"), "--bundle", str(bundle.folder)]) == 0
    return Site.open(tmp_path / "site")


def test_a_library_travels_as_a_shelf_does(tmp_path: Path, site: Site, bundle: Bundle) -> None:
    folder, device = str(site.folder), tmp_path / "device"
    root = (site.metadata / "1.root.json").read_bytes()

    def published() -> list[str]:
        assert main(["publish", folder]) == 0
        sync(device, "http://site.test", root=root, environment=Environment(FolderFetcher(site)))
        assert verify_store(device).ok
        return sorted(Looks.open(device, bundle).names)

    assert main(["import", folder, "--store", str(library(tmp_path / "old", bundle, "abcd"))]) == 0
    assert published() == ["a", "b", "c", "d"]
    # The person of "d" wants to be in no library, and there is a new one.
    fewer = str(library(tmp_path / "new", bundle, "abc"))
    assert main(["import", folder, "--store", fewer, "--replace", "--allow-shrink"]) == 0
    assert published() == ["a", "b", "c"]
    rollback_store(device)
    assert sorted(Looks.open(device, bundle).names) == ["a", "b", "c", "d"] and verify_store(device).ok


def test_a_store_that_lost_much_replaces_nothing_unasked(
    tmp_path: Path, site: Site, bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(site.folder)
    assert main(["import", folder, "--store", str(library(tmp_path / "old", bundle, "abcd"))]) == 0
    cut = str(library(tmp_path / "cut", bundle, "a"))
    assert main(["import", folder, "--store", cut, "--replace"]) == 1
    assert "names 2 products, the catalogue has 8" in capsys.readouterr().err
    assert main(["import", folder, "--store", str(tmp_path / "old"), "--replace"]) == 0
    assert "0 added or changed, 0 unchanged, 0 deleted" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main(["import", folder, "--replace", "--delete", "a/upper"])
