"""The generations of a store under an open retriever: matched, taken up, outlived, damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from drawn_things import photo_of
from fake_models import make_bundle
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.errors import SpaceMismatch, StoreError
from pocketshelf.formats import Bundle
from pocketshelf.store import Store


def test_stores_and_bundles_that_do_not_match_are_refused(store: Path, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "other", space="other-space")
    with pytest.raises(SpaceMismatch, match="build or sync the store again"):
        Retriever.open(store, other)
    with pytest.raises(StoreError, match="no store here"):
        Retriever.open(tmp_path / "nowhere", other)


def test_an_open_retriever_outlives_a_new_generation(
    retriever: Retriever, store: Path, shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    for _ in range(3):
        build_store(shop / "catalogue.csv", store, bundle=fake_bundle)
    assert not retriever.store.is_current()
    assert retriever.search(photo_of(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_reload_takes_up_the_new_generation(
    retriever: Retriever, store: Path, shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    assert not retriever.reload()
    catalogue = (shop / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    (shop / "fewer.csv").write_text("\n".join(line for line in catalogue if not line.startswith("red,")))
    build_store(shop / "fewer.csv", store, bundle=fake_bundle)
    assert retriever.search(photo_of(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]
    assert retriever.reload()
    assert retriever.store.is_current()
    hits = retriever.search(photo_of(tmp_path)).regions[0].hits
    assert hits and "red" not in {hit.product_id for hit in hits}


def test_reload_takes_up_a_store_that_was_removed_and_made_again(
    retriever: Retriever, store: Path, shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    """Its generation has the name of the old one's."""
    shutil.rmtree(store)
    catalogue = (shop / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    (shop / "fewer.csv").write_text("\n".join(line for line in catalogue if not line.startswith("red,")))
    build_store(shop / "fewer.csv", store, bundle=fake_bundle)
    assert not retriever.store.is_current()
    assert retriever.reload() and not retriever.reload()
    hits = retriever.search(photo_of(tmp_path)).regions[0].hits
    assert hits and "red" not in {hit.product_id for hit in hits}


def test_a_generation_of_other_models_is_not_taken_up(
    retriever: Retriever, store: Path, shop: Path, tmp_path: Path
) -> None:
    build_store(shop / "catalogue.csv", store, bundle=make_bundle(tmp_path / "other", space="other-space"))
    with pytest.raises(SpaceMismatch):
        retriever.reload()
    assert retriever.search(photo_of(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_a_shard_that_is_damaged_behind_its_schema_is_one_clear_error(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    opened = Store.open(store)
    path = opened.shard.path
    opened.close()
    shutil.copy(path, tmp_path / "copy")
    content = bytearray(path.read_bytes())
    for start in range(8192, len(content)):
        content[start] = 0xA5
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught, Retriever.open(store, fake_bundle) as damaged:
        damaged.search(photo_of(tmp_path), category="all")
    assert "shard.sqlite" in str(caught.value) and "\n" not in str(caught.value)
