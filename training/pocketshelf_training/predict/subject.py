"""What is measured: any model file, behind one function from crops to answers.

A PyTorch checkpoint (.pt, .npz) runs here, batch by batch. A file that phones run (.tflite, .pte) runs
in the SDK's own process (`python -m pocketshelf.answers`), with the ``bundle.json`` beside it; a bundle's
folder likewise. Saved lines of ``pocketshelf detect --json`` (.jsonl) stand for the detector that printed
them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf.formats.answer import Answer, Detected, Unreadable
from pocketshelf.formats.bundle import Bundle, digest, load_bundle
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.models.ensemble import KIND as ENSEMBLE
from pocketshelf_training.predict import commands, torch_answers

__all__ = ["KINDS", "Crop", "Subject", "crop_of", "open_subject"]

KINDS = ("embedder", "detector")
CHECKPOINTS, FILES = (".pt", ".npz"), (".tflite", ".pte")


class Crop(NamedTuple):
    """A photo, or a box (x, y, w, h) in its upright pixels."""

    image: Path
    box: tuple[float, float, float, float] | None = None


def crop_of(sample: Sample, whole: bool = False) -> Crop:
    """What a sample is about: its box where it has exactly one, else (or if ``whole``) the frame."""
    box = sample.boxes[0][1] if len(sample.boxes) == 1 and not whole else None
    return Crop(sample.image, box if box and box[2] > 0 and box[3] > 0 else None)


@dataclass(frozen=True)
class Subject:
    """A model under measurement.

    Attributes:
        kind: "embedder" or "detector".
        path: as it was named.
        digest: changes whenever the model's answers may.
        answers: crops → one answer each, in order, as they come; a bad photo is an answer, too.
        categories, attributes: labels of an embedder's heads.
        groups: of a detector; empty if they are not known.
        meta: what its checkpoint records, if it is one.
    """

    kind: str
    path: Path
    digest: str
    answers: Callable[[Sequence[Crop]], Iterator[Answer]]
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


def open_subject(path: Path, kind: str | None = None) -> Subject:
    """The model at ``path``.

    Args:
        kind: which model of a bundle's folder is meant; for a file, which it has to be.

    Raises:
        CheckpointError, BundleError: missing or damaged.
        UsageError: no kind of model file, or not of ``kind``.
    """
    if path.is_dir():
        return _of_bundle(load_bundle(path), path, kind or "embedder")
    opener = {**dict.fromkeys(CHECKPOINTS, _checkpoint), **dict.fromkeys(FILES, _file), ".jsonl": _lines}
    if path.suffix not in opener:
        raise UsageError(
            f"{path}: no model; name a checkpoint ({', '.join(CHECKPOINTS)}), a model file "
            f"({', '.join(FILES)}) beside its bundle.json, a bundle's folder, or detections (.jsonl)"
        )
    subject = opener[path.suffix](path)
    if kind is not None and subject.kind != kind:
        raise UsageError(f"{path}: a model of kind {subject.kind!r}, not {kind!r}")
    return subject


def _checkpoint(path: Path) -> Subject:
    checkpoint = load_checkpoint(path)
    kind = {ENSEMBLE: "embedder"}.get(checkpoint.kind, checkpoint.kind)
    if kind not in KINDS:
        raise UsageError(f"{path}: a network of kind {kind!r}; {' and '.join(KINDS)} are measured")
    answers = torch_answers.embedder if kind == "embedder" else torch_answers.detector
    config = checkpoint.config
    return Subject(
        kind,
        path,
        digest(path)[0],
        lambda crops: answers(path, crops),
        tuple(config.get("categories", ())),
        {name: tuple(labels) for name, labels in config.get("attributes", {}).items()},
        tuple(config.get("groups", ())),
        checkpoint.meta,
    )


def _file(path: Path) -> Subject:
    bundle = load_bundle(path.parent)
    named = {bundle.embedder.file: "embedder"}
    if bundle.detector is not None:
        named[bundle.detector.file] = "detector"
    if path.name not in named:
        raise UsageError(f"{path}: the bundle.json beside it names {' and '.join(named)}, not this file")
    return _of_bundle(bundle, path, named[path.name])


def _of_bundle(bundle: Bundle, path: Path, kind: str) -> Subject:
    if kind == "detector" and bundle.detector is None:
        raise UsageError(f"{path}: this bundle has no detector")
    spec = bundle.detector if kind == "detector" else bundle.embedder
    assert spec is not None
    key = f"{spec.sha256} {spec.preprocessing.hash} {getattr(spec, 'nms_iou', '')}"
    embedder = bundle.embedder
    return Subject(
        kind,
        path,
        key,
        lambda crops: commands.answers(kind, bundle.folder, crops),
        embedder.categories if kind == "embedder" else (),
        {n: head.labels for n, head in embedder.attributes.items()} if kind == "embedder" else {},
        bundle.detector.groups if bundle.detector and kind == "detector" else (),
    )


def _lines(path: Path) -> Subject:
    found = dict(_read_line(path, number, line) for number, line in enumerate(_text_lines(path), 1) if line)

    def answers(crops: Sequence[Crop]) -> Iterator[Answer]:
        for crop in crops:
            yield found.get(str(crop.image)) or Unreadable(f"{crop.image}: {path} has no line for it")

    return Subject("detector", path, digest(path)[0], answers)


def _text_lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _read_line(path: Path, number: int, line: str) -> tuple[str, Answer]:
    try:
        said = json.loads(line)
        if "error" in said:
            return said["photo"], Unreadable(str(said["error"]))
        regions = said["regions"]
        boxes = np.array([region["box"] for region in regions], float).reshape(-1, 4)
        groups = tuple(str(region["group"]) for region in regions)
        return said["photo"], Detected(boxes, groups, np.array([float(r["score"]) for r in regions]))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}:{number}: not a line of `pocketshelf detect --json`") from error
