"""Where the pictures come from: folders, the download (by a stand-in for the network), the samples."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from PIL import Image

from pocketshelf.demo.sources import choice, download
from pocketshelf.demo.sources.choice import Choice, choose_dataset
from pocketshelf.demo.sources.download import DownloadError, fetch_grocery
from pocketshelf.demo.sources.folder import load_folder
from pocketshelf.errors import CatalogueError, Unreachable

PREFIX = download._member("")
PICTURE = "Fruit/Pear/Anjou/Anjou_Iconic.jpg"


def _jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(stream, "JPEG")
    return stream.getvalue()


def _archive(
    photo: str = "Anjou_001.jpg",
    omit: str = "",
    replaced: dict[str, bytes] | None = None,
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    classes = (
        "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int),"
        "Iconic Image Path (str),Product Description Path (str)\n"
        f"Red-Anjou,20,Pear,13,/iconic/{PICTURE},/x.txt\n"
    )
    members = {
        "classes.csv": classes.encode(),
        f"iconic/{PICTURE}": _jpeg(),
        "val.txt": f"val/Fruit/{photo}, 20, 13\n".encode(),
        "test.txt": b"test/Fruit/Anjou_001.jpg, 20, 13\n\n",
        f"val/Fruit/{photo}": _jpeg(),
        "test/Fruit/Anjou_001.jpg": _jpeg(),
        "train/Fruit/Anjou_009.jpg": _jpeg(),
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in {**members, **(replaced or {})}.items():
            if name != omit:
                archive.writestr(PREFIX + name, content)
    return stream.getvalue()


def _content(archive: bytes) -> str:
    """The digest that pins it: of what is taken from it, as ``sha256sum`` would list it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        taken = sorted(name.removeprefix(PREFIX) for name in opened.namelist() if "/train/" not in name)
        lines = [f"{hashlib.sha256(opened.read(PREFIX + name)).hexdigest()}  {name}\n" for name in taken]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class _Network:
    """Answers every request with the same bytes."""

    def __init__(self, content: bytes, announced: int | None = None) -> None:
        self.content, self.requests = content, 0
        self.announced = len(content) if announced is None else announced

    def __call__(self, url: str, headers: dict[str, str], seconds: float) -> Any:
        self.requests += 1
        answer: Any = io.BytesIO(self.content)
        answer.headers = Message()
        answer.headers["Content-Length"] = str(self.announced)
        return answer


def _grocery(folder: Path, photos: int = 9) -> Path:
    grocery = folder / "grocery"
    grocery.mkdir(parents=True)
    (grocery / "products.csv").write_text("product_id,title,category,image\n1,Kiwi,Kiwi,k.jpg\n")
    rows = [f"photos/{i}.jpg,1,{('train', 'val', 'test')[i % 3]}" for i in range(photos)]
    (grocery / "photos.csv").write_text("\n".join(["photo,product_id,split", *rows]) + "\n")
    return folder


def test_queries_are_of_val_and_test_and_the_seed_fixes_the_choice(tmp_path: Path) -> None:
    folder = _grocery(tmp_path, photos=60)
    every = load_folder(folder, None, 7)
    assert len(every.queries) == every.available == 40
    assert not any(int(query.photo.stem) % 3 == 0 for query in every.queries)
    some = [load_folder(folder, 10, seed).queries for seed in (7, 7, 8)]
    assert some[0] == some[1] != some[2] and set(some[0]) < set(every.queries)


