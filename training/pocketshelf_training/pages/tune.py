"""Choose, on val alone, what a bundle leaves open: the score threshold and the frame's weight a group.

The threshold is the one with the best mean F1 (IoU 0.5) over the garment groups of the street photos. The
frame's weight in a region's query is chosen by R@1 of the grocery photos for goods, by top-1 of the
clothing photos for garments, both searched with detection. What is chosen goes into the detector's
record, from where every export takes it, and into the bundle.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.cli.output import print_json, say_lines
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf.runtime import open_model as open_runner
from pocketshelf.stages.detect import NetworkDetector, pairwise_iou
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf_training.data import clothing, grocery, street
from pocketshelf_training.data.shelves import shelves
from pocketshelf_training.data.street import GARMENT_GROUPS
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.metrics.detector_figures import by_photo, true_boxes
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.pages.page import add_bundle
from pocketshelf_training.pages.results import clothing_figures, grocery_figures
from pocketshelf_training.predict.model import Crop, open_model
from pocketshelf_training.predict.shelf import grocery_store

__all__ = ["add_arguments", "best_weight", "f1", "run"]

THRESHOLDS = tuple(round(0.15 + 0.05 * step, 2) for step in range(9))
WEIGHTS = (0.0, 0.3, 0.5, 0.7)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)


def f1(true: Mapping[Path, Boxes], found: Mapping[Path, Boxes], threshold: float) -> float:
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
                right += int((pairwise_iou(boxes, kept).max(1) >= 0.5).sum())
        if wanted:
            values.append(2 * right / max(1, proposed + wanted))
    return float(np.mean(values))


def _best_threshold(bundle: Bundle, root: str | None) -> float:
    truth = true_boxes(sample for sample in street.load(root) if sample.split == "val")
    predict = open_model(bundle.folder, "detector").load()
    found = by_photo(truth, (predict(Crop(photo)) for photo in truth))
    table = {threshold: f1(truth, found, threshold) for threshold in THRESHOLDS}
    _say("street val, mean F1 by threshold: " + ", ".join(f"{t}: {v:.3f}" for t, v in table.items()))
    return max(table, key=lambda threshold: table[threshold])


def _with(bundle: Bundle, threshold: float, weights: Mapping[str, float]) -> Bundle:
    """The bundle with other settings."""
    if bundle.detector is None:
        raise BundleError(f"{bundle.folder}: this bundle has no detector")
    return replace(
        bundle,
        detector=replace(
            bundle.detector,
            score_threshold=threshold,
            frame_weight=dict(weights),
        ),
    )


def _frame_weights(bundle: Bundle, root: str | None, threshold: float) -> dict[str, float]:
    bundle = _with(bundle, threshold, {})
    embedder = NetworkEmbedder(bundle.embedder, open_runner(bundle.embedder_path))
    assert bundle.detector is not None and bundle.detector_path is not None
    detector = NetworkDetector(bundle.detector, open_runner(bundle.detector_path))
    photos, garments = grocery.photos("val", root), clothing.load(root)
    for_goods, for_garments = {}, {}
    with grocery_store(Encoder(bundle, embedder, detector), root) as store:
        for weight in WEIGHTS:
            groups: Sequence[str] = ("goods", *GARMENT_GROUPS) if weight else ()
            encoder = Encoder(_with(bundle, threshold, dict.fromkeys(groups, weight)), embedder, detector)
            for_goods[weight] = grocery_figures(store, encoder, photos, whole=False)["R@1"].value
            found = clothing_figures(store, encoder, garments, "val", whole=False)
            for_garments[weight] = found["top-1"].value
            _say(
                f"frame weight {weight}: grocery val R@1 {for_goods[weight]:.3f}, "
                f"clothing val top-1 {for_garments[weight]:.3f}"
            )
    goods, garment = best_weight(for_goods), best_weight(for_garments)
    chosen = {"goods": goods, **dict.fromkeys(GARMENT_GROUPS, garment)}
    return {group: weight for group, weight in chosen.items() if weight}


def best_weight(figures: Mapping[float, float]) -> float:
    """Of equals the smaller: a crop says more about one thing among many than these photos can show."""
    return max(figures, key=lambda weight: (figures[weight], -weight))


def _say(text: str) -> None:
    say_lines(text)


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle)
    threshold = _best_threshold(bundle, args.data)
    weights = _frame_weights(bundle, args.data, threshold)
    bundle = _with(bundle, threshold, weights)
    assert bundle.detector is not None
    known = {group: names for group, names in shelves(args.data).items() if group in bundle.detector.groups}
    write_bundle(replace(bundle, detector=replace(bundle.detector, categories=known)))
    record = bundle.folder / "detector.npz"
    checkpoint = load_checkpoint(record, kind="detector")
    meta = {**checkpoint.meta, "score_threshold": threshold, "frame_weight": weights}
    meta["categories"] = {group: list(names) for group, names in known.items()}
    save_checkpoint(record, "detector", checkpoint.config, checkpoint.state, meta)
    print_json({"score_threshold": threshold, "frame_weight": weights})
    return 0
