"""Cells and feeds on which a reader would work for hours: the time grows with their length alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pocketshelf.catalogue.exports.columns import plain_text
from pocketshelf.catalogue.pictures import picture_names
from pocketshelf.catalogue.xml_feed import read_xml_feed

MOST_SECONDS = 10.0


@contextmanager
def quickly() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < MOST_SECONDS


@pytest.mark.parametrize("between", [" ", ", ", "\t|", " http://a"])
def test_a_cell_of_blanks_between_addresses(between: str) -> None:
    with quickly():
        assert picture_names(f"https://a.example/1.jpg{between * 50_000}b")[0].startswith(
            "https://a.example/1.jpg"
        )


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("http://a/1 , http://a/2|https://a/3", ("http://a/1", "http://a/2", "https://a/3")),
        ("http://a/1,2.jpg\thttp://a/b;c", ("http://a/1,2.jpg", "http://a/b;c")),
        ("http://a/x?u=http://b/y.jpg", ("http://a/x?u=http://b/y.jpg",)),
    ],
)
def test_addresses_are_parted_as_ever(cell: str, names: tuple[str, ...]) -> None:
    assert picture_names(cell) == names


@pytest.mark.parametrize(
    "part", ["<a", "<!--", "<!-- >", "<![", "<a b='", "</a", "&a", "<script></", "<a b=\">'"]
)
def test_a_description_of_markup_that_is_never_closed(part: str) -> None:
    with quickly():
        plain_text("Soft<b>ly</b>" + part * (400_000 // len(part)))


def test_a_feed_whose_one_text_comes_in_millions_of_pieces(tmp_path: Path) -> None:
    feed = b"<rss><channel><item><id>1</id><title>" + b"a\n" * 4_000_000 + b"</title></item></channel></rss>"
    with quickly():
        (record,) = read_xml_feed(feed, tmp_path / "feed.xml").records
    assert len(record.cells["title"]) == 8_000_000 - 1
