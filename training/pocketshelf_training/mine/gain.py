"""What mined identities teach: a linear projection fitted to them, against true labels and against none.

The features are those of a network that saw none of these products, ImageNet's, so that there is something
to learn; they are mined by themselves. A linear projection stands for a training, which takes hours:
discriminant analysis (Fisher, 1936), or the whitening of what pictures of one product differ in alone
(within-class covariance normalisation: Hatch, Kajarekar and Stolcke, 2006). The second pushes no two
clusters apart, which mined ones, pure but several to a product, would be wrongly; which of the two is
taken, val says, for mined and true labels alike."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf_training.data import grocery
from pocketshelf_training.metrics.intervals import Figure, recalls
from pocketshelf_training.mine.cluster import Settings, cluster
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import embedded_of

__all__ = [
    "Known",
    "Whitened",
    "gain_of",
    "imagenet",
    "learnt",
    "mined_labels",
    "shop_places",
    "unit",
    "whitened",
]

REACHES, SHRINKAGES = (0.1, 0.15, 0.3), (0.3, 0.6, 0.9)
# How far above the reach mutual neighbours may lie.
ABOVE = 0.03
COMPONENTS, LEAST = 128, 3
SIZE = 224


@dataclass(frozen=True)
class Known:
    """A split's photos: features float32 (n, D), and the products (n,) that were hidden."""

    features: np.ndarray
    products: np.ndarray


def imagenet(root: str | Path | None, cache: Path) -> dict[str, Known]:
    """Pooled features of whole grocery pictures by a trunk that ImageNet alone taught, kept in ``cache``.

    Returns:
        The photos of the splits, and the shop's pictures as "shop".
    """
    # torch: only where the features are asked for.
    from pocketshelf_training.adapt.features import pooled
    from pocketshelf_training.models.embedder import Embedder

    network = Embedder(["goods"], variant="lite0", size=SIZE)
    network.trunk.load_imagenet()
    known = {}
    for name in ("train", "val", "test", "shop"):
        samples = grocery.shop_pictures(root) if name == "shop" else grocery.photos(name, root)
        features, readable = pooled(network, [each.image for each in samples], name, cache)
        known[name] = Known(features[readable], np.array([each.identity for each in samples])[readable])
    return known


def mined_labels(features: np.ndarray, reach: float) -> np.ndarray:
    """Cluster numbers (n,), -1 for none, of centred features without any label or category."""
    rows = features / np.linalg.norm(features, axis=1, keepdims=True)
    pictures = [Picture(Path(str(number)), str(number)) for number in range(len(rows))]
    embedded = embedded_of(pictures, rows - rows.mean(0), np.ones((len(rows), 1), np.float32), ["goods"])
    return cluster(embedded, Settings(colours=0.0, reach=reach, near=reach + ABOVE))[0]


def learnt(features: np.ndarray, labels: np.ndarray, shrinkage: float) -> Any:
    """The discriminant analysis of the features (n, D) whose label (n,) is not -1 and has `LEAST` of them."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    names, counts = np.unique(labels, return_counts=True)
    names = names[(names != -1) & (counts >= LEAST)]
    found = np.isin(labels, names)
    count = min(COMPONENTS, len(names) - 1)
    model = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage, n_components=count)
    return model.fit(unit(features[found]), labels[found])


@dataclass(frozen=True)
class Whitened:
    """Unit features less their mean, times the inverse root of the shrunk scatter within products."""

    mean: np.ndarray
    matrix: np.ndarray

    def transform(self, rows: np.ndarray) -> np.ndarray:
        """Float (n, D) to float (n, D)."""
        return (rows - self.mean) @ self.matrix


def whitened(features: np.ndarray, labels: np.ndarray, shrinkage: float) -> Whitened:
    """By the features (n, D) whose label (n,) is not -1 and has two of them at least.

    Raises:
        ValueError: there are none.
    """
    rows = unit(features).astype(np.float64)
    names, counts = np.unique(labels, return_counts=True)
    groups = [rows[labels == name] for name in names[(names != -1) & (counts > 1)]]
    if not groups:
        raise ValueError("no label has two pictures")
    # Each group's scatter without the bias of its small size.
    within = np.concatenate([(g - g.mean(0)) * np.sqrt(len(g) / (len(g) - 1)) for g in groups])
    scatter = within.T @ within / len(within)
    level = np.trace(scatter) / len(scatter)
    values, vectors = np.linalg.eigh((1 - shrinkage) * scatter + shrinkage * level * np.eye(len(scatter)))
    return Whitened(rows.mean(0), (vectors / np.sqrt(values)) @ vectors.T)


def shop_places(photos: Known, shop: Known, model: Any = None) -> np.ndarray:
    """Of each photo the place (n,), from 0, of its product's picture among the shop's, by cosine."""
    rows, gallery = unit(photos.features), unit(shop.features)
    if model is not None:
        rows, gallery = unit(model.transform(rows)), unit(model.transform(gallery))
    same = photos.products[:, None] == shop.products
    order = np.argsort(-(rows @ gallery.T), axis=1, kind="stable")
    return np.take_along_axis(same, order, axis=1).argmax(1)


def gain_of(known: dict[str, Known]) -> dict[str, Any]:
    """R@1 of test's photos among the shop's pictures: without learning, by train's mined and true labels.

    How far clusters reach, what is learnt of them and how much the scatter is shrunk, is chosen on val, for
    both alike; "ways" holds both of what may be learnt, each as val would have it.
    """
    train, shop = known["train"], known["shop"]
    mined = {reach: mined_labels(train.features, reach) for reach in REACHES}
    _, numbers = np.unique(train.products, return_inverse=True)

    def on_val(model: Any) -> float:
        return float((shop_places(known["val"], shop, model) == 0).mean())

    def on_test(model: Any) -> Figure:
        return recalls(shop_places(known["test"], shop, model), [1])["R@1"]

    figures: dict[str, Figure] = {"none": on_test(None)}
    ways: dict[str, dict[str, str]] = {way: {} for way in WAYS}
    for name, labellings in (("mined", list(mined.values())), ("true", [numbers])):
        best = {
            way: max(
                (learn(train.features, *each) for each in itertools.product(labellings, SHRINKAGES)),
                key=on_val,
            )
            for way, learn in WAYS.items()
        }
        for way, model in best.items():
            ways[way][name] = str(on_test(model))
        figures[name] = on_test(max(best.values(), key=on_val))
    none, own, true = (figures[name].value for name in ("none", "mined", "true"))
    recovered = (own - none) / (true - none) if true != none else 0.0
    said = {name: str(figure) for name, figure in figures.items()}
    return {**said, "recovered": round(recovered, 3), "ways": ways}


WAYS = {"discriminant analysis": learnt, "whitening": whitened}


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows (n, d) brought to length 1; one of zeros stays."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
