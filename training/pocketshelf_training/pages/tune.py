"""Choose, on val alone, what a bundle leaves open: the score threshold and the frame's weight a group.

The threshold is the one with the best mean F1 (IoU 0.5) over the garment groups of the street photos. The
frame's weight in a region's query is chosen by R@1 of the grocery photos for goods, by top-1 of the
clothing photos for garments, both searched with detection. What is chosen goes into the detector's
record, from where every export takes it, and into the bundle.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.formats.bundle import Bundle, default_bundle, load_bundle, write_bundle
from pocketshelf_training.data.street import GARMENT_GROUPS, load_photos
from pocketshelf_training.detector.evaluate import to_boxes, true_boxes
from pocketshelf_training.metrics.average_precision import Boxes, iou
from pocketshelf_training.models.checkpoint import export_npz, load_checkpoint
from pocketshelf_training.pages.retrieval import clothing_figures, grocery_figures
from pocketshelf_training.predict import commands

__all__ = ["add_arguments", "f1", "run"]

THRESHOLDS = tuple(round(0.15 + 0.05 * step, 2) for step in range(9))
WEIGHTS = (0.0, 0.3, 0.5, 0.7)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, help="folder of the bundle (default: the one that ships)")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")


def f1(true: dict[str, Boxes], found: dict[str, Boxes], threshold: float) -> float:
    """Mean F1 over the groups: harmonic mean of precision and recall of boxes from ``threshold`` on."""
    values = []
    for group in GARMENT_GROUPS:
        right = proposed = wanted = 0
        for photo, truth in true.items():
            boxes, _ = truth.of(group)
            candidates, scores = found[photo].of(group) if photo in found else (np.zeros((0, 4)), np.zeros(0))
            kept = candidates[scores >= threshold]
            wanted, proposed = wanted + len(boxes), proposed + len(kept)
            if len(boxes) and len(kept):
                # Suppression leaves one box a thing, so that matching one way is enough here.
                right += int((iou(boxes, kept).max(1) >= 0.5).sum())
        if wanted:
            values.append(2 * right / max(1, proposed + wanted))
    return float(np.mean(values))


def _best_threshold(bundle: Bundle, root: str | None) -> float:
    photos = load_photos("val", root)
    lines = commands.detect([photo.image for photo in photos], bundle.folder)
    found = {line["photo"]: to_boxes(line["regions"]) for line in lines if "regions" in line}
    table = {threshold: f1(true_boxes(photos), found, threshold) for threshold in THRESHOLDS}
    _say("street val, mean F1 by threshold: " + ", ".join(f"{t}: {v:.3f}" for t, v in table.items()))
    return max(table, key=lambda threshold: table[threshold])


def _with(bundle: Bundle, folder: Path, threshold: float, weights: dict[str, float]) -> Path:
    """A copy of the bundle with other settings."""
    assert bundle.detector is not None
    changed = replace(bundle.detector, score_threshold=threshold, frame_weight=weights)
    if bundle.folder != folder:
        shutil.copytree(bundle.folder, folder, dirs_exist_ok=True)
    write_bundle(replace(bundle, folder=folder, detector=changed))
    return folder


def _frame_weights(bundle: Bundle, root: str | None, threshold: float) -> dict[str, float]:
    goods, garments = {}, {}
    with tempfile.TemporaryDirectory() as name:
        for weight in WEIGHTS:
            groups: Iterable[str] = ("goods", *GARMENT_GROUPS) if weight else ()
            folder = _with(bundle, Path(name) / "bundle", threshold, dict.fromkeys(groups, weight))
            goods[weight] = grocery_figures(root, folder, "val", ways=("detection",))["detection"][
                "R@1"
            ].value
            garments[weight] = clothing_figures(root, folder, whole=False)["top-1"].value
            _say(
                f"frame weight {weight}: grocery val R@1 {goods[weight]:.3f}, "
                f"clothing val top-1 {garments[weight]:.3f}"
            )
    # Of equals the smaller: a crop says more about one thing among many than these photos can show.
    best = max(WEIGHTS, key=lambda w: (goods[w], -w)), max(WEIGHTS, key=lambda w: (garments[w], -w))
    chosen = {"goods": best[0], **dict.fromkeys(GARMENT_GROUPS, best[1])}
    return {group: weight for group, weight in chosen.items() if weight}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle or default_bundle())
    threshold = _best_threshold(bundle, args.data)
    weights = _frame_weights(bundle, args.data, threshold)
    _with(bundle, bundle.folder, threshold, weights)
    record = bundle.folder / "detector.npz"
    checkpoint = load_checkpoint(record, kind="detector")
    meta = {**checkpoint.meta, "score_threshold": threshold, "frame_weight": weights}
    export_npz(record, "detector", checkpoint.config, checkpoint.state, meta)
    print(json.dumps({"score_threshold": threshold, "frame_weight": weights}))
    return 0
