"""Shard rules: what they choose, and what of them is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from published_files import content, delta_rows, manifest, put, snapshot, targets, unpack

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import apply_delta
from pocketshelf_server.catalogue import Catalogue, Delete, Entry
from pocketshelf_server.publish import publish_site
from pocketshelf_server.publish.rules import parse_rule
from pocketshelf_server.site import Site

RULES = {
    "fruit": {"rule": "category", "values": ["Apple", "Pear"]},
    "top": {"rule": "top", "column": "rank", "count": 2},
    "berlin": {"rule": "assortment", "file": "berlin.txt"},
    "de": {"rule": "attribute", "column": "locale", "values": ["de"]},
}


def test_rules_choose(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    config = site.config()
    config.shards = RULES
    site.write_config(config)
    (site.folder / "berlin.txt").write_text("d\n\nunknown\na\n")
    put(edited, "a", rank="5", locale=["at", "de"])
    put(edited, "b", rank=7, category="Pear", locale="de")
    put(edited, "c", rank="many", category="Plum", locale="fr")
    put(edited, "d", rank=6, category="Plum")
    publish_site(site)
    chosen = {name: sorted(content(snapshot(site, tmp_path, name))) for name in RULES}
    assert chosen == {"fruit": ["a", "b"], "top": ["b", "d"], "berlin": ["a", "d"], "de": ["a", "b"]}
    assert manifest(site, "top")["categories"]["Plum"] == {"local": 1, "catalogue": 2}


def test_a_product_that_a_rule_moves_reaches_the_device(
    site: Site, edited: Catalogue, tmp_path: Path
) -> None:
    config = site.config()
    config.shards = {"top": RULES["top"]}
    site.write_config(config)
    put(edited, "old", rank=1)
    put(edited, "a", rank=9)
    put(edited, "b", rank=8)
    publish_site(site)
    device = shutil.copy(snapshot(site, tmp_path, "top"), tmp_path / "device.sqlite")
    edited.apply([Delete("a")])  # "old" enters, though it is older than the device.
    publish_site(site)
    assert delta_rows(site, 3, 4, tmp_path, "top") == (["old"], ["a"])
    apply_delta(device, unpack(site, "top/delta-3-4.sqlite.gz", tmp_path))
    assert content(Path(device)) == content(snapshot(site, tmp_path, "top"))


@pytest.mark.parametrize(
    ("name", "spec", "word"),
    [
        ("a/b", {"rule": "all"}, "letters"),
        ("..", {"rule": "all"}, "letters"),
        ("x", {"rule": "most"}, "category, top"),
        ("x", {}, "None"),
        ("x", {"rule": "all", "count": 3}, "no options"),
        ("x", {"rule": "top", "column": "rank"}, "column, count"),
        ("x", {"rule": "top", "column": "rank", "count": 0}, "whole number"),
        ("x", {"rule": "category", "values": "Apple"}, "list"),
        ("x", {"rule": "assortment", "file": "missing.txt"}, "missing.txt"),
    ],
)
def test_a_wrong_rule_is_refused_and_nothing_is_published(
    site: Site, name: str, spec: dict, word: str
) -> None:
    config = site.config()
    config.shards = {"all": {"rule": "all"}, name: spec}
    site.write_config(config)
    with pytest.raises(CatalogueError, match=word):
        publish_site(site)
    assert targets(site) == {}


def test_a_decimal_comma_is_a_number(tmp_path: Path) -> None:
    """As a text of half of the world's spreadsheets; a thousand's comma is left to be none."""
    ranks = ["9,5", "10", "1.234,50", "1,234", "x", "9.75", 10**400, None]
    entries = [Entry(str(i), i, "c", {"rank": rank}) for i, rank in enumerate(ranks)]
    rule = parse_rule("top", {"rule": "top", "column": "rank", "count": 4}, tmp_path)
    assert [entry.product_id for entry in rule(entries)] == ["0", "1", "2", "5"]
