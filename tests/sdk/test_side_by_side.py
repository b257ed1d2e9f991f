"""Two threads give what one gives, to the last bit: of one photo, of many, and of a frame of a stream."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf import Retriever, SearchResult, build_store
from pocketshelf.errors import PhotoError
from pocketshelf.shipped import shipped
from pocketshelf.types import Timings


@pytest.fixture(scope="module")
def photos() -> list[Path]:
    """Drawn photos that come with the package."""
    return sorted(shipped("samples").glob("street/*"))[:6]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Iterator[list[Retriever]]:
    """The same store, with one thread and with two."""
    folder = tmp_path_factory.mktemp("side")
    rows = (shipped("samples") / "catalogue.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "catalogue.csv").write_text("".join(rows[:30]), encoding="utf-8")
    store = folder / "store"
    build_store(folder / "catalogue.csv", store, images=shipped("samples"), bundle=trained_bundle)
    retrievers = [Retriever.open(store, trained_bundle, threads) for threads in (1, 2)]
    yield retrievers
    for retriever in retrievers:
        retriever.close()


def lines(results: list[SearchResult | PhotoError]) -> list[str]:
    """All that results say, but for their times; vectors bit for bit."""
    said = []
    for result in results:
        if isinstance(result, PhotoError):
            said.append(str(result))
            continue
        untimed = dataclasses.replace(result, ms=Timings())
        said.append(f"{untimed.to_json()} {[region.vector.tobytes() for region in untimed.regions]}")
    return said


@pytest.mark.parametrize("whole", [False, True])
def test_answers_are_equal(both: list[Retriever], photos: list[Path], whole: bool) -> None:
    one, two = (lines([r.search(photo, whole=whole) for photo in photos]) for r in both)
    assert one == two and len(set(one)) == len(photos)


@pytest.fixture
def sheet(photos: list[Path]) -> Image.Image:
    """Four photos as one."""
    sheet = Image.new("RGB", (1200, 1200), "white")
    for number, path in enumerate(photos[:4]):
        with Image.open(path) as image:
            small = image.convert("RGB").resize((560, 560))
        sheet.paste(small, (600 * (number % 2) + 20, 600 * (number // 2) + 20))
    return sheet


def test_several_things_of_a_photo_are_equal(both: list[Retriever], sheet: Image.Image) -> None:
    """Whose regions are embedded at once."""
    results = [retriever.search(sheet) for retriever in both]
    assert lines([results[0]]) == lines([results[1]]) and len(results[0].regions) > 1
    assert results[1].quality == results[0].quality is not None


def test_many_photos_are_equal_and_in_order(both: list[Retriever], photos: list[Path]) -> None:
    """One of them cannot be read."""
    given = [*photos, b"no photo", *photos[:2]]
    done: list[tuple[int, int | None]] = []
    one, two = (r.search_many(given, lambda n, of: done.append((n, of)), top_k=3) for r in both)
    assert lines(one) == lines(two) and isinstance(two[len(photos)], PhotoError)
    assert done == [(number + 1, len(given)) for number in range(len(given))] * 2


def test_a_streams_frames_are_equal(both: list[Retriever], sheet: Image.Image) -> None:
    one, two = (list(retriever.watch([np.asarray(sheet)] * 4, newest=False)) for retriever in both)
    for first, second in zip(one, two, strict=True):
        assert [each.region for each in first.regions] == [each.region for each in second.regions]
    assert sum(view.searched for view in two) > 0
