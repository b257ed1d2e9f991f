"""Publishing: what a device at any retained generation gets, and that the same input gives the same bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from published_files import content, delta_rows, manifest, put, snapshot, targets, unpack
from server_products import SPACE, make_product

from pocketshelf.errors import CatalogueError, StoreError
from pocketshelf.formats import open_shard
from pocketshelf_server.catalogue import Catalogue, Delete, Upsert, create_catalogue
from pocketshelf_server.publish import Publisher, publish_site
from pocketshelf_server.publish.files import gzip_deterministic, hashed_path
from pocketshelf_server.site import Site, SiteConfig


def test_a_snapshot_holds_the_catalogue(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    put(edited, "b", "a", category="Pear")
    put(edited, "c", pictures=2)
    (result,) = publish_site(site)
    assert (result.new, result.sequence, result.products) == (True, 3, 3)
    path = snapshot(site, tmp_path)
    assert list(content(path)) == ["a", "b", "c"]
    with open_shard(path) as shard:
        assert (shard.meta.space, shard.meta.preprocessing, shard.meta.sequence) == (
            SPACE.name,
            SPACE.preprocessing,
            3,
        )
    counts = manifest(site)["categories"]
    assert counts == {"Apple": {"local": 1, "catalogue": 1}, "Pear": {"local": 2, "catalogue": 2}}


def test_custom_metadata_describes_the_unpacked_file(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    import hashlib

    put(edited, "a")
    publish_site(site)
    put(edited, "b")
    publish_site(site)
    found = targets(site)
    assert set(found) == {"all/manifest.json", "all/snapshot-2.sqlite.gz", "all/delta-1-2.sqlite.gz"}
    for name, base in (("all/snapshot-2.sqlite.gz", None), ("all/delta-1-2.sqlite.gz", 1)):
        data = unpack(site, name, tmp_path).read_bytes()
        assert found[name].custom == {
            "space": SPACE.name, "preprocessing": SPACE.preprocessing, "bundle": SPACE.bundle, "sequence": 2,
            "from_sequence": base, "uncompressed_length": len(data),
            "uncompressed_sha256": hashlib.sha256(data).hexdigest(),
        }  # fmt: skip


def test_upsert_then_delete_ships_one_tombstone(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    put(edited, "a", "stays")
    publish_site(site)
    put(edited, "a", seed=1)
    edited.apply([Delete("a")])
    publish_site(site)
    assert delta_rows(site, 2, 4, tmp_path) == ([], ["a"])


def test_delete_then_upsert_ships_one_upsert(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    put(edited, "a", "stays")
    publish_site(site)
    edited.apply([Delete("a")])
    put(edited, "a", seed=1)
    publish_site(site)
    assert delta_rows(site, 2, 4, tmp_path) == (["a"], [])


def test_squashed_over_generations(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    put(edited, "a", "b", "stays")
    publish_site(site)
    put(edited, "a", "b", seed=1)
    publish_site(site)
    edited.apply([Delete("a")])
    put(edited, "b", seed=2)
    publish_site(site)
    assert delta_rows(site, 3, 7, tmp_path) == (["b"], ["a"])
    assert [(d["from"], d["to"]) for d in manifest(site)["deltas"]] == [(3, 5), (3, 7), (5, 7)]


def test_only_the_last_generations_get_deltas(site: Site, edited: Catalogue) -> None:
    config = site.config()
    config.retain = 2
    site.write_config(config)
    for key in "abcde":
        put(edited, key)
        publish_site(site)
    found = manifest(site)
    assert found["oldest_delta"] == 3
    assert [(d["from"], d["to"]) for d in found["deltas"]] == [(3, 4), (3, 5), (4, 5)]


def test_nothing_changed_means_nothing_new(site: Site, edited: Catalogue) -> None:
    put(edited, "a")
    publish_site(site)
    before = targets(site)
    (again,) = publish_site(site)
    assert (again.new, again.sequence) == (False, 1)
    assert targets(site) == before


def test_an_empty_catalogue_can_be_published(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    assert publish_site(site)[0].sequence == 0
    assert content(snapshot(site, tmp_path)) == {}
    put(edited, "a")
    publish_site(site)
    assert delta_rows(site, 0, 1, tmp_path) == (["a"], [])


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    def build(folder: Path) -> Site:
        site = Site.create(
            folder,
            SiteConfig(shards={"all": {"rule": "all"}, "few": {"rule": "top", "column": "rank", "count": 3}}),
        )
        catalogue = create_catalogue(site, SPACE)
        publisher = Publisher(site, catalogue)
        for step in range(3):
            changes = [
                Upsert(make_product(f"p{i}", step * (i % 2), rank=(i * 7 + step) % 11)) for i in range(20)
            ]
            catalogue.apply([*changes, Delete(f"p{step}")])
            publisher.publish()
        publisher.close()
        catalogue.close()
        return site

    first, second = build(tmp_path / "a"), build(tmp_path / "b")
    files = sorted(path.relative_to(first.targets) for path in first.targets.rglob("*") if path.is_file())
    assert len(files) >= 10
    assert files == sorted(
        path.relative_to(second.targets) for path in second.targets.rglob("*") if path.is_file()
    )
    for path in files:
        assert (first.targets / path).read_bytes() == (second.targets / path).read_bytes()


def test_the_compressed_form_has_no_time_and_no_name(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"x" * 3_000_000)
    result = gzip_deterministic(tmp_path / "plain", tmp_path / "packed")
    data = (tmp_path / "packed").read_bytes()
    assert data[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    assert gzip.decompress(data) == b"x" * 3_000_000
    assert result[1] == len(data) and result[3] == 3_000_000


def test_another_rule_takes_a_number_of_its_own(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    put(edited, "a", rank=1)
    put(edited, "b", rank=2)
    publish_site(site)
    config = site.config()
    config.shards = {"all": {"rule": "top", "column": "rank", "count": 1}}
    site.write_config(config)
    (result,) = publish_site(site)
    assert (result.new, result.sequence, edited.sequence()) == (True, 3, 3)
    assert delta_rows(site, 2, 3, tmp_path) == ([], ["a"])


def test_a_shard_that_comes_back_has_no_number_twice(site: Site, edited: Catalogue) -> None:
    put(edited, "a", rank=1)
    put(edited, "b", rank=2)
    publish_site(site)
    config = site.config()
    for shards in ({"other": {"rule": "all"}}, {"all": {"rule": "top", "column": "rank", "count": 1}}):
        config.shards = shards
        site.write_config(config)
        publish_site(site)
    assert manifest(site)["sequence"] == 3
    assert set(targets(site)) == {"all/manifest.json", "all/snapshot-3.sqlite.gz"}


def test_the_manifest_follows_the_catalogue_around_the_shard(site: Site, edited: Catalogue) -> None:
    config = site.config()
    config.shards = {"fruit": {"rule": "category", "values": ["Apple", "Pear"]}}
    site.write_config(config)
    put(edited, "a")
    publish_site(site)
    put(edited, "p1", "p2", category="Plum")
    (result,) = publish_site(site)
    assert (result.new, result.sequence) == (False, 1)
    assert manifest(site, "fruit")["categories"]["Plum"] == {"local": 0, "catalogue": 2}


def test_an_unknown_shard_names_the_known_ones(site: Site) -> None:
    with pytest.raises(CatalogueError, match="all"):
        publish_site(site, ["nope"])


def test_two_publishers_do_not_mix(site: Site, edited: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Publisher(site, edited), Publisher(site, edited)
    second._history._connection.execute("PRAGMA busy_timeout=50")
    with first._history.publishing(), pytest.raises(StoreError, match="other publisher"):
        second.publish()
    first.close()
    second.close()


def test_retired_files_stay_for_a_day(site: Site, edited: Catalogue) -> None:
    now = [1000.0]
    publisher = Publisher(site, edited, clock=lambda: now[0])
    put(edited, "a")
    publisher.publish()
    (old,) = site.targets.glob("all/*snapshot*")
    put(edited, "b")
    publisher.publish()
    (site.targets / ".publishing-killed").mkdir()
    assert publisher.sweep() == 0 and old.exists()
    now[0] += 25 * 3600
    assert publisher.sweep() == 2 and not old.exists()
    assert not list(site.targets.glob(".publishing-*"))
    assert {hashed_path(site.targets, t.name, t.sha256).exists() for t in publisher.targets()} == {True}
    publisher.close()


def test_compaction_keeps_what_deltas_need(site: Site, edited: Catalogue, tmp_path: Path) -> None:
    config = site.config()
    config.retain = 1
    site.write_config(config)
    for step in range(4):
        put(edited, "a", f"p{step}", seed=step)
        publish_site(site)
    publisher = Publisher(site, edited)
    assert publisher.compact() == 6
    edited.apply([Delete("p0")])
    publisher.publish()
    publisher.close()
    assert delta_rows(site, 8, 9, tmp_path) == ([], ["p0"])


class Crash(Exception):
    """Stands in for kill -9 at one point."""


@pytest.mark.parametrize("point", ["store_target", "replace_targets", "save"])
def test_a_crash_while_publishing_leaves_the_old_generation(
    site: Site, edited: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, point: str
) -> None:
    put(edited, "a")
    publish_site(site)
    before = targets(site)
    put(edited, "b")

    def crash(*_: object, **__: object) -> None:
        raise Crash

    where = "targets" if point == "store_target" else "history.History"
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(f"pocketshelf_server.publish.{where}.{point}", crash)
        publish_site(site)
    assert targets(site) == before
    publish_site(site)
    assert delta_rows(site, 1, 2, tmp_path) == (["b"], [])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("attributes", '{"x":' + "[" * 1500 + "]" * 1500 + "}"),
        ("attributes", '{"x":' + "9" * 5000 + "}"),
        ("attributes", '{"x":1' + "0" * 400 + "}"),
        ("attributes", '{"x":NaN}'),
        ("attributes", '{"x":"\\ud800"}'),
        ("title", "x" * 5000),
        ("category", "a\x1bb"),
        ("vectors", b"123"),
    ],
)
def test_what_a_device_would_refuse_is_left_out_and_named(
    site: Site,
    edited: Catalogue,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    column: str,
    value: object,
) -> None:
    """As a catalogue of before the rules may hold it: the rest is published, the product can be mended."""
    put(edited, "a", "bad", "c")
    publish_site(site)
    edited.connection().execute(
        f"UPDATE products SET {column} = ?, sequence = 4 WHERE product_id = 'bad'", (value,)
    )
    edited.take_number("rule")
    (result,) = publish_site(site)
    assert (result.new, result.products) == (True, 2)
    assert list(content(snapshot(site, tmp_path))) == ["a", "c"]
    assert delta_rows(site, 3, 4, tmp_path) == ([], ["bad"])
    assert "product 'bad' is left out" in caplog.text
    put(edited, "bad")
    publish_site(site)
    assert list(content(snapshot(site, tmp_path))) == ["a", "bad", "c"]
    edited.connection().execute(f"UPDATE products SET {column} = ? WHERE product_id = 'bad'", (value,))
    assert edited.apply([Delete("bad")]).deleted == 1


def test_categories_beyond_what_a_manifest_may_hold_are_left_out(
    site: Site, edited: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The small ones: a manifest that no device would read is never signed."""
    put(edited, "a", "b", category="Apple")
    for i in range(4):
        put(edited, f"p{i}", category=f"Single {i}")
    monkeypatch.setattr("pocketshelf.formats.product_rules.MAX_CATEGORIES", 200)
    assert publish_site(site)[0].products == 3
    assert list(content(snapshot(site, tmp_path))) == ["a", "b", "p0"]
    assert manifest(site)["categories"].keys() == {"Apple", "Single 0"}
