"""When words overrule the embedding. Chosen on groceries of train and val: docs/reading.md.

A word that was read speaks for the hits whose own words have one like it, unless all have it. What was not
read speaks against nobody: most of a carton's print is too small, turned away or covered.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pocketshelf.reading.reader import Line
from pocketshelf.types import Box, Hit

__all__ = ["COLUMNS", "WORDS", "is_in_doubt", "legible_words", "reordered", "words_in", "words_of"]

# Columns of a catalogue, besides the title, whose words are a product's own. `build --read` makes "words".
WORDS = "words"
COLUMNS = ("brand", WORDS)
# Hits with a cosine at most so far below the first one's are in doubt, and so many of them.
NEAR, DEPTH = 0.2, 10
# What a word is worth, of a cosine.
WORTH = 0.07
# The recogniser's probability, and RapidFuzz's ratio (of 100), from which on a word counts.
LEGIBLE, ALIKE = 0.5, 80
# Shorter ones are read into anything. Of a text, no more is looked at.
_WORD, _MOST, _LONGEST = re.compile(r"[^\W\d_]{3,}"), 200, 4000


def words_of(text: str) -> list[str]:
    """The words of at least three letters, each once, without case and accents, which print leaves out."""
    letters = unicodedata.normalize("NFKD", text[:_LONGEST].casefold())
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return list(dict.fromkeys(_WORD.findall(plain)))[:_MOST]


def legible_words(lines: Iterable[Line]) -> list[str]:
    """The words of the lines that were read surely enough, each once."""
    return words_of(" ".join(line.text for line in lines if line.score >= LEGIBLE))


def words_in(lines: Iterable[Line], box: Box, size: tuple[int, int]) -> list[str]:
    """The legible words of the lines whose middle lies in a box.

    Args:
        box: in pixels of the photo, whose ``size`` is (width, height).
    """
    (x, y, w, h), (width, height) = box, size
    return legible_words(
        line for line in lines if x <= line.x * width <= x + w and y <= line.y * height <= y + h
    )


def is_in_doubt(hits: Sequence[Hit]) -> bool:
    """Whether words could settle which hit comes first: several are near, and have words of their own."""
    owned = [frozenset(_own(hit)) for hit in _doubted(hits)]
    return len(set(owned)) > 1


def reordered(hits: Sequence[Hit], read: Sequence[str]) -> list[Hit]:
    """The hits, those in doubt by cosine and words together; each with the words that speak for it."""
    doubted = _doubted(hits)
    found = _voices(read, [_own(hit) for hit in doubted])
    scored = [
        (hit.score + WORTH * sum(words.values()), replace(hit, read=tuple(words)))
        for hit, words in zip(doubted, found, strict=True)
    ]
    ranked = sorted(scored, key=lambda each: -each[0])
    return [*(hit for _, hit in ranked), *hits[len(doubted) :]]


def _doubted(hits: Sequence[Hit]) -> Sequence[Hit]:
    return list(itertools.takewhile(lambda hit: hits[0].score - hit.score <= NEAR, hits[:DEPTH]))


def _own(hit: Hit) -> list[str]:
    texts = [hit.title, *(hit.attributes.get(column) for column in COLUMNS)]
    return words_of(" ".join(text for text in texts if isinstance(text, str)))


def _voices(read: Sequence[str], owned: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Of each hit the words that speak for it, and how alike they are, 0.8 to 1."""
    from rapidfuzz import fuzz, process

    found: list[dict[str, float]] = [{} for _ in owned]
    for word in read:
        best = [process.extractOne(word, own, scorer=fuzz.ratio, score_cutoff=ALIKE) for own in owned]
        if any(each is None for each in best):
            for voices, each in zip(found, best, strict=True):
                if each is not None:
                    voices[word] = each[1] / 100
    return found