def test_examples_are_of_the_validation_parts(tmp_path: Path) -> None:
    folder = _grocery(tmp_path)
    (folder / "clothing").mkdir()
    (folder / "clothing" / "photos.csv").write_text(
        "photo,label,split\na.jpg,Hat,val\nb.jpg,Hat,train\nc.jpg,Not sure,val\n"
    )
    (folder / "street").mkdir()
    coco = {
        "images": [{"id": 4, "file_name": "photos/4.jpg"}],
        "categories": [{"id": 1, "name": "skirt"}, {"id": 2, "name": "bag"}],
        "annotations": [{"image_id": 4, "category_id": 1}, {"image_id": 4, "category_id": 2}],
    }
    (folder / "street" / "instances_val.json").write_text(json.dumps(coco))
    examples = load_folder(folder, 1, 7).examples
    assert [(e.kind, e.label, e.photo.name) for e in examples] == [
        ("street", "bag, skirt", "4.jpg"),
        ("clothing", "Hat", "a.jpg"),
    ]


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_named_folder_without_photos_is_an_error(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POCKETSHELF_DATA", str(tmp_path) if by == "environment" else "")
    asked = Choice(data=str(tmp_path) if by == "option" else None)
    with pytest.raises(CatalogueError, match="grocery/ in it"):
        choose_dataset(asked)


def test_the_option_wins_over_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETSHELF_DATA", str(tmp_path / "nowhere"))
    dataset = choose_dataset(Choice(data=str(_grocery(tmp_path / "here"))))
    assert not dataset.drawn and "--data" in dataset.source


def test_without_photos_and_network_they_are_drawn_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(**_: Any) -> Path:
        raise DownloadError("Name or service not known")

    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)
    monkeypatch.setattr(choice, "fetch_grocery", no_network)
    dataset = choose_dataset(Choice(count=1))
    assert dataset.drawn and "synthetic" in dataset.name
    assert "drawn (synthetic)" in dataset.source and "Name or service not known" in dataset.source
    assert "--offline" in choose_dataset(Choice(offline=True)).source


def test_the_samples_have_known_boxes_and_the_seed_fixes_the_choice() -> None:
    every = choose_dataset(Choice(drawn=True, count=None))
    assert len(every.queries) == every.available == 60
    assert all(query.photo.is_file() and query.box and min(query.box[2:]) > 0 for query in every.queries)
    some = [choose_dataset(Choice(drawn=True, count=9, seed=seed)).queries for seed in (7, 7, 8)]
    assert some[0] == some[1] != some[2] and set(some[0]) < set(every.queries)


@pytest.mark.skipif(sys.platform != "linux", reason="the customs of Linux")
def test_the_cache_is_where_it_always_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert download.cache_folder() == tmp_path / "pocketshelf" / "grocery-store-fc80ba90f803"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert download.cache_folder().parent == tmp_path / ".cache" / "pocketshelf"


def test_the_archive_becomes_a_folder_of_photos_once(tmp_path: Path) -> None:
    network = _Network(_archive())
    told: list[tuple[int, int]] = []
    content = _content(network.content)
    folder = fetch_grocery(
        tmp_path / "cache", lambda done, total: told.append((done, total)), network, content
    )
    assert fetch_grocery(tmp_path / "cache", opener=network) == folder and network.requests == 1
    dataset = load_folder(folder, None, 7)
    assert [query.product_id for query in dataset.queries] == ["20", "20"]
    assert all(Image.open(query.photo).size == (8, 8) for query in dataset.queries)
    assert "Red Anjou,Pear,iconic/Anjou_Iconic.jpg" in dataset.catalogue.read_text()
    assert told[-1] == (network.announced, network.announced)
    assert not list(folder.rglob("*009*"))


@pytest.mark.parametrize(
    "network",
    [
        _Network(b"no archive"),
        _Network(_archive()[:-40], announced=0),
        _Network(_archive(), announced=10**6),
        _Network(_archive(omit="test.txt")),
        _Network(_archive(omit=f"iconic/{PICTURE}")),
        _Network(_archive(photo="..")),
        _Network(_archive(photo="a:b.jpg")),
    ],
    ids=["no zip", "truncated", "cut off", "no table", "no picture", "parent folder", "drive letter"],
)
def test_what_is_not_the_archive_leaves_nothing_behind(network: _Network, tmp_path: Path) -> None:
    with pytest.raises(DownloadError):
        fetch_grocery(tmp_path / "cache", opener=network)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("changed", ["picture", "table", "everything"])
