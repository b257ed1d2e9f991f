"""A library of looks is a shard as any other: imported, published, synced, verified, rolled back."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import waitress

from fake_models import DIMENSION, make_bundle
from outfit_things import make_looks
from pocketshelf.cli import main as pocketshelf
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.outfit import Looks
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import main as server
from pocketshelf_server.http.app import create_app
from pocketshelf_server.site import Site

ROWS = np.random.default_rng(0).normal(size=(6, DIMENSION)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with two looks in it, published."""
    bundle = make_bundle(tmp_path / "bundle")
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(bundle.folder))
    worn = {"a": {"upper": ROWS[0], "lower": ROWS[1]}, "b": {"upper": ROWS[2], "bag": ROWS[3]}}
    make_looks(tmp_path / "looks", bundle, worn)
    assert server(["init", str(tmp_path / "site")]) == 0
    publish(tmp_path, tmp_path / "looks")
    return tmp_path


def publish(folder: Path, looks: Path) -> None:
    assert server(["import", str(folder / "site"), "--store", str(looks)]) == 0
    assert server(["publish", str(folder / "site")]) == 0


def test_looks_reach_a_device_are_verified_updated_and_rolled_back(folder: Path) -> None:
    site = Site(folder / "site")
    http = waitress.create_server(create_app(site, open_catalogue(site)), host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=http.run, daemon=True)
    thread.start()
    device, bundle = folder / "device-looks", load_bundle(folder / "bundle")
    root = folder / "site/repository/metadata/1.root.json"
    words = ["sync", "--store", str(device), "--server", f"http://127.0.0.1:{http.effective_port}"]
    try:
        assert pocketshelf([*words, "--root", str(root)]) == 0
        first = Looks.open(device, bundle)
        assert sorted(first.names) == ["a", "b"] and first.images[first.names.index("b")] == "b.jpg"
        np.testing.assert_array_equal(
            first.vectors["bag"], Looks.open(folder / "looks", bundle).vectors["bag"]
        )
        make_looks(folder / "more", bundle, {"c": {"upper": ROWS[4], "lower": ROWS[5]}})
        publish(folder, folder / "more")
        assert pocketshelf(words) == 0
        assert sorted(Looks.open(device, bundle).names) == ["a", "b", "c"]
        assert pocketshelf(["verify", "--store", str(device)]) == 0
        assert pocketshelf(["rollback", "--store", str(device)]) == 0
        assert sorted(Looks.open(device, bundle).names) == ["a", "b"]
    finally:
        http.close()
        thread.join(5)
