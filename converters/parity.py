"""The parity gate: a converted file against PyTorch float, every output, photo by photo.

A file passes when count, shape and type of its outputs are PyTorch's and every measure in
`THRESHOLDS` holds. Means alone hide the one photo that goes wrong, so minima are held, too, and named.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from converters.errors import ParityError
from converters.networks import Network
from converters.target import Runner
from pocketshelf.progress import ProgressBar
from pocketshelf_training.pages.page import table

__all__ = [
    "THRESHOLDS",
    "Heading",
    "Measure",
    "Report",
    "compare",
    "counted",
    "listed",
    "require",
    "unit",
    "write_reports",
]


class Least(NamedTuple):
    """The least that passes of each measure.

    Attributes:
        cosine_mean, cosine_min: of an output to PyTorch's, over the photos.
        agreement: overlap of the ten nearest gallery pictures.
        iou_mean, iou_min: of the boxes at the points that score highest.
    """

    cosine_mean: float
    cosine_min: float
    agreement: float
    iou_mean: float
    iou_min: float


THRESHOLDS = {
    "none": Least(0.9999, 0.999, 0.98, 0.99, 0.95),
    "fp16": Least(0.9999, 0.999, 0.97, 0.98, 0.90),
    "int8": Least(0.98, 0.93, 0.75, 0.85, 0.40),
    "dynamic": Least(0.98, 0.93, 0.75, 0.85, 0.40),
    "w8": Least(0.995, 0.97, 0.80, 0.90, 0.50),
    "p6": Least(0.96, 0.90, 0.60, 0.80, 0.30),
    "p4": Least(0.90, 0.75, 0.40, 0.60, 0.10),
}
TOP = 10
POINTS = 20


@dataclass(frozen=True)
class Measure:
    """One number of the gate.

    Attributes:
        name: ``<output>.<measure>``.
        value, least: found, and needed to pass.
        worst: the photo with the lowest value.
    """

    name: str
    value: float
    least: float
    worst: str = ""

    @property
    def passed(self) -> bool:
        # NaN compares false, so that it fails.
        return self.value >= self.least


@dataclass(frozen=True)
class Heading:
    """What is compared.

    Attributes:
        outside: operation → count of those that the toolchain reports outside the neural unit or delegate.
        calibration: how many pictures int8 was calibrated on, and of what kind; empty if on none.
    """

    kind: str
    target: str
    precision: str
    file: str
    outside: dict[str, int] = field(default_factory=dict)
    calibration: str = ""


@dataclass(frozen=True)
class Report:
    """The gate's findings on one file.

    Attributes:
        photos, source: how many pictures were compared, and whether they are "real" or "drawn".
        outputs: name, shape and type of each.
        faults: what made a comparison impossible.
        note: why there was none to make, for files that only a phone runs.
    """

    heading: Heading
    photos: int = 0
    source: str = ""
    outputs: list[dict] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was compared and nothing missed."""
        return not self.faults and not self.note and all(measure.passed for measure in self.measures)


def compare(
    network: Network,
    run: Runner,
    inputs: Sequence[tuple[str, np.ndarray]],
    heading: Heading,
    source: str,
) -> Report:
    """Run ``inputs`` (name, uint8 (h, w, 3)) through PyTorch and through ``run``.

    Args:
        source: "real" or "drawn", for the report.
    """
    names = [name for name, _ in inputs]
    expected, found, faults = [], [], []
    with ProgressBar("comparing", seldom=15) as bar:
        for name, image in inputs:
            batch = np.array(image)[None]  # A copy: photos may be read-only.
            expected.append(network.reference(batch))
            found.append(run(batch))
            faults = _faults(expected[-1], found[-1], network.outputs, name)
            if faults:
                break
            bar.update(len(found), len(inputs))
    measures = [] if faults else list(_measures(network.outputs, expected, found, heading.precision, names))
    described = [
        {"name": n, "shape": list(e.shape), "type": str(e.dtype)}
        for n, e in zip(network.outputs, expected[0], strict=True)
    ]
    return Report(heading, len(found), source, described, measures, faults)


def _faults(
    expected: list[np.ndarray], found: list[np.ndarray], outputs: Sequence[str], photo: str
) -> list[str]:
    """What makes the outputs incomparable: count, shape, type, NaN."""
    if len(expected) != len(found):
        return [f"{len(found)} outputs instead of {len(expected)}"]
    faults = []
    for name, e, f in zip(outputs, expected, found, strict=True):
        if e.shape != f.shape:
            faults.append(f"{name} has shape {f.shape} instead of {e.shape}")
        elif e.dtype != f.dtype:
            faults.append(f"{name} has type {f.dtype} instead of {e.dtype}")
        elif not np.isfinite(f).all():
            faults.append(f"{name} is not finite on {photo}")
    return faults


