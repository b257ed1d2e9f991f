"""``pocketshelf-train enrolment``: fit `pocketshelf.formats.enrolment`, its weight chosen on val.

Photos of split train and the shop pictures of the products that the training knew make it. Where the model
left products out, the weight is the one with the best harmonic mean of the R@1 of known and of new products
on val, as generalized zero-shot learning is measured (Xian, Schiele and Akata, CVPR 2017, section 3.3); else
the one with the best R@1.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import FileSpec, load_bundle, write_bundle
from pocketshelf.formats.enrolment import Enrolment, fit, save_enrolment
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.embedder_figures import vector_of
from pocketshelf_training.metrics.ranking import rank
from pocketshelf_training.predict.left_out import recorded
from pocketshelf_training.predict.model import open_model
from pocketshelf_training.predict.predictor import Predictor

__all__ = ["MARGINS", "WEIGHTS", "add_arguments", "figure", "run"]

FILE_NAME = "enrolment.npz"
# What is taken from cosines to pictures that the training had.
MARGINS = tuple(round(0.02 * step, 2) for step in range(16))
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
# Of each product, so that none makes the centre.
PHOTOS_OF_A_PRODUCT = 12


class _Gallery(NamedTuple):
    vectors: np.ndarray
    products: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="checkpoint, model file or bundle")
    parser.add_argument("--weight", type=values.share, help="of the adjustment (default: the best on val)")
    parser.add_argument(
        "--margin",
        type=values.amount,
        help="taken from what the training had, 0.1 say (default: the best on val, 0 with --weight)",
    )
    add_data(parser)
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of predictions")
    parser.add_argument("--out", type=Path, help="the .npz to write (default: the bundle takes it in)")


def run(args: argparse.Namespace) -> int:
    if args.out is None and not args.model.is_dir():
        raise UsageError("--out: name the .npz to write; only a bundle's folder takes it in by itself")
    model = open_model(args.model, "embedder")
    hidden = recorded(model)
    shop = grocery.shop_pictures(args.data)
    photos = _few_of_each(grocery.photos("train", args.data), hidden)
    predictor = Predictor(model, args.cache)
    pictures = _vectors(predictor, shop, "shop pictures")
    known = np.array([sample.identity not in hidden for sample in shop])
    enrolment = fit(_vectors(predictor, photos, "training photos"), pictures[known], 0.0)
    weight, margin = args.weight, args.margin or 0.0
    if weight is None:
        val = grocery.photos("val", args.data)
        gallery = _Gallery(pictures, [str(sample.identity) for sample in shop])
        margins = MARGINS if args.margin is None else (args.margin,)
        weight, margin = _best(enrolment, hidden, _vectors(predictor, val, "val"), val, gallery, margins)
    out: Path = args.out or args.model / FILE_NAME
    save_enrolment(out, replace(enrolment, weight=weight, margin=margin))
    if args.out is None:
        write_bundle(replace(load_bundle(args.model), enrolment=FileSpec(FILE_NAME)))
    size = out.stat().st_size / 1e3
    tell(f"{out}: {len(photos)} photos, weight {weight:g}, margin {margin:g}, {size:.0f} kB")
    return 0


def _few_of_each(photos: Sequence[Sample], hidden: set[str]) -> list[Sample]:
    taken: dict[str, list[Sample]] = {}
    for photo in photos:
        if photo.identity not in hidden:
            taken.setdefault(str(photo.identity), []).append(photo)
    return [photo for of in taken.values() for photo in of[:PHOTOS_OF_A_PRODUCT]]


def _vectors(predictor: Predictor, samples: Sequence[Sample], what: str) -> np.ndarray:
    """Raises UsageError: a picture cannot be read."""
    found = [vector_of(each) for each in predictor(samples, what)]
    if any(vector is None for vector in found):
        raise UsageError(f"one of the {what} cannot be read")
    return np.stack(found)  # type: ignore[arg-type]


def _best(
    enrolment: Enrolment,
    hidden: set[str],
    queries: np.ndarray,
    photos: Sequence[Sample],
    gallery: _Gallery,
    margins: Sequence[float],
) -> tuple[float, float]:
    """Weight and margin with the best figure; of equal ones the smallest."""
    labels = [str(photo.identity) for photo in photos]
    new = np.array([label in hidden for label in labels])
    best: dict[tuple[float, float], float] = {}
    for margin in margins:
        found = {}
        for weight in WEIGHTS:
            adjusted = replace(enrolment, weight=weight, margin=margin)(gallery.vectors)
            rankings = rank(list(queries), labels, list(adjusted), gallery.products)
            found[weight] = figure(np.array([ranking.first < 1 for ranking in rankings]), new)
        weight = max(found, key=lambda weight: (found[weight][0], -weight))
        best[weight, margin] = found[weight][0]
        tell(f"margin {margin:g}, weight {weight:g}: {found[weight][1]}")
    return max(best, key=lambda pair: (best[pair], -pair[1]))


def figure(right: np.ndarray, new: np.ndarray) -> tuple[float, str]:
    """R@1; where there are new products, the harmonic mean of theirs and the known ones'."""
    if not new.any():
        return float(right.mean()), f"R@1 {right.mean():.3f} of {len(right)} val photos"
    known, unseen = float(right[~new].mean()), float(right[new].mean())
    mean = 2 * known * unseen / max(known + unseen, 1e-9)
    counts = f"{(~new).sum()} and {new.sum()} val photos"
    return (
        mean,
        f"R@1 {known:.3f} of known products, {unseen:.3f} of new ones ({counts}), harmonic mean {mean:.3f}",
    )
