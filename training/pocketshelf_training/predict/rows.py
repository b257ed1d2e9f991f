"""The rows of a table of unseen products: each a way to make a vector of a gallery's picture and of a photo.

Written ``NAME=MODEL``, where MODEL is ``imagenet[:VARIANT[@SIZE]]``, the frozen trunk's pooled features;
``lda[:…]``, linear discriminants of these; a checkpoint; or a bundle's folder or name, which runs as on a
phone."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.colours import WEIGHT, histograms, looked_at, palette_of
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import decode_photo, network_input, read_photo
from pocketshelf_training.data import grocery, shop
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.models import lda
from pocketshelf_training.models.checkpoint import FORMS, load_checkpoint
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, normalise
from pocketshelf_training.models.ensemble import read_embedder
from pocketshelf_training.models.projection import Projection
from pocketshelf_training.models.specs import embedder_spec
from pocketshelf_training.predict.model import crop_of
from pocketshelf_training.predict.runner import NetworkRunner

__all__ = ["SHRINKAGES", "TRUNKS", "Embed", "Row", "colours_of", "features_of", "rows_of"]

# A picture to its unit vector; a photo may have several, of which the nearest counts.
Embed = Callable[[Sample], np.ndarray]
TRUNKS = ("imagenet", "lda")
# Of the covariance within products; the best on the shop's val styles is taken.
SHRINKAGES = (0.03, 0.1, 0.3, 0.6, 0.9)


class Row(NamedTuple):
    """One way to make vectors: of a gallery's picture, and of a query's photo."""

    name: str
    enrol: Embed
    ask: Embed


def rows_of(given: Sequence[str], root: str | None = None) -> list[Row]:
    """The rows that ``NAME=MODEL`` entries name; a checkpoint and a bundle make two, whole and by box.

    Args:
        root: folder of the real photos, which LDA is fitted on.

    Raises:
        UsageError: no such row. BundleError, CheckpointError: a model is missing or damaged.
    """
    return [row for entry in given for row in _rows(entry, root)]


def _rows(entry: str, root: str | None) -> Iterable[Row]:
    name, _, model = entry.partition("=")
    if not name or not model:
        raise UsageError(f"--row {entry}: write NAME=MODEL")
    kind = model.split(":")[0]
    if kind in TRUNKS:
        embed = features_of(model, root)
        return [Row(name, embed, embed)]
    path = Path(model)
    return _both(name, _of_checkpoint(path) if path.suffix in FORMS else Encoder.open(model))


def features_of(model: str, root: str | None = None, hidden: Collection[str] = ()) -> Embed:
    """``imagenet[:…]`` or ``lda[:…]``, the latter fitted without the ``hidden`` products.

    Raises:
        UsageError: no such variant or size.
    """
    pooled = _pooled(model.partition(":")[2], model)
    return pooled if model.split(":")[0] == "imagenet" else _discriminants(pooled, root, hidden)


def colours_of(region: EncodedRegion) -> np.ndarray:
    """Its histograms (n, 700), n > 0: of nothing where the photo says nothing of colours."""
    return histograms([""]) if region.colours is None else region.colours


def _both(name: str, encoder: Encoder) -> list[Row]:
    """By box: the labelled one where there is one, as several things may be shown; else the detector's."""

    def enrol(sample: Sample) -> np.ndarray:
        return encoder.enrol(sample.image)

    def ask(sample: Sample, whole: bool) -> np.ndarray:
        return encoder.encode(sample.image, whole).regions[0].embedding.vector

    def boxed(sample: Sample, otherwise: Embed) -> np.ndarray:
        crop = crop_of(sample)
        return encoder.embed(crop.image, crop.box) if crop.box else otherwise(sample)

    def enrol_coloured(sample: Sample) -> np.ndarray:
        photo = read_photo(sample.image)
        return _beside(encoder.enrol(photo), histograms([palette_of(looked_at(photo))])[0])

    def ask_coloured(sample: Sample, whole: bool) -> np.ndarray:
        region = encoder.encode(sample.image, whole).regions[0]
        return np.stack([_beside(region.embedding.vector, each) for each in colours_of(region)])

    rows = [Row(f"{name}, whole", enrol, functools.partial(ask, whole=True))]
    if encoder.bundle.detector is not None:
        by_box = functools.partial(boxed, otherwise=functools.partial(ask, whole=False))
        rows.append(Row(f"{name}, by box", functools.partial(boxed, otherwise=enrol), by_box))
    ways = {"whole": True, "by box": False} if encoder.bundle.detector is not None else {"whole": True}
    for way, whole in ways.items():
        asks = functools.partial(ask_coloured, whole=whole)
        rows.append(Row(f"{name} with colours, {way}", enrol_coloured, asks))
    return rows


