"""A layout that is updated is the one that would be derived anew, to the byte."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from test_layout import FORMS, contents, data_of, made

from pocketshelf.formats import DeltaMeta, Product, ShardMeta
from pocketshelf.formats import changed_layout as updates
from pocketshelf.formats.changed_layout import update_layout
from pocketshelf.formats.delta import apply_delta, create_delta
from pocketshelf.formats.layout import Layout, derive_layout
from pocketshelf.formats.shard import create_shard, open_shard


def change(path: Path, dimension: int, upserts: list[Product], gone: list[str], turn: int) -> None:
    delta = path.with_name(f"{turn}.delta")
    create_delta(
        delta, DeltaMeta("s", "p", dimension, turn, turn + 1), upserts, [(name, turn + 1) for name in gone]
    )
    apply_delta(path, delta)


def derived(path: Path) -> tuple[Layout, np.ndarray]:
    data = data_of(path)
    with open_shard(path) as shard:
        return derive_layout(shard, data), data


def updated(path: Path, before: Layout, old: np.ndarray) -> Layout | None:
    with open_shard(path) as shard:
        return update_layout(before, old, shard, data_of(path))


@settings(max_examples=40, deadline=None)
@given(form=FORMS)
def test_an_updated_layout_is_that_derived_anew(form, tmp_path_factory) -> None:
    count, dimension, pictures, text, seed = form
    chance, path = random.Random(seed), tmp_path_factory.mktemp("shards") / "s.sqlite"
    rows = made(chance, count, dimension, pictures, text)
    create_shard(path, ShardMeta("s", "p", "b", 1, dimension), rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(updates, "_MOST", 0)  # However little stayed.
        for turn in (1, 2, 3):
            before, old = derived(path)
            fresh = made(chance, max(1, count // chance.choice([3, 20])), dimension, pictures, text, turn + 1)
            there = {product.product_id for product in fresh}
            gone = [p.product_id for p in rows if p.product_id not in there and chance.random() < 0.1]
            change(path, dimension, fresh, gone, turn)
            found = updated(path, before, old)
            anew, data = derived(path)
            if by_walk(before) and by_walk(anew):
                assert found is not None and found.to_bytes() == anew.to_bytes()
            elif found is not None:
                assert contents(found, data) == contents(anew, data)
                assert found.sample.tolist() == anew.sample.tolist()


def by_walk(layout: Layout) -> bool:
    """Whether not all of it was read by SQL, as texts on several pages are."""
    return len(layout.strays) < len(layout.offsets)


def shelf(path: Path, count: int = 3000, dimension: int = 64) -> tuple[list[Product], Layout, np.ndarray]:
    rows = made(random.Random(7), count, dimension, 2, 40)
    create_shard(path, ShardMeta("s", "p", "b", 1, dimension), rows)
    return rows, *derived(path)


def test_a_category_that_comes_and_one_that_goes_and_a_row_number_given_again(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    rows, _, _ = shelf(path)
    lone = [
        Product(f"a{n}", 2, name, "t", None, rows[0].vectors) for n, name in enumerate(["aa", "mm", "~~"])
    ]
    change(path, 64, lone, [], 1)
    before, old = derived(path)
    assert {"aa", "mm", "~~"} <= before.counts.keys()
    # The last row goes, and its number is another's then.
    other = [Product(f"b{n}", 3, name, "t", None, -rows[n].vectors) for n, name in enumerate(["bb", "aa"])]
    change(path, 64, other, ["a1", "a2"], 2)
    found = updated(path, before, old)
    assert found is not None and found.to_bytes() == derived(path)[0].to_bytes()
    assert "mm" not in found.counts and found.counts["bb"] == 1


def test_few_rows_are_looked_at_for_a_small_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.sqlite"
    rows, before, old = shelf(path)
    change(path, 64, [], [rows[5].product_id], 1)
    seen: list[int] = []
    walk = updates.locate_rows

    def counted(*arguments: object) -> object:
        found = walk(*arguments)  # type: ignore[arg-type]
        seen.append(len(found))
        return found

    monkeypatch.setattr(updates, "locate_rows", counted)
    assert updated(path, before, old) is not None
    assert len(seen) == 2 and max(seen) < 100


def test_where_another_shard_took_its_place_it_is_derived_anew(tmp_path: Path) -> None:
    _, before, old = shelf(tmp_path / "s.sqlite")
    other = tmp_path / "other.sqlite"
    create_shard(other, ShardMeta("s", "p", "b", 1, 64), made(random.Random(8), 3000, 64, 2, 40))
    assert updated(other, before, old) is None
    with open_shard(other) as shard:
        assert update_layout(before, old[: len(old) // 2], shard, data_of(other)) is None
