"""The three commands of tuf-conformance against the project's own server; the suite comes from outside."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import python_client
import run

from loopback import serving_app
from phones.live_shop import LiveShop
from pocketshelf_server.http.app import create_app

NAME = "all/manifest.json"


@pytest.fixture
def shop(tmp_path):
    shop = LiveShop(tmp_path, seed=3)
    with serving_app(create_app(shop.site, shop.catalogue)) as shop.url:
        shop.change(5, 0)
        shop.publish()
        yield shop
    shop.close()


def client(monkeypatch: pytest.MonkeyPatch, folder: Path, shop: LiveShop, *command: str) -> int:
    """Its exit status."""
    options = {
        "--metadata-dir": folder / "trust",
        "--metadata-url": f"{shop.url}/v1/metadata/",
        "--target-base-url": f"{shop.url}/v1/targets/",
        "--target-dir": folder,
        "--target-name": NAME,
    }
    words = [str(word) for pair in options.items() for word in pair]
    monkeypatch.setattr(sys, "argv", ["client", *words, *command])
    return python_client.main()


def test_init_refresh_and_download(shop, tmp_path, monkeypatch):
    assert client(monkeypatch, tmp_path, shop, "init", str(shop.root)) == 0
    assert [path.name for path in (tmp_path / "trust").iterdir()] == ["root.json"]
    assert client(monkeypatch, tmp_path, shop, "refresh") == 0
    names = {"root.json", "timestamp.json", "snapshot.json", "targets.json"}
    assert {path.name for path in (tmp_path / "trust").iterdir()} == names
    assert client(monkeypatch, tmp_path, shop, "download") == 0
    (manifest,) = tmp_path.glob("*manifest.json")
    assert json.loads(manifest.read_bytes())["sequence"] == max(shop.history)


def test_another_site_is_refused(shop, tmp_path, monkeypatch, capsys):
    stranger = LiveShop(tmp_path / "stranger", seed=4)
    stranger.close()
    assert client(monkeypatch, tmp_path, shop, "init", str(stranger.root)) == 0
    assert client(monkeypatch, tmp_path, shop, "refresh") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_table_counts_what_was_passed_and_what_was_refused():
    found = [
        run.Outcome("test_keys", "", "passed"),
        run.Outcome("test_graph_traversal", "a", "refused"),
        run.Outcome("test_graph_traversal", "b", "passed"),
        run.Outcome("test_keys", "x", "failed"),
    ]
    page = run.table({"Python": found}, "version 9")
    assert "| `graph_traversal` | 1 of 2, *1 refused* |" in page
    assert "| `keys` | 1 of 2, **1 failed** |" in page
    assert "| **all** | 2 of 4, *1 refused*, **1 failed** |" in page