def _beside(vector: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Both in one, so that dot products are scores as `pocketshelf.stages.colours.by_colour` ranks them."""
    return np.concatenate([vector, np.sqrt(WEIGHT) * colours])


def _of_checkpoint(path: Path) -> Encoder:
    """PyTorch, float, behind the stages of the bundle that ships, whose detector it borrows."""
    network, shipped = read_embedder(path), load_bundle(None)
    spec = embedder_spec(network, load_checkpoint(path).meta)
    stage = NetworkEmbedder(spec, NetworkRunner(network))
    return Encoder.open(replace(shipped, embedder=spec, enrolment=None), embedder=stage)


@functools.cache
def _pooled(trunk: str, given: str) -> Embed:
    """The frozen trunk's pooled features of the whole picture; each picture is looked at once.

    Raises:
        UsageError: no such variant or size.
    """
    variant, _, size = trunk.partition("@")
    try:
        network = EfficientNetLite(variant or "lite0").load_imagenet().eval()
        preprocessing = Preprocessing((int(size or 224),) * 2)
    except (ValueError, ModuleNotFoundError) as error:
        raise UsageError(f"{given}: {error}; write imagenet:lite0@224 or lda:lite0@224") from None
    kept: dict[Path, np.ndarray] = {}

    @torch.no_grad()
    def embed(sample: Sample) -> np.ndarray:
        if sample.image not in kept:
            pixels = network_input(decode_photo(sample.image).pixels, preprocessing)
            pooled = network.pooled(normalise(torch.tensor(pixels)[None]))[0].numpy()
            kept[sample.image] = pooled / np.linalg.norm(pooled)
        return kept[sample.image]

    return embed


def _discriminants(pooled: Embed, root: str | None, hidden: Collection[str] = ()) -> Embed:
    """LDA on split train of the groceries and of the shop, as trainings see them; shrinkage chosen on val."""
    items = shop.load(root)
    seen = [s for s in (*grocery.load(root), *items) if s.split == "train" and s.identity not in hidden]
    counts = Counter(s.identity for s in seen)
    known = [s for s in seen if counts[s.identity] > 1]  # One picture says nothing of how a product varies.
    rows, labels = np.stack([pooled(s) for s in known]), np.array([s.identity for s in known])
    fitted = [_fit(rows, labels, shrinkage) for shrinkage in SHRINKAGES]
    asked = [s for s in items if s.domain == "street" and s.split == "val"]
    shown = [s for s in items if s.domain == "shop"]

    names, theirs = (np.array([s.identity for s in part]) for part in (asked, shown))

    def right(fit: Projection) -> int:
        queries, gallery = (fit.apply(np.stack([pooled(s) for s in part])) for part in (asked, shown))
        return int((theirs[(queries @ gallery.T).argmax(1)] == names).sum())

    best = max(fitted, key=right)
    return lambda sample: best.apply(pooled(sample)[None])[0]


def _fit(rows: np.ndarray, labels: np.ndarray, shrinkage: float) -> Projection:
    most = lda.limit(labels)
    return lda.fit(rows, labels, [min(most, rows.shape[1])], shrinkage)[min(most, rows.shape[1])]
