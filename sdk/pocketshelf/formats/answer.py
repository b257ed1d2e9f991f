"""What a model says of one photo, as one JSON line: how measurements read models that only the SDK runs.

    {"vector": F, "categories": F, "attributes": {"sleeve": F, …}}                an embedder's
    {"boxes": [[x, y, w, h], …], "groups": ["upper", …], "scores": [0.9, …]}      a detector's
    {"error": "…"}                                                                the photo cannot be read

F is base64 of little-endian float32, so that nothing is rounded. Vectors have length 1; categories and
attributes are probabilities in the order of the model's labels. Boxes are pixels of the upright photo.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Answer", "Detected", "Embedded", "Unreadable", "from_json", "from_line", "to_json", "to_line"]


@dataclass(frozen=True)
class Embedded:
    """An embedder's answer: vector (D,), probabilities (C,), and those of each attribute, all float32."""

    vector: np.ndarray
    categories: np.ndarray
    attributes: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Detected:
    """A detector's answer: (n, 4) boxes x, y, w, h in pixels of the photo, their groups, scores (n,)."""

    boxes: np.ndarray
    groups: tuple[str, ...]
    scores: np.ndarray


@dataclass(frozen=True)
class Unreadable:
    """The photo could not be read; one line that says why."""

    error: str


Answer = Embedded | Detected | Unreadable


def to_json(answer: Answer) -> dict[str, Any]:
    """The answer as the line's document."""
    if isinstance(answer, Unreadable):
        return {"error": answer.error}
    if isinstance(answer, Detected):
        boxes = np.asarray(answer.boxes, float).reshape(-1, 4).tolist()
        scores = np.asarray(answer.scores, float).tolist()
        return {"boxes": boxes, "groups": list(answer.groups), "scores": scores}
    attributes = {name: _pack(values) for name, values in answer.attributes.items()}
    return {
        "vector": _pack(answer.vector),
        "categories": _pack(answer.categories),
        "attributes": attributes,
    }


def from_json(document: Any) -> Answer:
    """The inverse of `to_json`; keys that it does not know are left alone.

    Raises:
        ValueError: not such a document.
    """
    try:
        if "error" in document:
            return Unreadable(str(document["error"]))
        if "boxes" in document:
            boxes = np.asarray(document["boxes"], float).reshape(-1, 4)
            return Detected(boxes, tuple(document["groups"]), np.asarray(document["scores"], float))
        attributes = {name: _unpack(text) for name, text in document["attributes"].items()}
        return Embedded(_unpack(document["vector"]), _unpack(document["categories"]), attributes)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no answer of a model: {error}") from error


def to_line(answer: Answer) -> str:
    """One line of JSON, without its end."""
    return json.dumps(to_json(answer), ensure_ascii=False)


def from_line(line: str) -> Answer:
    """The inverse of `to_line`.

    Raises:
        ValueError: not such a line.
    """
    return from_json(json.loads(line))


def _pack(values: np.ndarray) -> str:
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode("ascii")


def _unpack(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
