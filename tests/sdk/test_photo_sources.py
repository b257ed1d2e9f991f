"""A photo may be given as whatever a program has it as, and is answered alike; anything else is one line."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections import OrderedDict
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from pocketshelf.catalogue import build_store
from pocketshelf.errors import PhotoError, UsageError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import Photo, decode_photo, read_photo
from pocketshelf.stages.preprocess.containers.profiles import DISPLAY_P3, matrix_profile


@pytest.fixture(scope="module")
def retriever(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Bundle) -> Any:
    folder = tmp_path_factory.mktemp("things")
    for name, (colour, _) in COLOURS.items():
        draw_thing(colour).save(folder / f"{name}.png")
    rows = [f"{name},{name},{category},{name}.png" for name, (_, category) in COLOURS.items()]
    (folder / "catalogue.csv").write_text("\n".join(["product_id,title,category,image", *rows]))
    build_store(folder / "catalogue.csv", folder / "store", bundle=fake_bundle)
    with Retriever.open(folder / "store", fake_bundle) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    draw_thing(COLOURS["red"][0]).save(tmp_path / "red.png")
    return tmp_path / "red.png"


class PathLike:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


class Upload:
    """What a web framework hands on: something to read from, and no file."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def read(self, count: int = -1) -> bytes:
        return self.stream.read(count)


def opened(path: Path) -> io.BufferedReader:
    return path.open("rb")


def pixels(path: Path, mode: str = "RGB") -> np.ndarray:
    return np.asarray(Image.open(path).convert(mode))


