"""Stanford Mobile Visual Search and LookBench, on drawn files in their own formats."""

import io
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf_training.data import lookbench, stanford_mobile_visual_search
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


def covers(root: Path) -> Path:
    for name in ("book_covers/Reference/001.jpg", "book_covers/Reference/002.jpg"):
        picture(root / name)
    for name in ("book_covers/Canon/001.jpg", "book_covers/E63/002.JPG", "print/print/Query/001.jpg"):
        picture(root / name)
    picture(root / "print/print/Reference/001.jpg")
    (root / "book_covers/Canon/Thumbs.db").write_bytes(b"windows")
    (root / "book_covers/Canon/._001.jpg").write_bytes(b"an archiver's")
    return root


def test_equal_names_are_the_same_thing_within_a_category(tmp_path: Path) -> None:
    samples = stanford_mobile_visual_search.load(covers(tmp_path))
    asked = [(s.identity, s.attributes["camera"]) for s in samples if s.domain == "street"]
    assert asked == [("book_covers/001", "Canon"), ("book_covers/002", "E63"), ("print/001", "Query")]
    assert sorted(s.identity or "" for s in samples if s.domain == "shop") == [
        "book_covers/001",
        "book_covers/002",
        "print/001",
    ]
    assert {s.split for s in samples} == {"test"}


def test_one_category_alone_is_read(tmp_path: Path) -> None:
    samples = stanford_mobile_visual_search.load(covers(tmp_path) / "book_covers")
    assert {s.category for s in samples} == {"book_covers"} and len(samples) == 4


def test_a_folder_that_is_no_such_set_and_a_photo_without_reference(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"no Reference folder in any of book_covers, .*name the folder"):
        stanford_mobile_visual_search.load(tmp_path)
    picture(covers(tmp_path) / "book_covers/Palm/009.jpg")
    with pytest.raises(DataDamaged, match=r"Palm/009\.jpg: Reference has no picture of that name"):
        stanford_mobile_visual_search.load(tmp_path)


def encoded(format: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, format)
    return stream.getvalue()


def table(path: Path, *rows: dict) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(arrow.Table.from_pylist(list(rows)), path)


def row(item: str, format: str = "JPEG", **more: object) -> dict:
    image = {"bytes": encoded(format), "path": None}
    return {"image": image, "item_ID": item, "category": "top", "main_attribute": "red", **more}


def subset(root: Path) -> Path:
    folder = root / "v20251201" / "real_streetlook"
    table(folder / "query.parquet", row("7", difficulty="hard"))
    table(folder / "gallery.parquet", row("7"), row("8", "PNG"))
    table(folder.parent / "noise" / "gallery.parquet", row("7"))
    return folder


def test_lookbench_s_pictures_come_out_of_its_tables(tmp_path: Path) -> None:
    folder = subset(tmp_path)
    query, *gallery = lookbench.load(folder)
    assert (query.domain, query.identity, query.category) == ("street", "7", "top")
    assert query.attributes == {"main_attribute": "red", "difficulty": "hard"}
    assert [s.identity for s in gallery] == ["7", "8", "noise/7"], "noise is no item's picture"
    assert gallery[1].image == folder / "pictures/gallery/000001.png"
    assert query.image.read_bytes() == encoded("JPEG")
    written = query.image.stat().st_mtime_ns
    assert len(lookbench.load(folder, noise=False)) == 3
    assert query.image.stat().st_mtime_ns == written, "it is written once"


def test_lookbench_s_faults_are_named(tmp_path: Path) -> None:
    folder = subset(tmp_path)
    with pytest.raises(DataMissing, match="name one subset's folder, such as …/real_studio_flat"):
        lookbench.load(folder.parent)
    table(folder / "query.parquet", {"image": b"", "item_ID": "7", "category": "top"})
    with pytest.raises(DataDamaged, match=r"query\.parquet: row 0 has no picture"):
        lookbench.load(folder)
    table(folder / "query.parquet", {"image": encoded("JPEG"), "category": "top"})
    with pytest.raises(DataDamaged, match="no column item_ID; there are image, category"):
        lookbench.load(folder)
    (folder / "query.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(DataDamaged, match="not a table that can be read"):
        lookbench.load(folder)
