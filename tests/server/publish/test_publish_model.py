"""Publishing against a model: whatever happened before, every way to the latest generation ends the same."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from published_files import content, manifest, snapshot, unpack
from server_products import SPACE, make_product

from pocketshelf.formats import apply_delta
from pocketshelf_server.catalogue import Catalogue, Delete, Upsert, create_catalogue
from pocketshelf_server.publish import Publisher
from pocketshelf_server.site import Site, SiteConfig

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
