"""What a calibration does on photos that it has not seen: by world, set of photos, and mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from pocketshelf_training.recall import evidence
from pocketshelf_training.recall.calibrate import Calibration, kinds_of_lacking, lacking
from pocketshelf_training.recall.evidence import Lines
from pocketshelf_training.recall.risk import clopper_pearson_upper

__all__ = ["figures", "known_figures", "lacking_figures"]


def figures(lines: Lines, calibration: Calibration) -> list[dict[str, Any]]:
    """A row for each kind of photo and mode: what the catalogue lacks, and what it holds."""
    rows: list[dict[str, Any]] = []
    for world, name in kinds_of_lacking(lines):
        for whole in (True, False):
            mine = [
                line
                for line in lines
                if (line["world"], line["set"]) == (world, name) and line["whole"] is whole
            ]
            about = {"world": world, "photos_of": name, "mode": "whole" if whole else "detected"}
            rows.append({**about, "kind": "lacking", **lacking_figures(mine, calibration)})
            full = [line for line in mine if line["rule"] == "all" and line["local"]]
            if full:
                rows.append({**about, "kind": "held", **known_figures(full, calibration)})
    return rows


def lacking_figures(lines: Lines, calibration: Calibration) -> dict[str, Any]:
    """Of photos whose product the catalogue lacks, one search each: how many get a confident answer."""
    drawn = evidence.one_a_photo(lacking(lines))
    table = evidence.read(drawn)
    confidences = calibration.confidences(table)
    sure = confidences >= calibration.confidence_control.threshold
    recall = calibration.local_recall(table)
    return {
        "searches": len(drawn),
        "confident": float(sure.mean()),
        "called_absent": _called_absent(calibration, confidences),
        "bound_95": float(clopper_pearson_upper(int(sure.sum()), len(sure), 0.05)),
        "asked": float((recall < calibration.recall_control.threshold).mean()),
        "median_local_recall": float(np.median(recall)),
    }


def known_figures(lines: Lines, calibration: Calibration) -> dict[str, Any]:
    """Of photos in the full catalogue that holds their product: what is right, and stays confident."""
    table = evidence.read(lines)
    confidences = calibration.confidences(table)
    sure = confidences >= calibration.confidence_control.threshold
    right = table.hits(1)
    recall = calibration.local_recall(table)
    return {
        "searches": len(lines),
        "right": float(right.mean()),
        "right_stays_confident": float(sure[right].mean()) if right.any() else None,
        "right_called_absent": _called_absent(calibration, confidences[right]),
        "confident_is_right": float(right[sure].mean()) if sure.any() else None,
        "asked": float((recall < calibration.recall_control.threshold).mean()),
        "median_local_recall": float(np.median(recall)),
    }


def _called_absent(calibration: Calibration, confidences: np.ndarray) -> float | None:
    """Share of which a page says "nothing like this here"; None where nothing says so, or of no search."""
    if calibration.absent_control is None or not len(confidences):
        return None
    return float((confidences < calibration.absent_control.threshold).mean())
