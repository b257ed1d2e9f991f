"""Which products' features a photo's features are like, without comparing all with all.

Some of the shelf's descriptors stand for their neighbourhoods ("words", an inverted file: Sivic and
Zisserman, ICCV 2003); a photo's feature is compared with the features of the nearest words alone.
"""

from __future__ import annotations

import numpy as np

from pocketshelf.formats.features import DESCRIPTOR_BYTES, MOST_WORDS

__all__ = ["Inverted", "assigned", "chosen_words"]

PROBES = 6
# Farther apart than so many of 256 bits, two features are of different corners.
NEAR_BITS = 64
# A photo's feature may be compared with so many of the shelf's: a bomb of equal features costs no more.
MOST_PAIRS = 4_000_000
_CHUNK = 1 << 22


def chosen_words(descriptors: np.ndarray) -> np.ndarray:
    """uint8 (w, 32): about twice the square root of their number, drawn from ``descriptors``."""
    if not len(descriptors):
        return np.zeros((0, DESCRIPTOR_BYTES), np.uint8)
    wanted = min(MOST_WORDS, 1 << int(np.ceil(np.log2(2 * np.sqrt(len(descriptors))))), len(descriptors))
    places = np.random.default_rng(1).choice(len(descriptors), wanted, replace=False)
    return np.unique(descriptors[np.sort(places)], axis=0)


def assigned(descriptors: np.ndarray, words: np.ndarray, probes: int) -> np.ndarray:
    """int64 (n, probes): the nearest words of each, nearest first; of several as near the first."""
    probes = min(probes, len(words))
    found = []
    step = max(1, _CHUNK // max(1, len(words)))
    for start in range(0, len(descriptors), step):
        bits = _distances(descriptors[start : start + step], words)
        if probes == 1:
            found.append(bits.argmin(axis=1)[:, None])
            continue
        # Distance and place in one number: no two are equal, and so the choice is the same everywhere.
        keys = bits * len(words) + np.arange(len(words), dtype=np.int32)
        found.append(np.sort(np.partition(keys, probes - 1, axis=1)[:, :probes], axis=1) % len(words))
    return np.concatenate([*found, np.zeros((0, probes), np.int64)])


def _distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Hamming distances (n, m) of uint8 (n, 32) and (m, 32)."""
    try:
        import numkong

        packed = numkong.hammings_pack(np.ascontiguousarray(right), "uint1")
        return np.asarray(numkong.hammings_packed(np.ascontiguousarray(left), packed)).astype(np.int32)
    except (ImportError, AttributeError):
        a, b = (np.ascontiguousarray(side).view(np.uint64) for side in (left, right))
        columns = (np.bitwise_count(a[:, None, i] ^ b[None, :, i]) for i in range(a.shape[1]))
        return sum(columns, np.zeros((len(a), len(b)), np.int32))


class Inverted:
    """The features of a shelf by their words.

    Args:
        words: uint8 (w, 32).
        word: int (n,), of each feature.
        owners: int64 (n,), its product's place.
        descriptors: uint8 (n, 32).
    """

    def __init__(
        self, words: np.ndarray, word: np.ndarray, owners: np.ndarray, descriptors: np.ndarray
    ) -> None:
        self._words = words
        self._order = np.argsort(word, kind="stable")
        self._starts = np.searchsorted(word[self._order], np.arange(len(words) + 1))
        self._owners = owners[self._order]
        self._descriptors = np.ascontiguousarray(descriptors[self._order]).view(np.uint64)

    def votes(self, photo: np.ndarray, most: int) -> list[int]:
        """At most ``most`` products that the features uint8 (q, 32) of a photo speak for, loudest first.

        Each feature has for a product as much of a voice as they are alike, and less where many products
        have such a corner.
        """
        if not len(self._words) or not len(photo):
            return []
        query, place = self._pairs(assigned(photo, self._words, PROBES))
        bits = np.bitwise_count(photo.view(np.uint64)[query] ^ self._descriptors[place]).sum(
            axis=1, dtype=np.int32
        )
        near = bits <= NEAR_BITS
        query, owner, voice = query[near], self._owners[place[near]], NEAR_BITS + 1.0 - bits[near]
        # Of a product's corners, the likest one speaks for the photo's.
        order = np.lexsort((-voice, owner, query))
        query, owner, voice = query[order], owner[order], voice[order]
        best = np.ones(len(query), bool)
        best[1:] = (query[1:] != query[:-1]) | (owner[1:] != owner[:-1])
        query, owner, voice = query[best], owner[best], voice[best]
        shared = np.bincount(query, minlength=len(photo))
        total = np.bincount(owner, voice / np.sqrt(shared[query]))
        loudest = np.argsort(-total, kind="stable")[:most]
        return [int(product) for product in loudest if total[product] > 0]

    def _pairs(self, probed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Places of a photo's features and of the shelf's in the words that each is near to."""
        low, high = self._starts[probed], self._starts[probed + 1]
        share = max(1, MOST_PAIRS // max(1, probed.size))
        lengths = np.minimum(high - low, share).ravel()
        query = np.repeat(np.repeat(np.arange(len(probed)), probed.shape[1]), lengths)
        first = np.repeat(low.ravel() - np.cumsum(lengths) + lengths, lengths)
        return query, first + np.arange(len(first))