def test_an_archive_that_is_not_the_pinned_one_leaves_nothing_behind(changed: str, tmp_path: Path) -> None:
    pinned, archive = _content(_archive()), _archive()
    if changed == "everything":
        pinned = download.CONTENT_SHA256
    else:
        name = f"iconic/{PICTURE}" if changed == "picture" else "test.txt"
        more = _jpeg() + b"x" if changed == "picture" else b"test/Fruit/Anjou_001.jpg, 21, 13\n"
        archive = _archive(replaced={name: more})
    with pytest.raises(DownloadError, match="pinned"):
        fetch_grocery(tmp_path / "cache", opener=_Network(archive), content=pinned)
    assert list(tmp_path.iterdir()) == []


def test_the_same_content_packed_anew_is_taken(tmp_path: Path) -> None:
    anew = _archive(compression=zipfile.ZIP_DEFLATED)
    assert anew != _archive()
    fetch_grocery(tmp_path / "cache", opener=_Network(anew), content=_content(_archive()))


def test_an_archive_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 MB of zeros in 4 kB, ten times over."""
    monkeypatch.setattr(download, "MAX_UNPACKED_BYTES", 10_000_000)
    zeros = {f"val/Fruit/{i}.jpg": bytes(4_000_000) for i in range(10)}
    table = "".join(f"{name}, 20, 13\n" for name in zeros).encode()
    bomb = _archive(replaced={"val.txt": table, **zeros}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(DownloadError, match="more than 10 MB"):
        fetch_grocery(tmp_path / "cache", opener=_Network(bomb))
    assert list(tmp_path.iterdir()) == []


def test_a_directory_of_millions_of_files_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAX_FILES", 5)
    with pytest.raises(DownloadError, match="names more than 5 files"):
        fetch_grocery(tmp_path / "cache", opener=_Network(_archive()))


def test_a_header_that_lies_about_the_length_gains_nothing(tmp_path: Path) -> None:
    archive = _archive(replaced={f"iconic/{PICTURE}": b"\0" * 6_000_000}, compression=zipfile.ZIP_DEFLATED)
    lying = archive.replace((6_000_000).to_bytes(4, "little"), (6_000).to_bytes(4, "little"))
    assert lying != archive
    with pytest.raises(DownloadError):
        fetch_grocery(tmp_path / "cache", opener=_Network(lying))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("announced", ["-1", "1e9", "9" * 5000, "many"])
def test_an_announced_length_that_is_none_is_ignored(announced: str, tmp_path: Path) -> None:
    network = _Network(_archive(), announced=announced)  # type: ignore[arg-type]
    fetch_grocery(tmp_path / "cache", opener=network, content=_content(network.content))


def test_an_endless_answer_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 100)
    with pytest.raises(DownloadError, match="more than"):
        fetch_grocery(tmp_path / "cache", opener=_Network(_archive()))


def test_an_oversized_member_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MAX_PICTURE_BYTES", 300)
    with pytest.raises(DownloadError, match="too large"):
        fetch_grocery(tmp_path / "cache", opener=_Network(_archive()))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Unreachable(f"{download.URL}: the server cannot be reached (no route)"),
            "the server cannot be reached",
        ),
        (HTTPError(download.URL, 404, "Not Found", Message(), None), "HTTP Error 404: Not Found"),
    ],
)
def test_no_network_is_told_in_words(fault: Exception, words: str, tmp_path: Path) -> None:
    def opener(*_: Any) -> Any:
        raise fault

    with pytest.raises(DownloadError, match=f"^{words}"):
        fetch_grocery(tmp_path / "cache", opener=opener)


def test_a_download_is_announced_before_it_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def fetch(**_: Any) -> Path:
        told.append("begun")
        raise DownloadError("no network")

    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)
    monkeypatch.setattr(choice, "fetch_grocery", fetch)
    monkeypatch.setattr(choice, "is_cached", lambda: False)
    choose_dataset(Choice(count=1), told.append)
    assert told[1] == "begun" and "downloading" in told[0] and "123 MB" in told[0]
    monkeypatch.setattr(choice, "is_cached", lambda: True)
    told.clear()
    choose_dataset(Choice(count=1), told.append)
    assert told == ["begun"]
