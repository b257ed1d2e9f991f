"""The drawn shop that comes with the package: it is what the command draws, and small."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.shipped import shipped
from pocketshelf_training.studio.prepare.samples import prepare

COMMITTED = shipped("samples")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    prepare(folder)
    return folder


def _files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_committed_samples_are_what_the_command_draws(drawn: Path) -> None:
    assert _files(COMMITTED) == _files(drawn)
    for table in ("catalogue.csv", "queries.csv"):
        assert (COMMITTED / table).read_bytes() == (drawn / table).read_bytes()
    for name in _files(drawn):
        if name.endswith(".webp"):
            ours, again = (np.asarray(Image.open(f / name), dtype=int) for f in (COMMITTED, drawn))
            # Other WebP libraries round otherwise.
            assert ours.shape == again.shape and np.abs(ours - again).mean() < 2, name


def test_they_are_small() -> None:
    assert sum((COMMITTED / name).stat().st_size for name in _files(COMMITTED)) < 450_000


def test_products_can_be_told_apart_and_every_photo_shows_one_of_them() -> None:
    products, queries = _rows(COMMITTED / "catalogue.csv"), _rows(COMMITTED / "queries.csv")
    assert list(products[0])[:4] == ["product_id", "title", "category", "image"]
    assert len({row["title"] for row in products}) == len(products) == 60
    assert {row["product_id"] for row in queries} == {row["product_id"] for row in products}
    for row in queries:
        width, height = Image.open(COMMITTED / row["photo"]).size
        x, y, w, h = (int(row[side]) for side in "xywh")
        assert 0 <= x < x + w <= width and 0 <= y < y + h <= height and min(w, h) >= 12


def test_another_seed_draws_another_shop(drawn: Path, tmp_path: Path) -> None:
    prepare(tmp_path, products=4, photos=5, seed=8)
    queries = _rows(tmp_path / "queries.csv")
    assert [row["product_id"] for row in queries] == ["d0000", "d0001", "d0002", "d0003", "d0000"]
    pictures = {(tmp_path / name).read_bytes() for name in _files(tmp_path) if name.endswith(".webp")}
    assert len(pictures) == 9 and not pictures & {path.read_bytes() for path in drawn.rglob("*.webp")}
