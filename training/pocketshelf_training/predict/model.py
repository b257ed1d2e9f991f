"""A model of any file, behind one function from a crop to what it predicts.

A PyTorch checkpoint and a file that phones run (.tflite, .pte; beside its ``bundle.json``) run
through the same stages of the SDK. A bundle's folder stands for its file. Saved lines of ``pocketshelf
detect --json`` (.jsonl) stand for the detector that printed them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pocketshelf.errors import PhotoError, UsageError, reason
from pocketshelf.formats.bundle import Bundle, DetectorSpec, EmbedderSpec, bundle_folder, digest, load_bundle
from pocketshelf.runtime import ModelRunner
from pocketshelf.runtime import open_model as open_runner
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Box, Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.models.checkpoint import FORMS, load_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.ensemble import Ensemble, read_embedder
from pocketshelf_training.models.specs import detector_spec, embedder_spec
from pocketshelf_training.predict.runner import NetworkRunner

__all__ = ["KINDS", "Crop", "Model", "Predict", "crop_of", "lines_of", "open_model"]

KINDS = ("embedder", "detector")


class Crop(NamedTuple):
    """A photo, or a box (x, y, w, h) in its upright pixels."""

    image: Path
    box: Box | None = None


def crop_of(sample: Sample, whole: bool = False) -> Crop:
    """What a sample is about: its box where it has exactly one, else (or if ``whole``) the frame."""
    box = sample.boxes[0][1] if len(sample.boxes) == 1 and not whole else None
    return Crop(sample.image, box if box and box[2] > 0 and box[3] > 0 else None)


# A crop to an `Embedding`, or to a detector's boxes, a tuple of `Detection`, best first.
Predict = Callable[[Crop], Any]


@dataclass(frozen=True)
class Model:
    """A model under measurement.

    Attributes:
        kind: "embedder" or "detector".
        path: as it was named.
        digest: changes whenever the model's predictions may.
        load: makes it ready; the function that it gives raises PhotoError for a photo that cannot be read.
        categories, attributes: labels of an embedder's heads.
        groups: of a detector; empty if they are not known.
        meta: what its checkpoint records, if it is one.
    """

    kind: str
    path: Path
    digest: str
    load: Callable[[], Predict]
    categories: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)


def open_model(path: Path, kind: str | None = None) -> Model:
    """The model at ``path``, or of the bundle that ships by that name.

    Args:
        kind: which model of a bundle's folder is meant; for a file, which it has to be.

    Raises:
        CheckpointError, BundleError: missing or damaged.
        UsageError: no kind of model file, or not of ``kind``.
    """
    if bundle_folder(path).is_dir():
        return _of_bundle(load_bundle(path), path, kind or "embedder")
    if path.suffix in FORMS:
        model = _checkpoint(path)
    elif path.suffix == ".jsonl":
        model = _lines(path)
    elif (path.parent / "bundle.json").is_file():
        model = _file(path)
    else:
        raise UsageError(
            f"{path}: no model; name a checkpoint ({', '.join(FORMS)}), a model file "
            "(.tflite, .pte) beside its bundle.json, a bundle's folder or name, or detections (.jsonl)"
        )
    if kind is not None and model.kind != kind:
        raise UsageError(f"{path}: a model of kind {model.kind!r}, not {kind!r}")
    return model


def _checkpoint(path: Path) -> Model:
    checkpoint = load_checkpoint(path)
    kind, meta = {Ensemble.kind: "embedder"}.get(checkpoint.kind, checkpoint.kind), checkpoint.meta
    if kind not in KINDS:
        raise UsageError(f"{path}: a network of kind {kind!r}; {' and '.join(KINDS)} are measured")
    keep_freed_memory()
    network = Detector.from_checkpoint(path) if kind == "detector" else read_embedder(path)
    spec = detector_spec(network, meta) if kind == "detector" else embedder_spec(network, meta)
    return _of_spec(path, digest(path)[0], spec, lambda: NetworkRunner(network), meta)


def _file(path: Path) -> Model:
    bundle = load_bundle(path.parent)
    named = {bundle.embedder.file: "embedder"}
    if bundle.detector is not None:
        named[bundle.detector.file] = "detector"
    if path.name not in named:
        raise UsageError(f"{path}: the bundle.json beside it names {' and '.join(named)}, not this file")
    return _of_bundle(bundle, path, named[path.name])


def _of_bundle(bundle: Bundle, path: Path, kind: str) -> Model:
    embedder = (bundle.embedder, bundle.embedder_path)
    spec, file = embedder if kind == "embedder" else (bundle.detector, bundle.detector_path)
    if spec is None or file is None:
        raise UsageError(f"{path}: this bundle has no detector")
    key = f"{spec.sha256} {spec.preprocessing.hash} {getattr(spec, 'nms_iou', '')}"
    return _of_spec(path, key, spec, lambda: open_runner(file), {})


def _of_spec(
    path: Path,
    key: str,
    spec: EmbedderSpec | DetectorSpec,
    runner: Callable[[], ModelRunner],
    meta: Mapping[str, Any],
) -> Model:
    if isinstance(spec, DetectorSpec):
        return Model("detector", path, key, lambda: _detect(spec, runner()), groups=spec.groups, meta=meta)
    heads = {name: head.labels for name, head in spec.attributes.items()}
    return Model("embedder", path, key, lambda: _embed(spec, runner()), spec.categories, heads, meta=meta)


def _embed(spec: EmbedderSpec, runner: ModelRunner) -> Predict:
    stage = NetworkEmbedder(spec, runner)
    return lambda crop: stage.embed(decode_photo(crop.image), crop.box)


def _detect(spec: DetectorSpec, runner: ModelRunner) -> Predict:
    stage = NetworkDetector(spec, runner)
    return lambda crop: tuple(stage.detect(decode_photo(crop.image)))


def lines_of(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({reason(error)})") from error


def _lines(path: Path) -> Model:
    found = dict(_line(path, number, line) for number, line in enumerate(lines_of(path), 1) if line.strip())

    def predict(crop: Crop) -> tuple[Detection, ...]:
        line = found.get(str(crop.image), f"{crop.image}: {path} has no line for it")
        if isinstance(line, str):
            raise PhotoError(line)
        return line

    return Model("detector", path, digest(path)[0], lambda: predict)


def _line(path: Path, number: int, line: str) -> tuple[str, tuple[Detection, ...] | str]:
    """A photo, and its detections or why there are none."""
    try:
        said = json.loads(line)
        if "error" in said:
            return said["photo"], str(said["error"])
        return said["photo"], tuple(_region(region) for region in said["regions"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}:{number}: not a line of `pocketshelf detect --json`") from error


def _region(region: dict[str, Any]) -> Detection:
    x, y, w, h = map(float, region["box"])
    return Detection((x, y, w, h), str(region["group"]), float(region["score"]))