def read_only(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.setflags(write=False)
    return array


SAME = {
    "path": Path,
    "text": str,
    "path-like": PathLike,
    "bytes": Path.read_bytes,
    "bytearray": lambda path: bytearray(path.read_bytes()),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "part of a memoryview": lambda path: memoryview(b"12" + path.read_bytes() + b"3")[2:-1],
    "open file": opened,
    "buffer": lambda path: io.BytesIO(path.read_bytes()),
    "upload": lambda path: Upload(path.read_bytes()),
    "image": lambda path: Image.open(path).copy(),
    "image not loaded": Image.open,
    "image with alpha": lambda path: Image.open(path).convert("RGBA"),
    "array": pixels,
    "array with alpha": lambda path: pixels(path, "RGBA"),
    "array that is read-only": lambda path: read_only(pixels(path)),
    "array in another order": lambda path: np.asfortranarray(pixels(path)),
    "array of BGR turned to RGB": lambda path: np.ascontiguousarray(pixels(path)[..., ::-1])[..., ::-1],
    "part of an array": lambda path: np.pad(pixels(path), ((3, 3), (5, 5), (0, 0)))[3:-3, 5:-5],
    "photo": decode_photo,
}


@pytest.mark.parametrize("kind", SAME)
def test_every_kind_of_source_gives_the_same_answer(kind: str, retriever: Retriever, path: Path) -> None:
    wanted = retriever.search(path)
    found = retriever.search(SAME[kind](path))
    assert found.regions == wanted.regions and (found.width, found.height) == (wanted.width, wanted.height)
    assert found.regions[0].hits[0].product_id == "red"  # type: ignore[index]
    assert found.photo == (str(path) if kind in ("path", "text", "path-like") else "photo")


def test_an_array_is_red_green_blue(retriever: Retriever, path: Path) -> None:
    def first(array: np.ndarray) -> str:
        return str(retriever.search(array).regions[0].hits[0].product_id)  # type: ignore[index]

    assert first(pixels(path)) == "red" and first(pixels(path)[..., ::-1]) == "blue"


def test_grey_arrays(path: Path) -> None:
    grey = pixels(path, "L")
    assert np.array_equal(read_photo(grey).pixels, np.stack([grey] * 3, axis=-1))


def test_an_array_lies_upon_white_where_it_is_transparent() -> None:
    array = np.zeros((6, 6, 4), np.uint8)
    assert (read_photo(array).pixels == 255).all()


def test_a_large_array_is_brought_to_the_working_size() -> None:
    photo = read_photo(np.full((3000, 4000, 3), 77, np.uint8))
    assert (photo.width, photo.height) == (4000, 3000) and photo.pixels.shape == (750, 1000, 3)


def test_an_image_is_turned_and_its_colours_are_converted_and_it_stays_as_it_is() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stream = io.BytesIO()
    image = Image.new("RGB", (60, 40), (160, 90, 120))
    image.save(stream, "PNG", exif=exif, icc_profile=matrix_profile("P3", DISPLAY_P3))
    given = Image.open(stream)
    photo, decoded = read_photo(given), decode_photo(stream.getvalue())
    assert (photo.width, photo.height) == (40, 60) and np.array_equal(photo.pixels, decoded.pixels)
    assert photo.pixels[0, 0].tolist() != [160, 90, 120]
    assert (
        given.size == (60, 40) and given.getpixel((0, 0)) == (160, 90, 120) and given.getexif()[0x0112] == 6
    )


@pytest.mark.parametrize(
    "mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "I", "F"]
)
def test_images_of_every_mode(mode: str) -> None:
    assert read_photo(Image.new(mode, (20, 10))).pixels.shape == (10, 20, 3)


def test_a_file_is_read_from_where_it_stands(path: Path) -> None:
    stream = io.BytesIO(b"header" + path.read_bytes())
    stream.seek(6)
    assert read_photo(stream).width == 160


NOTHING = {
    "None": None,
    "a number": 3,
    "a list": [1, 2],
    "a tuple of paths": ("a.jpg",),
    "a dictionary": OrderedDict(a=1),
    "a pure path's class": PurePosixPath,
    "text from a file": io.StringIO("x"),
    "a file of texts": type("Texts", (), {"read": lambda self, count: "text"})(),
    "floats": np.zeros((8, 8, 3), np.float32),
    "two channels": np.zeros((8, 8, 2), np.uint8),
    "channels first": np.zeros((3, 8, 8), np.uint8),
    "a batch": np.zeros((1, 8, 8, 3), np.uint8),
    "a row": np.zeros(8, np.uint8),
    "words": np.zeros((8, 8), np.uint16),
}


@pytest.mark.parametrize("name", NOTHING)
def test_anything_else_is_a_type_error_of_one_short_line(name: str, retriever: Retriever) -> None:
    for call in (retriever.search, retriever.encoder.encode, retriever.encoder.embed):
        with pytest.raises(TypeError) as caught:
            call(NOTHING[name])
        message = str(caught.value)
        assert message.startswith("a photo") and "\n" not in message and len(message) < 130


@pytest.mark.parametrize(
    "source", [b"", bytearray(), io.BytesIO(), np.zeros((0, 8, 3), np.uint8), Image.new("RGB", (0, 0))]
)
def test_nothing_at_all_is_a_photo_error(source: Any) -> None:
    with pytest.raises(PhotoError, match=r"^photo: "):
        read_photo(source)


def test_a_closed_file_and_a_damaged_image_are_photo_errors(path: Path) -> None:
    file = opened(path)
    file.close()
    cut = Image.open(io.BytesIO(path.read_bytes()[:200]))
    for source in (file, cut):
        with pytest.raises(PhotoError, match=r"^photo: ") as caught:
            read_photo(source)
        assert "\n" not in str(caught.value)


def test_a_file_without_end_is_not_read_to_it() -> None:
    class Endless:
        asked = 0

        def read(self, count: int) -> bytes:
            Endless.asked = count
            return bytes(count)

    with pytest.raises(PhotoError, match="larger than 256 MB"):
        read_photo(Endless())
    assert Endless.asked == 256_000_001


# Many.


def test_many_photos_keep_their_order_and_a_bad_one_its_place(retriever: Retriever, path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    photos = [path, b"no picture", pixels(path), path.with_name("gone.jpg")]
    found = retriever.search_many(photos, lambda done, total: seen.append((done, total)), top_k=1)
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [isinstance(each, PhotoError) for each in found] == [False, True, False, True]
    assert found[0].regions == found[2].regions == retriever.search(path, top_k=1).regions  # type: ignore[union-attr]


def test_many_photos_from_a_generator(retriever: Retriever, path: Path) -> None:
    seen: list[int | None] = []
    assert len(retriever.search_many((path for _ in range(3)), lambda _, total: seen.append(total))) == 3
    assert seen == [None] * 3 and retriever.search_many([]) == []


def test_many_photos_end_at_a_wrong_call(retriever: Retriever, path: Path) -> None:
    with pytest.raises(UsageError):
        retriever.search_many([path], category="nothing here")
    with pytest.raises(TypeError, match="a photo is"):
        retriever.search_many([path, None])  # type: ignore[list-item]


def test_one_photo_is_not_taken_for_many(retriever: Retriever, path: Path) -> None:
    """A path's letters, a file's lines and a picture's rows were read as photos of their own."""
    with path.open("rb") as file:
        for one in (str(path), path, path.read_bytes(), pixels(path), pixels(path)[..., 0], file, None, 3):
            with pytest.raises(TypeError, match="photos are a list of them"):
                retriever.search_many(one)  # type: ignore[arg-type]
            with pytest.raises(TypeError, match="photos are a list of them"):
                list(retriever.watch(one))  # type: ignore[arg-type]
    assert len(retriever.search_many(np.stack([pixels(path)] * 2))) == 2


def test_progress_may_end_a_batch(retriever: Retriever, path: Path) -> None:
    def stop(done: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retriever.search_many([path] * 5, stop)


# asyncio.


def test_searching_from_asyncio_leaves_the_loop_free(retriever: Retriever, path: Path) -> None:
    """A search runs in a thread; others may wait for theirs meanwhile, and the loop goes on turning."""
    wanted = retriever.search(path).regions
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    async def main() -> list[Any]:
        turning = asyncio.create_task(turn())
        found = await asyncio.gather(*(asyncio.to_thread(retriever.search, path) for _ in range(16)))
        turning.cancel()
        return found

    assert all(result.regions == wanted for result in asyncio.run(main())) and turns > 2


def test_a_cancelled_search_from_asyncio_leaves_the_retriever_usable(
    retriever: Retriever, path: Path
) -> None:
    began = threading.Event()

    def slow_photo() -> Photo:
        began.set()
        time.sleep(0.1)
        return decode_photo(path)

    async def main() -> None:
        task = asyncio.create_task(asyncio.to_thread(lambda: retriever.search(slow_photo())))
        await asyncio.to_thread(began.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert retriever.search(path).regions[0].hits
