"""Publishing: what a device at any retained generation gets, and that the same input gives the same bytes."""

from __future__ import annotations

import gzip
import itertools
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server_products import SPACE, make_product

from pocketshelf.errors import CatalogueError, StoreError
from pocketshelf.formats import Product, apply_delta, open_delta, open_shard
from pocketshelf.sync.manifest import parse_manifest
from pocketshelf_server.catalogue import Catalogue, Delete, Upsert, create_catalogue, open_catalogue
from pocketshelf_server.publish import Publisher, publish_site
from pocketshelf_server.publish.files import gzip_deterministic, hashed_path
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import PublishedTarget

Content = dict[str, tuple]


@pytest.fixture
def edited(site: Site) -> Iterator[Catalogue]:
    """The catalogue of the fixture ``site``."""
    catalogue = open_catalogue(site)
    yield catalogue
    catalogue.close()


def targets(site: Site) -> dict[str, PublishedTarget]:
    catalogue = open_catalogue(site)
    publisher = Publisher(site, catalogue)
    found = {target.name: target for target in publisher.targets()}
    publisher.close()
    catalogue.close()
    return found


def read(site: Site, name: str) -> bytes:
    target = targets(site)[name]
    data = hashed_path(site.targets, name, target.sha256).read_bytes()
    assert len(data) == target.length
    return data


def unpack(site: Site, name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name.replace("/", "-").removesuffix(".gz")
    path.write_bytes(gzip.decompress(read(site, name)))
    return path


def manifest(site: Site, shard: str = "all") -> dict:
    data = read(site, f"{shard}/manifest.json")
    assert parse_manifest(data).shard == shard
    return json.loads(data)


def content(path: Path) -> Content:
    """Everything that a shard holds, in comparable form."""
    with open_shard(path) as shard:
        shard.check()
        return {product.product_id: comparable(product) for product in shard}


def comparable(p: Product) -> tuple:
    return (
        p.sequence,
        p.category,
        p.title,
        p.image,
        json.dumps(p.attributes, sort_keys=True),
        p.vectors.tobytes(),
    )


def snapshot(site: Site, folder: Path, shard: str = "all") -> Path:
    return unpack(site, manifest(site, shard)["snapshot"]["target"], folder)


def put(catalogue: Catalogue, *product_ids: str, seed: int = 0, **more: object) -> None:
    catalogue.apply([Upsert(make_product(key, seed, **more)) for key in product_ids])  # type: ignore[arg-type]


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


def delta_rows(site: Site, base: int, to: int, folder: Path, shard: str = "all") -> tuple[list, list]:
    with open_delta(unpack(site, f"{shard}/delta-{base}-{to}.sqlite.gz", folder)) as delta:
        delta.check()
        return [p.product_id for p in delta.products()], [key for key, _ in delta.tombstones()]


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
    config.shards = {"fruit": RULES["fruit"]}
    site.write_config(config)
    put(edited, "a")
    publish_site(site)
    put(edited, "p1", "p2", category="Plum")
    (result,) = publish_site(site)
    assert (result.new, result.sequence) == (False, 1)
    assert manifest(site, "fruit")["categories"]["Plum"] == {"local": 0, "catalogue": 2}


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


KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), KEYS, st.integers(0, 5)),
        st.tuples(st.just("delete"), KEYS, st.just(0)),
        st.tuples(st.sampled_from(["publish", "compact"]), st.just(""), st.just(0)),
        st.tuples(st.just("rule"), st.just(""), st.integers(1, 3)),
    ),
    min_size=4,
    max_size=24,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
@given(steps=STEPS)
def test_every_way_to_the_latest_generation_ends_the_same(
    steps: list[tuple], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any changes, rules, compactions: from every retained base, directly or step by step, the same shard."""
    folder = tmp_path_factory.mktemp("model")
    shards = {"all": {"rule": "top", "column": "rank", "count": 3}}
    site = Site.create(folder / "site", SiteConfig(retain=3, shards=shards))
    catalogue = create_catalogue(site, SPACE)
    devices: dict[int, Path] = {}
    for kind, key, number in [*steps, ("publish", "", 0)]:
        if kind == "put":
            catalogue.apply([Upsert(make_product(key, number, rank=number))])
        elif kind == "delete":
            catalogue.apply([Delete(key)])
        elif kind == "rule":
            config = site.config()
            config.shards = {"all": {"rule": "top", "column": "rank", "count": number}}
            site.write_config(config)
        else:
            publisher = Publisher(site, catalogue)
            publisher.compact() if kind == "compact" else publisher.publish()
            publisher.close()
            if kind == "publish":
                check_generation(site, catalogue, folder, devices)
    catalogue.close()


def check_generation(site: Site, catalogue: Catalogue, folder: Path, devices: dict[int, Path]) -> None:
    """Bring every device that has a delta to the latest generation; then add one that is there."""
    found = manifest(site)
    latest, truth = found["sequence"], snapshot(site, folder / "fresh")
    expected = content(truth)
    ranked = sorted((-e.attributes["rank"], e.product_id) for e in entries(catalogue))
    count = site.config().shards["all"]["count"]
    assert set(expected) == {key for _, key in ranked[:count]}
    edges = {(d["from"], d["to"]): d["target"] for d in found["deltas"]}
    for base, path in devices.items():
        if base == latest or base < found["oldest_delta"]:
            continue
        steps = sorted({s for s in devices if base <= s} | {latest})
        for way in ([base, latest], steps):
            device = Path(shutil.copy(path, folder / "device.sqlite"))
            for edge in itertools.pairwise(way):
                apply_delta(device, unpack(site, edges[edge], folder))
            assert content(device) == expected, way
    devices[latest] = Path(shutil.copy(truth, folder / f"device-{latest}.sqlite"))


def entries(catalogue: Catalogue) -> list:
    with catalogue.reading() as view:
        return list(view.entries())
