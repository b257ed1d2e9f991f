"""Two threads give what one gives, to the last bit: of one photo, of many, and of a frame of a stream."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf import Retriever, SearchResult, build_store
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.shipped import shipped
from pocketshelf.stages.detect import Detector
from pocketshelf.stages.embed import Embedder, Embedding
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.types import Box, Detection, Timings


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


def test_several_callers_of_two_threads_get_what_one_gets(both: list[Retriever], photos: list[Path]) -> None:
    """More callers than there are threads beside them."""
    with ThreadPoolExecutor(4) as callers:
        found = list(callers.map(both[1].search, photos * 3))
    assert lines(found) == lines([both[0].search(photo) for photo in photos]) * 3


def test_a_streams_frames_are_equal(both: list[Retriever], sheet: Image.Image) -> None:
    one, two = (list(retriever.watch([np.asarray(sheet)] * 4, newest=False)) for retriever in both)
    for first, second in zip(one, two, strict=True):
        assert [each.region for each in first.regions] == [each.region for each in second.regions]
    assert sum(view.searched for view in two) > 0


class Noting:
    """An embedder that notes what was embedded, and whether the detector was at work meanwhile."""

    def __init__(self, embedder: Embedder, looking: threading.Event) -> None:
        self._embedder, self._looking = embedder, looking
        self.looks: list[tuple[bool, bool]] = []

    def embed(self, photo: Photo, box: Box | None = None) -> Embedding:
        self.looks.append((box is None, self._looking.wait(30 if box is None else 0)))
        return self._embedder.embed(photo, box)


class Waiting:
    """A detector that says when it looks, and waits for the frame's embedding to begin."""

    def __init__(self, detector: Detector, noting: Noting, looking: threading.Event) -> None:
        self._detector, self._noting, self._looking = detector, noting, looking

    def detect(self, photo: Photo) -> list[Detection]:
        self._looking.set()
        found = self._detector.detect(photo)
        deadline = time.monotonic() + 30
        while not self._noting.looks and time.monotonic() < deadline:
            time.sleep(0.001)
        self._looking.clear()
        return found


def test_the_frame_is_embedded_while_the_detector_looks(trained_bundle: Path, photos: list[Path]) -> None:
    """And once, whatever the boxes make of it."""
    plain = Encoder.open(trained_bundle)
    looking = threading.Event()
    noting = Noting(plain._embedder, looking)
    encoder = Encoder(plain.bundle, noting, Waiting(plain._detector, noting, looking), threads=2)
    found = encoder.encode(photos[0])
    assert noting.looks[0] == (True, True) and sum(frame for frame, _ in noting.looks) == 1
    same = [each.embedding.vector.tobytes() for each in plain.encode(photos[0]).regions]
    assert [each.embedding.vector.tobytes() for each in found.regions] == same


def test_a_halving_that_two_threads_want_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made, plain = [], Image.Image.reduce
    monkeypatch.setattr(
        Image.Image, "reduce", lambda image, by: (made.append(by), time.sleep(0.05), plain(image, by))[2]
    )
    photo = read_photo(np.zeros((900, 1200, 3), np.uint8))
    threads = [threading.Thread(target=photo.thumbnail, args=(250,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [2, 2]
