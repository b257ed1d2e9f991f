"""A folder with texts beside its pictures, searched by words in several languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.errors import PhotoError, UsageError
from pocketshelf_training.mine.categories.search.folder import FolderSource
from pocketshelf_training.mine.categories.search.source import Found

TEXTS = {
    "a.jpg": "Red leather shoes, red laces",
    "b/b.png": "red shoes",
    "b/c.jpg": "A shoe rack for many pairs of boots and everything else that stands about in a hall",
    "d.jpg": "红色连衣裙，夏天",
    "e.jpg": "Schöne Schuhe für Kinder",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TEXTS.items():
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8)).save(path)
        path.with_suffix(".txt").write_text(text, encoding="utf-8")
    Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / "untold.jpg")
    return tmp_path / "pictures"


def names(source: FolderSource, text: str, most: int = 10) -> list[str]:
    return [found.address for found in source.search(text, most)]


def test_all_words_must_be_there_and_the_shorter_text_is_first(folder: Path) -> None:
    source = FolderSource(folder)
    assert (source.pictures, source.texts) == (6, 5)
    assert names(source, "shoes red") == ["b/b.png", "a.jpg"]
    assert names(source, "red shoes", 1) == ["b/b.png"]
    assert names(source, "Leather SHOES") == ["a.jpg"]
    assert names(source, "green shoes") == []


def test_a_beginning_counts_where_the_word_is_not_there(folder: Path) -> None:
    assert names(FolderSource(folder), "boot") == ["b/c.jpg"]


def test_other_languages(folder: Path) -> None:
    source = FolderSource(folder)
    assert names(source, "连衣裙") == ["d.jpg"] and names(source, "衣连") == []
    assert names(source, "schone schuhe") == ["e.jpg"] == names(source, "SCHÖNE")


@pytest.mark.parametrize(
    "text", ['"', "shoes AND (", "NEAR(red shoes)", "*", "col:red", "-", "'; DROP TABLE texts"]
)
def test_what_means_something_to_the_index_is_a_word(folder: Path, text: str) -> None:
    assert set(names(FolderSource(folder), text)) <= set(TEXTS)


def test_json_beside_a_picture_says_all_its_strings(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    said = {"title": "Blue hat", "tags": ["wool", {"more": "winter"}], "price": 5}
    (tmp_path / "a.jpg.json").write_text(json.dumps(said))
    assert names(FolderSource(tmp_path), "winter hat") == ["a.jpg"]


def test_broken_json_and_no_texts_at_all(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(UsageError, match=r"1 picture, none with a text beside it; write what a.jpg shows"):
        FolderSource(tmp_path)
    with pytest.raises(UsageError, match="no such folder"):
        FolderSource(tmp_path / "none")


def test_a_picture_that_has_gone_is_a_bad_one(folder: Path) -> None:
    source = FolderSource(folder)
    assert source.fetch(Found("a.jpg")) == folder / "a.jpg"
    (folder / "a.jpg").unlink()
    with pytest.raises(PhotoError, match="not there any more"):
        source.fetch(Found("a.jpg"))
