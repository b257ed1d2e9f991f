"""A PyTorch checkpoint's answers, photo by photo: in float32, as exported files are held against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pocketshelf.errors import PhotoError
from pocketshelf.formats.answer import Answer, Detected, Embedded, Unreadable
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import Embedder, normalise
from pocketshelf_training.models.ensemble import Ensemble, read_embedder
from pocketshelf_training.predict.detector import detect

__all__ = ["detector", "embedder"]

BATCH = 16


def embedder(checkpoint: Path, crops: Sequence[Any], batch: int = BATCH) -> Iterator[Answer]:
    """One answer a crop (with ``image`` and ``box``), in order, as each batch is done."""
    keep_freed_memory()
    model = read_embedder(checkpoint).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    heads = list(model.config.get("attributes", {}))
    for start in range(0, len(crops), batch):
        views = [_view(crop, model.preprocessing) for crop in crops[start : start + batch]]
        pixels = [view for view in views if isinstance(view, np.ndarray)]
        found = iter(_embedded(model, heads, np.stack(pixels)) if pixels else [])
        yield from (next(found) if isinstance(view, np.ndarray) else view for view in views)


def _view(crop: Any, preprocessing: Preprocessing) -> np.ndarray | Unreadable:
    try:
        photo = decode_photo(crop.image)
    except PhotoError as error:
        return Unreadable(str(error))
    if crop.box is None:
        return network_input(photo.pixels, preprocessing)
    (sx, sy), (x, y, w, h) = photo.scale, crop.box
    return network_input(photo.pixels, preprocessing, (x * sx, y * sy, w * sx, h * sy))


@torch.no_grad()
def _embedded(model: Embedder | Ensemble, heads: list[str], views: np.ndarray) -> list[Embedded]:
    vectors, logits, *more = model(normalise(torch.from_numpy(views)))
    probabilities = _softmax(logits)
    attributes = {name: _softmax(output) for name, output in zip(heads, more, strict=False)}
    return [
        Embedded(vector, probabilities[row], {name: values[row] for name, values in attributes.items()})
        for row, vector in enumerate(vectors.numpy())
    ]


def _softmax(logits: Tensor) -> np.ndarray:
    return logits.softmax(1).numpy()


def detector(checkpoint: Path, crops: Sequence[Any]) -> Iterator[Answer]:
    """One answer a photo, in order; boxes of crops are not looked at."""
    keep_freed_memory()
    model = Detector.from_checkpoint(checkpoint)
    for crop in crops:
        try:
            found = detect(model, crop.image)
        except PhotoError as error:
            yield Unreadable(str(error))
            continue
        assert found.scores is not None
        corners = np.asarray(found.boxes, float).reshape(-1, 4)
        boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], 1)
        yield Detected(boxes, tuple(found.groups), found.scores)
