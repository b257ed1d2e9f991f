"""Predictions for many crops, kept in a file, so that a killed evaluation goes on where it was.

The file, SQLite, is one of a model; a crop is known by its photo's path and size and by its box. Photos that
cannot be read are asked for again.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.errors import PhotoError, PocketshelfError
from pocketshelf.printable import printable
from pocketshelf.stages.embed import Embedding
from pocketshelf.types import Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.model import Crop, Model, crop_of

__all__ = ["CacheError", "Predictor"]

# Changes when the arithmetic of the predictions does.
VERSION = 2
# Crops between two commits.
BATCH = 32


class CacheError(PocketshelfError):
    """The folder of kept predictions cannot be written."""


class Predictor:
    """A model behind its cache.

    Args:
        cache: folder of the kept predictions.
        whole: frames, not boxes.
        label: begins the progress line.
    """

    def __init__(self, model: Model, cache: Path, whole: bool = False, label: str = "") -> None:
        self.model, self.whole = model, whole
        self.label = f"{label}, " if label else ""
        digest = hashlib.blake2b(f"{VERSION} {model.kind} {model.digest}".encode(), digest_size=12)
        self.path = cache / f"{model.kind}-{digest.hexdigest()}.sqlite"
        self._named: set[Path] = set()

    def __call__(self, samples: Sequence[Sample], what: str) -> list[Any]:
        """A prediction a sample; ``what`` they are is said beside the progress. See `predict`."""
        return self.predict([crop_of(sample, self.whole) for sample in samples], what)

    def predict(self, crops: Sequence[Crop], what: str) -> list[Any]:
        """An `Embedding`, or a tuple of `Detection`, a crop; None for a photo that cannot be read.

        Each such photo is named once on standard error.

        Raises:
            CacheError: the cache cannot be written.
        """
        keys = [_key(crop) for crop in crops]
        try:
            with closing(self._open()) as cache:
                cache.execute("CREATE TABLE IF NOT EXISTS predictions (crop TEXT PRIMARY KEY, value TEXT)")
                known = dict(cache.execute("SELECT crop, value FROM predictions"))
                try:
                    self._complete(known, dict(zip(keys, crops, strict=True)), cache, f"{self.label}{what}")
                finally:
                    cache.commit()
        except sqlite3.Error as error:
            raise CacheError(f"{self.path}: cannot be written ({error})") from error
        return [_from_json(known[key]) if key in known else None for key in keys]

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CacheError(f"{self.path}: cannot be written ({error.strerror or error})") from error
        return sqlite3.connect(self.path)

    def _complete(
        self, known: dict[str, str], crops: dict[str, Crop], cache: sqlite3.Connection, what: str
    ) -> None:
        """Predict what is not ``known`` yet."""
        missing = [(key, crop) for key, crop in crops.items() if key not in known]
        if not missing:
            return
        done, pace = len(crops) - len(missing), {} if sys.stderr.isatty() else {"mininterval": 10}
        with tqdm(desc=what, total=len(crops), initial=done, **pace) as bar:
            predict = self.model.load()
            for number, (key, crop) in enumerate(missing, 1):
                try:
                    known[key] = _to_json(predict(crop))
                    cache.execute("INSERT OR REPLACE INTO predictions VALUES (?, ?)", (key, known[key]))
                except PhotoError as error:
                    self._name(crop, error)
                if number % BATCH == 0:
                    cache.commit()
                bar.update()

    def _name(self, crop: Crop, error: PhotoError) -> None:
        if crop.image not in self._named:
            self._named.add(crop.image)
            tqdm.write(printable(f"a miss: {error}"), file=sys.stderr)


def _key(crop: Crop) -> str:
    size = -1
    with suppress(OSError):
        size = crop.image.stat().st_size
    return json.dumps([str(crop.image), size, crop.box])


def _to_json(prediction: Embedding | Sequence[Detection]) -> str:
    """Numbers to their last bit."""
    if isinstance(prediction, Embedding):
        attributes = {name: values.tolist() for name, values in prediction.attributes.items()}
        return json.dumps([prediction.vector.tolist(), dict(prediction.categories), attributes])
    return json.dumps({"detections": [[each.box, each.group, each.score] for each in prediction]})


def _from_json(text: str) -> Embedding | tuple[Detection, ...]:
    value = json.loads(text)
    if isinstance(value, dict):
        return tuple(Detection(tuple(box), group, score) for box, group, score in value["detections"])
    vector, categories, attributes = value
    heads = {name: np.array(values, np.float32) for name, values in attributes.items()}
    return Embedding(np.array(vector, np.float32), categories, heads)