def _measures(
    outputs: Sequence[str],
    expected: list[list[np.ndarray]],
    found: list[list[np.ndarray]],
    precision: str,
    names: Sequence[str],
) -> Iterator[Measure]:
    """Of every output its cosine, and what its kind of network is for."""
    least = THRESHOLDS[precision]
    pairs = {
        output: (np.stack([row[i] for row in expected]), np.stack([row[i] for row in found]))
        for i, output in enumerate(outputs)
    }
    for output, (e, f) in pairs.items():
        cosine = _cosine(e.reshape(len(e), -1), f.reshape(len(f), -1))
        yield from _mean_and_min(f"{output}.cosine", cosine, least.cosine_mean, least.cosine_min, names)
    if "embedding" in pairs:
        overlap, top1 = _agreement(*(side.reshape(len(names), -1) for side in pairs["embedding"]))
        worst = names[int(overlap.argmin())]
        yield Measure("embedding.top10_agreement", float(overlap.mean()), least.agreement, worst)
        yield Measure("embedding.top1_agreement", float(top1.mean()), 0.0, names[int(top1.argmin())])
    elif {"scores", "distances"} <= set(pairs):
        (scores, _), (e, f) = pairs["scores"], pairs["distances"]
        iou = _box_ious(scores[:, 0], e[:, 0], f[:, 0]).mean(1)
        yield from _mean_and_min("boxes.iou", iou, least.iou_mean, least.iou_min, names)


def _mean_and_min(
    name: str, values: np.ndarray, least_mean: float, least_min: float, names: Sequence[str]
) -> Iterator[Measure]:
    """Of one value a photo; both name the photo with the lowest."""
    worst = int(values.argmin())
    yield Measure(f"{name}_mean", float(values.mean()), least_mean, names[worst])
    yield Measure(f"{name}_min", float(values[worst]), least_min, names[worst])


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row; two rows of zeros agree."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    both_zero = ~(a.any(1) | b.any(1))
    return np.where(both_zero, 1.0, (a * b).sum(1) / np.maximum(norms, 1e-12))


def _agreement(e: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per photo: overlap of the ten nearest, and equality of the nearest, of the other photos.

    The gallery is PyTorch's embeddings for both, as a catalogue is embedded once and queried by phones.
    """
    tops = []
    for side in (e, f):
        similarity = unit(side) @ unit(e).T
        np.fill_diagonal(similarity, -np.inf)
        tops.append(np.argsort(-similarity, axis=1, kind="stable")[:, : min(TOP, len(e) - 1)])
    overlap = np.array([len(set(a) & set(b)) / max(1, len(a)) for a, b in zip(*tops, strict=True)])
    return overlap, tops[0][:, 0] == tops[1][:, 0]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows brought to length 1, (n, d)."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def _box_ious(scores: np.ndarray, e: np.ndarray, f: np.ndarray) -> np.ndarray:
    """IoU of the boxes at the points that score highest, (photos, points).

    Boxes of one point share it, so that distances alone decide: the strides cancel.
    """
    top = np.argsort(-scores.max(2), axis=1, kind="stable")[:, :POINTS]
    e, f = (np.take_along_axis(side, top[..., None], 1) for side in (e, f))
    low = np.minimum(e, f)

    def area(sides: np.ndarray) -> np.ndarray:
        return (sides[..., 0] + sides[..., 2]) * (sides[..., 1] + sides[..., 3])

    shared = area(low)
    union = area(e) + area(f) - shared
    return np.where(union > 0, shared / np.maximum(union, 1e-12), 1.0)


def require(report: Report) -> None:
    """Raise if the gate was missed.

    Raises:
        ParityError: names the first measure that missed and its worst photo; carries the report.
    """
    head = report.heading
    what = f"{head.target} {head.kind} ({head.precision}): parity with PyTorch missed"
    if report.faults:
        raise ParityError(f"{what}: {report.faults[0]}", report)
    for measure in report.measures:
        if not measure.passed:
            photo = f", worst on {measure.worst}" if measure.worst else ""
            found = f"{measure.name} is {measure.value:.4f}, needs {measure.least}{photo}"
            raise ParityError(f"{what}: {found}", report)


def write_reports(reports: Sequence[Report], folder: Path) -> None:
    """``parity.json`` and ``parity.md`` in ``folder``."""
    document = [{**asdict(report), "passed": report.passed} for report in reports]
    text = json.dumps(document, indent=1, ensure_ascii=False)
    (folder / "parity.json").write_text(text + "\n", encoding="utf-8")
    (folder / "parity.md").write_text("\n".join(_markdown(reports)) + "\n", encoding="utf-8")


def _markdown(reports: Sequence[Report]) -> list[str]:
    lines = ["# Parity with PyTorch float", ""]
    for report in reports:
        head = report.heading
        verdict = "passed" if report.passed else "not compared" if report.note else "MISSED"
        lines += [f"## {head.file}: {head.target}, {head.precision}: {verdict}", ""]
        if report.note:
            lines += [f"{report.note}.", ""]
        else:
            calibrated = [f"Calibrated on {head.calibration}.", ""] if head.calibration else []
            lines += [
                *calibrated,
                f"Compared on {counted(report.photos, report.source)}.",
                *report.faults,
                "",
            ]
            rows = [(m.name, f"{m.value:.4f}", m.least, m.worst) for m in report.measures]
            lines += [table(("measure", ">found", ">needed", "worst photo"), rows)]
        lines += [f"Outside the neural unit by the toolchain's report: {listed(head.outside)}.", ""]
    return lines


def counted(photos: int, source: str) -> str:
    """So many pictures of a `converters.photos.PictureSet`, as text."""
    real = source == "real"
    return (
        f"{photos} real photos" if real else f"{photos} drawn pictures (synthetic: no real photos were found)"
    )


def listed(outside: Mapping[str, int]) -> str:
    """Operations and their counts as text."""
    return ", ".join(f"{count} {name}" for name, count in outside.items()) or "none reported"
