"""``pocketshelf-train enrolment``: fit `pocketshelf.formats.enrolment`, its weight chosen on val.

Photos of split train and the shop pictures of the products that the training knew make it. Where the model
left products out, the weight is the one with the best harmonic mean of the R@1 of known and of new products
on val, as generalized zero-shot learning is measured (Xian, Schiele and Akata, CVPR 2017, section 3.3); else
the one with the best R@1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from pocketshelf_training.outputs import require_file
from pocketshelf_training.predict.left_out import recorded
from pocketshelf_training.predict.model import open_model
from pocketshelf_training.predict.predictor import Predictor

__all__ = ["MARGINS", "WEIGHTS", "Galleries", "Look", "add_arguments", "affordable", "figure", "run"]

# Some samples, and what they are in words, to a prediction each: a `Predictor`, or what stands for one.
Look = Callable[[Sequence[Sample], str], Sequence[Any]]
FILE_NAME = "enrolment.npz"
# What is taken from cosines to pictures that the training had.
MARGINS = tuple(round(0.02 * step, 2) for step in range(16))
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
# Of each product, so that none makes the centre.
PHOTOS_OF_A_PRODUCT = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="checkpoint, model file or bundle")
    parser.add_argument("--weight", type=values.share, help="of the adjustment (default: the best on val)")
    parser.add_argument(
        "--margin",
        type=values.amount,
        help="taken from what the training had, 0.1 say (default: the best on val, 0 with --weight)",
    )
    parser.add_argument(
        "--cost",
        type=values.share,
        help="R@1 that known products may lose on val at most (default: the best harmonic mean)",
    )
    add_data(parser)
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of predictions")
    parser.add_argument("--out", type=Path, help="the .npz to write (default: the bundle takes it in)")


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    if args.out is None and not args.model.is_dir():
        raise UsageError("--out: name the .npz to write; only a bundle's folder takes it in by itself")
    model = open_model(args.model, "embedder")
    predictor = Predictor(model, args.cache)
    galleries = Galleries(predictor, recorded(model), args.data)
    weight, margin = args.weight, args.margin or 0.0
    if weight is None:
        weight, margin = galleries.best(MARGINS if args.margin is None else (args.margin,), args.cost)
    out: Path = args.out or args.model / FILE_NAME
    save_enrolment(out, galleries.enrolment(weight, margin))
    if args.out is None:
        write_bundle(replace(load_bundle(args.model), enrolment=FileSpec(FILE_NAME)))
    size = out.stat().st_size / 1e3
    tell(f"{out}: {galleries.photos} photos, weight {weight:g}, margin {margin:g}, {size:.0f} kB")
    return 0


class Galleries:
    """The shop's pictures as a model sees them, plain and enrolled.

    Args:
        hidden: products that the model's training did not have.
        root: folder of the real photos.

    Raises:
        UsageError: a picture cannot be read.
    """

    def __init__(self, predictor: Look, hidden: set[str], root: str | None) -> None:
        self.predictor, self.hidden, self.root = predictor, hidden, root
        shop = grocery.shop_pictures(root)
        photos = _few_of_each(grocery.photos("train", root), hidden)
        self.photos = len(photos)
        self.products = [str(sample.identity) for sample in shop]
        self.pictures = _vectors(predictor, shop, "shop pictures")
        known = np.array([product not in hidden for product in self.products])
        self._asked: dict[tuple[Path, ...], np.ndarray] = {}
        self._fitted = fit(_vectors(predictor, photos, "training photos"), self.pictures[known], 0.0)

    def enrolment(self, weight: float, margin: float) -> Enrolment:
        """Of this weight and margin."""
        return replace(self._fitted, weight=weight, margin=margin)

    def rightly(
        self, photos: Sequence[Sample], gallery: np.ndarray, only: set[str] | None = None
    ) -> np.ndarray:
        """Bool (n,): the first hit of each photo among ``gallery`` (of `pictures`' order) is its product.

        Args:
            only: search among these products alone.
        """
        rows = [i for i, product in enumerate(self.products) if only is None or product in only]
        names = [str(photo.identity) for photo in photos]
        queries = list(self._queries(photos))
        found = rank(queries, names, [gallery[i] for i in rows], [self.products[i] for i in rows])
        return np.array([ranking.first < 1 for ranking in found])

    def _queries(self, photos: Sequence[Sample]) -> np.ndarray:
        """Their vectors (n, d), which a choice asks for hundreds of times."""
        key = tuple(photo.image for photo in photos)
        if key not in self._asked:
            self._asked[key] = _vectors(self.predictor, photos, "photos")
        return self._asked[key]

    def best(self, margins: Sequence[float] = MARGINS, cost: float | None = None) -> tuple[float, float]:
        """Weight and margin with the best figure on val; of equal ones the smallest.

        Args:
            cost: R@1 that known products may lose on val at most; then new products' R@1 is what counts.
        """
        val = grocery.photos("val", self.root)
        new = np.array([photo.identity in self.hidden for photo in val])
        plain = self.rightly(val, self.pictures)
        best: dict[tuple[float, float], float] = {}
        for margin in margins:
            found = {}
            for weight in WEIGHTS:
                right = self.rightly(val, self.enrolment(weight, margin)(self.pictures))
                found[weight] = figure(right, new) if cost is None else affordable(right, plain, new, cost)
            weight = max(found, key=lambda weight: (found[weight][0], -weight))
            best[weight, margin] = found[weight][0]
            tell(f"margin {margin:g}, weight {weight:g}: {found[weight][1]}")
        return max(best, key=lambda pair: (best[pair], -pair[1]))


def _few_of_each(photos: Sequence[Sample], hidden: set[str]) -> list[Sample]:
    taken: dict[str, list[Sample]] = {}
    for photo in photos:
        if photo.identity not in hidden:
            taken.setdefault(str(photo.identity), []).append(photo)
    return [photo for of in taken.values() for photo in of[:PHOTOS_OF_A_PRODUCT]]


def _vectors(predictor: Look, samples: Sequence[Sample], what: str) -> np.ndarray:
    """Raises UsageError: a picture cannot be read."""
    found = [vector_of(each) for each in predictor(samples, what)]
    if any(vector is None for vector in found):
        raise UsageError(f"one of the {what} cannot be read")
    return np.stack(found)  # type: ignore[arg-type]


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


def affordable(right: np.ndarray, plain: np.ndarray, new: np.ndarray, cost: float) -> tuple[float, str]:
    """R@1 of new products where known ones lose ``cost`` at most against the plain gallery; else below 0."""
    if not new.any():
        return figure(right, new)
    lost = float(plain[~new].mean() - right[~new].mean())
    unseen = float(right[new].mean())
    said = f"known products lose {lost:.3f}, new ones have R@1 {unseen:.3f}"
    return (unseen if lost <= cost + 1e-9 else -lost), said
