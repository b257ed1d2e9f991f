"""The parity gate: a converted file against PyTorch float, every output, photo by photo.

A file passes when count, shape and type of its outputs are PyTorch's and every measure in
`THRESHOLDS` holds. Means alone hide the one photo that goes wrong, so minima are held, too, and named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from converters.errors import ParityError
from converters.networks import Network
from converters.targets import Runner

__all__ = ["THRESHOLDS", "Measure", "Report", "compare", "require", "write_reports"]

# measure → the least that passes, by precision class. "agreement" is the overlap of the ten nearest gallery
# pictures, "iou" that of the boxes at the points that score highest.
THRESHOLDS: dict[str, dict[str, float]] = {
    "none": {
        "cosine_mean": 0.9999,
        "cosine_min": 0.999,
        "agreement": 0.98,
        "iou_mean": 0.99,
        "iou_min": 0.95,
    },
    "fp16": {
        "cosine_mean": 0.9999,
        "cosine_min": 0.999,
        "agreement": 0.97,
        "iou_mean": 0.98,
        "iou_min": 0.90,
    },
    "int8": {"cosine_mean": 0.98, "cosine_min": 0.93, "agreement": 0.75, "iou_mean": 0.85, "iou_min": 0.40},
    "dynamic": {
        "cosine_mean": 0.98,
        "cosine_min": 0.93,
        "agreement": 0.75,
        "iou_mean": 0.85,
        "iou_min": 0.40,
    },
    "w8": {"cosine_mean": 0.995, "cosine_min": 0.97, "agreement": 0.80, "iou_mean": 0.90, "iou_min": 0.50},
    "p6": {"cosine_mean": 0.96, "cosine_min": 0.90, "agreement": 0.60, "iou_mean": 0.80, "iou_min": 0.30},
    "p4": {"cosine_mean": 0.90, "cosine_min": 0.75, "agreement": 0.40, "iou_mean": 0.60, "iou_min": 0.10},
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
    """

    kind: str
    target: str
    precision: str
    file: str
    outside: dict[str, int] = field(default_factory=dict)


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


def not_run(heading: Heading, why: str) -> Report:
    """The report on a file that cannot be run on this machine."""
    return Report(heading, note=why)


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
    for name, image in inputs:
        batch = np.array(image)[None]  # A copy: photos may be read-only.
        expected.append([tensor.numpy() for tensor in network.reference(torch.from_numpy(batch))])
        found.append(run(batch))
        faults = _faults(expected[-1], found[-1], network.outputs, name)
        if faults:
            break
    measures: list[Measure] = []
    if not faults:
        least = THRESHOLDS[heading.precision]
        columns = [
            (np.stack(e), np.stack(f)) for e, f in zip(_by_output(expected), _by_output(found), strict=True)
        ]
        for output, (e, f) in zip(network.outputs, columns, strict=True):
            measures += _cosines(output, e, f, names, least)
        measures += _of_kind(network, columns, names, least)
    described = [
        {"name": n, "shape": list(e.shape), "type": str(e.dtype)}
        for n, e in zip(network.outputs, expected[0], strict=True)
    ]
    return Report(heading, len(found), source, described, measures, faults)


def _by_output(rows: list[list[np.ndarray]]) -> list[tuple[np.ndarray, ...]]:
    return list(zip(*rows, strict=True))


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


def _cosines(
    output: str, e: np.ndarray, f: np.ndarray, names: list[str], least: dict[str, float]
) -> list[Measure]:
    cosine = _cosine(e.reshape(len(e), -1), f.reshape(len(f), -1))
    worst = int(cosine.argmin())
    return [
        Measure(f"{output}.cosine_mean", float(cosine.mean()), least["cosine_mean"], names[worst]),
        Measure(f"{output}.cosine_min", float(cosine[worst]), least["cosine_min"], names[worst]),
    ]


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row by row; two rows of zeros agree."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    both_zero = ~(a.any(1) | b.any(1))
    return np.where(both_zero, 1.0, (a * b).sum(1) / np.maximum(norms, 1e-12))


def _of_kind(network: Network, columns: list, names: list[str], least: dict[str, float]) -> list[Measure]:
    if "embedding" in network.outputs:
        e, f = (side.reshape(len(names), -1) for side in columns[network.outputs.index("embedding")])
        overlap, top1 = _agreement(e, f)
        worst = int(overlap.argmin())
        return [
            Measure("embedding.top10_agreement", float(overlap.mean()), least["agreement"], names[worst]),
            Measure("embedding.top1_agreement", float(top1.mean()), 0.0, names[int(top1.argmin())]),
        ]
    if {"scores", "distances"} <= set(network.outputs):
        (scores, _), (e, f) = (columns[network.outputs.index(name)] for name in ("scores", "distances"))
        iou = _box_ious(scores[:, 0], e[:, 0], f[:, 0])
        worst = int(iou.mean(1).argmin())
        return [
            Measure("boxes.iou_mean", float(iou.mean()), least["iou_mean"], names[worst]),
            Measure("boxes.iou_min", float(iou.mean(1)[worst]), least["iou_min"], names[worst]),
        ]
    return []


def _agreement(e: np.ndarray, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per photo: overlap of the ten nearest, and equality of the nearest, of the other photos.

    The gallery is PyTorch's embeddings for both, as a catalogue is embedded once and queried by phones.
    """
    unit = [side / np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-12) for side in (e, f)]
    tops = []
    for side in unit:
        similarity = side @ unit[0].T
        np.fill_diagonal(similarity, -np.inf)
        tops.append(np.argsort(-similarity, axis=1, kind="stable")[:, : min(TOP, len(e) - 1)])
    overlap = np.array([len(set(a) & set(b)) / max(1, len(a)) for a, b in zip(*tops, strict=True)])
    return overlap, tops[0][:, 0] == tops[1][:, 0]


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
            kind = "real photos" if report.source == "real" else "drawn pictures (no real photos were found)"
            lines += [f"{report.photos} {kind}.", *report.faults, ""]
            lines += ["| measure | found | needed | worst photo |", "|---|---:|---:|---|"]
            lines += [f"| {m.name} | {m.value:.4f} | {m.least} | {m.worst} |" for m in report.measures] + [""]
        outside = ", ".join(f"{count} {name}" for name, count in head.outside.items())
        lines += [f"Outside the neural unit by the toolchain's report: {outside or 'none reported'}.", ""]
    return lines
