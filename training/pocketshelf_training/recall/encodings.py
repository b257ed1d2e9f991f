"""Photos encoded once, however many shelves they are searched in, and however often a calibration is run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Memory
from tqdm import tqdm

import pocketshelf
from pocketshelf.encoded import EncodedPhoto
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages.preprocess import Photo, PhotoSource
from pocketshelf.types import Timings

__all__ = ["RememberingEncoder"]


class RememberingEncoder(Encoder):
    """An `Encoder` that remembers what it made of each file.

    Args:
        cache: folder that keeps it, by the bundle's content and the SDK's code; if None it is forgotten with
            the object.
    """

    def __init__(self, encoder: Encoder, cache: Path | None = None) -> None:
        self.bundle = encoder.bundle
        self._encoder = encoder
        self._key = "" if cache is None else _state(encoder.bundle)
        memory = Memory(cache, verbose=0)
        self._encoded = memory.cache(_encoded, ignore=["encoder"])
        self._enrolled = memory.cache(_enrolled, ignore=["encoder"])
        self._known: dict[tuple[str, bool], EncodedPhoto] = {}
        # Which file a photo is of, that was told before: a search may ask about its frame as well.
        self._files: dict[int, str] = {}

    def encode(
        self, source: PhotoSource, whole: bool = False, ms: Timings | None = None, alone: bool = False
    ) -> EncodedPhoto:
        """See `Encoder`; of the photo only the size is kept, and nothing is timed."""
        del ms, alone
        key = (self._files.get(id(source), str(source)), whole)
        if key not in self._known:
            found = self._known[key] = self._encoded(self._encoder, self._key, *key)
            self._files[id(found.photo)] = key[0]
        return self._known[key]

    def enrol(self, source: PhotoSource, whole: bool = True) -> np.ndarray:
        """See `Encoder`."""
        return self._enrolled(self._encoder, self._key, str(source), whole)

    def prepare(self, photos: Iterable[Path], threads: int = 2) -> None:
        """Encode each photo, whole and detected."""
        asked = [(photo, whole) for photo in dict.fromkeys(photos) for whole in (True, False)]
        with ThreadPoolExecutor(threads) as pool:
            list(tqdm(pool.map(lambda each: self.encode(*each), asked), "photos", len(asked)))


def _encoded(encoder: Encoder, key: str, source: str, whole: bool) -> EncodedPhoto:
    found = encoder.encode(source, whole)
    bare = Photo(np.zeros((1, 1, 3), np.uint8), found.photo.width, found.photo.height)
    return replace(found, photo=bare)


def _enrolled(encoder: Encoder, key: str, source: str, whole: bool) -> np.ndarray:
    return encoder.enrol(source, whole)


def _state(bundle: Bundle) -> str:
    """A hash of the bundle, its calibration apart, and of the code that encodes."""
    content = json.loads((bundle.folder / "bundle.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(json.dumps({**content, "recall": None}, sort_keys=True).encode())
    code = Path(pocketshelf.__file__).parent
    for path in sorted([code / "encoder.py", *(code / "stages").rglob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()
