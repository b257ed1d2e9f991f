"""Reading: near-ties among the first hits are settled by the words in the photo.

Cartons of one shop look alike, and say what they are. Where an answer is not confident, the photo's text is
read, and hits whose titles have such words come before others about as near: `pocketshelf.reading.deciding`.
Needs RapidOCR, ONNX Runtime and RapidFuzz (the extra ``read``), and is wished for:
``Retriever.open(store, read=True)``.
"""

from pocketshelf.reading.deciding import WORDS, is_in_doubt, legible_words, reordered, words_in, words_of
from pocketshelf.reading.reader import Line, Reader, is_available, open_reader

__all__ = [
    "WORDS",
    "Line",
    "Reader",
    "is_available",
    "is_in_doubt",
    "legible_words",
    "open_reader",
    "reordered",
    "words_in",
    "words_of",
]
