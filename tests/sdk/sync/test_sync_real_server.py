"""The client against the project's own server: its publisher, its signatures, its HTTP."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from loopback import serving_app
from pocketshelf.cli import main
from pocketshelf.errors import ServerError, Unreachable
from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf.network.polite import Polite
from pocketshelf.recall import ServerFallback
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import sync
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.http.app import create_app
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import Publisher, publish_site
from pocketshelf_server.site import SiteConfig
from pocketshelf_server.trust import KeyFolder, open_repository

SPACE = Space("test-space", "0123456789abcdef", "test", 16)


class Shop:
    """A site on loopback."""

    def __init__(self, folder: Path) -> None:
        self.site = make_site(folder, SPACE, SiteConfig(retain=2))
        self.catalogue = open_catalogue(self.site)
        self.keys = open_repository(self.site)
        self.url = ""

    @property
    def root(self) -> bytes:
        return (self.site.metadata / "1.root.json").read_bytes()

    def put(self, *names: str, version: int = 0) -> None:
        self.catalogue.apply([Upsert(product(name, version)) for name in names])

    def publish(self) -> None:
        publish_site(self.site)

    def content(self) -> dict[str, tuple[str, str]]:
        with self.catalogue.reading() as view:
            return {p.product_id: (p.title, p.category) for p in view.products()}


def product(name: str, version: int = 0) -> Product:
    seed = int.from_bytes(hashlib.sha256(f"{name}/{version}".encode()).digest()[:8], "big")
    vectors = quantize_vectors(np.random.default_rng(seed).standard_normal((1, 16)))
    category = ("Apple", "Milk")[seed % 2]
    return Product(name, 0, category, f"{name} v{version}", f"{name}.jpg", vectors, {"v": version})


@contextmanager
def serving(shop: Shop) -> Iterator[None]:
    with serving_app(create_app(shop.site, shop.catalogue)) as shop.url:
        yield


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "site")
    shop.put(*(f"p{i}" for i in range(40)))
    shop.publish()
    with serving(shop):
        yield shop
    shop.catalogue.close()


def content(store: Path) -> dict[str, tuple[str, str]]:
    assert verify_store(store).ok
    with Store.open(store) as opened:
        return {p.product_id: (p.title, p.category) for p in opened.shard}


def test_snapshot_changes_and_gap(shop, tmp_path):
    store = tmp_path / "store"
    assert sync(store, shop.url, root=shop.root).how == "snapshot"
    assert content(store) == shop.content()
    shop.put("p1", "p2", "new", version=1)
    shop.catalogue.apply([Delete("p3")])
    shop.publish()
    assert sync(store, shop.url).how == "changes"
    assert content(store) == shop.content()
    for version in range(2, 6):
        shop.put("p1", version=version)
        shop.publish()
    report = sync(store, shop.url)
    assert (report.how, report.why) == ("snapshot", "gap")
    assert content(store) == shop.content()
    assert sync(store, shop.url).outcome == "current"


def test_a_device_several_generations_behind_takes_one_delta(shop, tmp_path):
    """The publisher squashes from each retained generation to the newest: a device needs no chain."""
    config = shop.site.config()
    config.retain = 5
    shop.site.write_config(config)
    store = tmp_path / "store"
    base = sync(store, shop.url, root=shop.root).sequence
    for version in range(1, 6):
        shop.put("p1", f"n{version}", version=version)
        shop.publish()
    report = sync(store, shop.url)
    publisher = Publisher(shop.site, shop.catalogue)
    lengths = {target.name: target.length for target in publisher.targets()}
    publisher.close()
    assert (report.how, report.why) == ("changes", "changes")
    delta = lengths[f"all/delta-{base}-{report.sequence}.sqlite.gz"]
    assert report.received == lengths["all/manifest.json"] + delta
    assert content(store) == shop.content()


def test_keys_rotate(shop, tmp_path):
    store = tmp_path / "store"
    sync(store, shop.url, root=shop.root)
    shop.keys.rotate(["timestamp", "targets"], KeyFolder.offline(shop.site.offline_keys))
    shop.put("p1", version=1)
    shop.publish()
    # What an old key of targets signed is fetched again, whole: that key may have been stolen.
    assert sync(store, shop.url).why == "rotated"
    shop.keys.rotate(["root", "timestamp", "snapshot"], KeyFolder.offline(shop.site.offline_keys))
    shop.put("p1", version=2)
    shop.publish()
    assert sync(store, shop.url).how == "changes"
    assert content(store) == shop.content()


def test_an_interrupted_download_resumes_by_range(shop, tmp_path):
    store = tmp_path / "store"
    (snapshot,) = (shop.site.targets / "all").glob("*.snapshot-*")
    sha256 = snapshot.name.split(".")[0]
    (store / "downloads").mkdir(parents=True)
    (store / "downloads" / f"{sha256}.part").write_bytes(snapshot.read_bytes()[:500])
    report = sync(store, shop.url, root=shop.root)
    manifest = next((shop.site.targets / "all").glob("*.manifest.json")).stat().st_size
    assert report.received == snapshot.stat().st_size + manifest
    assert content(store) == shop.content()


@pytest.fixture
def no_bundle(tmp_path, monkeypatch):
    """An app without models of its own: it takes the shelf of any space."""
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(tmp_path / "no-bundle"))


def test_the_command_refuses_a_shelf_of_another_space(shop, tmp_path, capsys, trained_bundle):
    root = tmp_path / "root.json"
    root.write_bytes(shop.root)
    options = ["--store", str(tmp_path / "store"), "--server", shop.url, "--root", str(root)]
    assert main(["sync", *options, "--bundle", str(trained_bundle)]) == 1
    assert "space 'test-space'" in capsys.readouterr().err
    assert not (tmp_path / "store" / "current").exists()


@pytest.mark.usefixtures("no_bundle")
def test_the_command(shop, tmp_path, capsys):
    store, root = tmp_path / "store", tmp_path / "root.json"
    root.write_bytes(shop.root)
    options = ["--store", str(store), "--server", shop.url, "--json"]
    assert main(["sync", *options]) == 1
    assert "no root of trust yet" in capsys.readouterr().err
    assert main(["sync", *options, "--root", str(root)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["outcome"], line["how"], line["sequence"]) == ("updated", "snapshot", 40)
    assert main(["status", "--store", str(store), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)["sync"]
    assert (status["server"], status["server_sequence"], status["root_version"]) == (shop.url, 40, 1)


@pytest.mark.usefixtures("no_bundle")
def test_the_command_brings_pictures(shop, tmp_path, capsys, monkeypatch):
    store, root, folder = tmp_path / "store", tmp_path / "root.json", tmp_path / "pictures"
    root.write_bytes(shop.root)
    options = ["--store", str(store), "--server", shop.url, "--root", str(root), "--pictures", str(folder)]
    monkeypatch.setattr(Polite, "get", lambda self, address, most, accept: b"\xff\xd8\xff a picture")
    assert main(["sync", *options]) == 0
    assert "40 pictures came, 0 were there" in capsys.readouterr().out
    assert len(list(folder.glob("*.jpg"))) == 40

    def away(self, address, most, accept):
        raise Unreachable(f"{address}: away")

    monkeypatch.setattr(Polite, "get", away)
    next(folder.glob("*.jpg")).unlink()
    assert main(["sync", *options[:4], *options[6:], "--json"]) == 1
    captured = capsys.readouterr()
    line = json.loads(captured.out)
    assert line["outcome"] == "current" and line["pictures"]["brought"] == 0
    assert captured.err.count("\n") == 1 and "away" in captured.err


@pytest.mark.usefixtures("no_bundle")
def test_the_command_without_a_network(tmp_path, shop, capsys):
    store, root = tmp_path / "store", tmp_path / "root.json"
    root.write_bytes(shop.root)
    assert main(["sync", "--store", str(store), "--server", shop.url, "--root", str(root)]) == 0
    capsys.readouterr()
    gone = ["sync", "--store", str(store), "--server", "http://127.0.0.1:9"]
    assert main([*gone, "--json"]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["outcome"] == "offline"
    assert captured.err.count("\n") == 1 and "the store stays as it is" in captured.err
    assert main([*gone, "--if-due", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "deferred"


def test_the_fallback_finds_what_the_shelf_lacks(shop):
    wanted = product("p7")
    query = wanted.vectors[0].astype(np.float32)
    query /= np.linalg.norm(query)
    hits = ServerFallback(shop.url).search(query, "test-space", (), 5)
    assert len(hits) == 5 and hits[0].product_id == "p7" and hits[0].source == "server"
    assert hits[0].score == pytest.approx(1.0, abs=1e-3)
    only = ServerFallback(shop.url).search(query, "test-space", (wanted.category,), 5)
    assert {hit.category for hit in only} == {wanted.category}


def test_the_fallback_names_what_the_server_refuses(shop):
    with pytest.raises(ServerError, match="409"):
        ServerFallback(shop.url).search(np.ones(16, dtype=np.float32), "elsewhere", (), 5)
