"""Texts of many rows by whole arrays: read in place and grouped without an object for each.

`pocketshelf.formats.sqlite_pages` says where they lie. What does not fit here, since a text is long or lies
on several pages, is a ValueError: the caller takes the texts one by one, or asks SQL.
"""

from __future__ import annotations

import numpy as np

__all__ = ["different_texts", "read_texts"]

# Texts are padded to the longest of them; together they take no more.
_MOST_BYTES = 64_000_000
_WORD = 8
# By how many bytes of a word are the text's.
_MASKS = np.array([(1 << 8 * count) - 1 for count in range(_WORD + 1)], "<u8")
# Odd, so that no bit of a word is lost by it; the golden ratio's, after Knuth (TAOCP 3, 6.4).
_MIXING = np.uint64(0x9E3779B97F4A7C15)


def read_texts(data: np.ndarray, begins: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Texts of a file's bytes (uint8), padded with zeros to the longest: little-endian uint64 (n, words).

    Raises:
        ValueError: they are too long for that, or one lies in pieces (its place is -1) or out of the file.
    """
    words = max(-(-int(sizes.max(initial=1)) // _WORD), 1)
    length = words * _WORD
    if len(begins) * length > _MOST_BYTES or (begins < 0).any() or (begins + sizes > len(data)).any():
        raise ValueError("texts that cannot be read in place")
    texts = np.zeros((len(begins), words), "<u8")
    # What follows a text is read with it, where the file goes on.
    whole = begins + length <= len(data)
    if whole.any():
        kind = np.dtype((np.void, length))
        anywhere = np.ndarray((len(data) - length + 1,), kind, data, 0, (1,))
        texts.view(kind).reshape(-1)[whole] = anywhere[begins[whole]]
    for row in np.flatnonzero(~whole).tolist():
        begin = int(begins[row])
        texts[row].view(np.uint8)[: sizes[row]] = data[begin : begin + int(sizes[row])]
    texts &= _MASKS[np.clip(sizes[:, None] - _WORD * np.arange(words), 0, _WORD)]
    return texts


def different_texts(texts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a row of each different text, of each row the number of its text among them).

    Raises:
        ValueError: two texts look alike to the sum that they are sorted by.
    """
    mixed = texts[:, 0].copy()
    for column in range(1, texts.shape[1]):
        mixed = mixed * _MIXING + texts[:, column]
    sums, numbers = np.unique(mixed, return_inverse=True)
    rows = np.empty(len(sums), np.int64)
    rows[numbers] = np.arange(len(texts))
    if (texts[rows[numbers]] != texts).any():
        raise ValueError("texts of one sum")
    return rows, numbers
