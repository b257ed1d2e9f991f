"""Texts read in place are the texts: grouped as Python does it, wherever they lie."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketshelf.formats import Product, ShardMeta
from pocketshelf.formats import placed_texts as texts
from pocketshelf.formats.layout import derive_layout
from pocketshelf.formats.shard import create_shard, open_shard

# No NUL: ids and categories hold no control characters.
TEXTS = st.lists(st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), max_size=20), max_size=60)


def placed(names: list[bytes], after: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(a file's bytes, where each name begins, its length): ``after`` other bytes at the end."""
    joined = b"".join(b"\xff" + name for name in names) + b"\xfe" * after
    sizes = np.array([len(name) for name in names], np.int64)
    return np.frombuffer(joined, np.uint8), np.cumsum(sizes + 1) - sizes, sizes


@given(names=TEXTS, after=st.sampled_from([0, 1, 7, 100]))
def test_texts_are_grouped_as_one_by_one(names: list[str], after: int) -> None:
    encoded = [name.encode() for name in names]
    found = texts.read_texts(*placed(encoded, after))
    assert [row.tobytes().rstrip(b"\0") for row in found] == encoded
    rows, numbers = texts.different_texts(found)
    assert [encoded[rows[number]] for number in numbers] == encoded
    assert len(rows) == len(set(encoded))


def of_one_sum() -> tuple[str, str]:
    """Two names of 16 letters that the sum does not tell apart."""
    chance, mixing = random.Random(4), int(texts._MIXING)
    while True:
        first, second, after = (
            "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=8)).encode() for _ in range(3)
        )
        a, b, c = (int.from_bytes(word, "little") for word in (first, second, after))
        other = ((a - b) * mixing + c) % (1 << 64)
        word = other.to_bytes(8, "little")
        if word.isascii() and word.decode().isprintable():
            return (first + after).decode(), (second + word).decode()


def test_texts_of_one_sum_are_told_apart_one_by_one(tmp_path: Path) -> None:
    names = of_one_sum()
    with pytest.raises(ValueError, match="one sum"):
        texts.different_texts(texts.read_texts(*placed([name.encode() for name in names])))
    rows = [Product(str(n), 1, names[n % 2], "", None, np.ones((1, 16), np.int8)) for n in range(7)]
    create_shard(tmp_path / "s", ShardMeta("s", "p", "b", 1, 16), rows)
    with open_shard(tmp_path / "s") as shard:
        data = np.frombuffer((tmp_path / "s").read_bytes(), np.uint8)
        assert derive_layout(shard, data).counts == {names[0]: 4, names[1]: 3}


@pytest.mark.parametrize("place", [-1, 3])
def test_what_lies_in_pieces_or_leads_out_of_the_file_is_refused(place: int) -> None:
    with pytest.raises(ValueError, match="in place"):
        texts.read_texts(np.zeros(8, np.uint8), np.array([0, place]), np.array([1, 6]))


def test_texts_that_would_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST_BYTES", 100)
    assert len(texts.read_texts(*placed([b"short"] * 12))) == 12
    with pytest.raises(ValueError, match="in place"):
        texts.read_texts(*placed([b"short"] * 12 + [b"a longer one"]))
