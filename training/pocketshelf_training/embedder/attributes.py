"""Attribute heads on a trained embedder: sleeve, neckline, closure, length, pattern, colour.

``pocketshelf-train train attributes --checkpoint runs/embedder/best.safetensors --studio runs/studio`` fits
one linear head an attribute (multinomial logistic regression, classes balanced) on the pooled features, which
stay as they are: so does the embedding, and with it every store. Pattern is learnt from real close-ups of
fabric and drawn garments; sleeve from real T-shirts and long-sleeved shirts, a shop's tops by its own menu,
and those drawn garments that have a sleeve of theirs; the rest from drawn garments only (synthetic). How much
to regularise is chosen on drawn garments and the shop's pictures of val.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pocketshelf.cli.output import print_json
from pocketshelf.errors import UsageError
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data import clothing, patterns, shop, studio
from pocketshelf_training.data.catalog import load_given, shown_name
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.data.protocol import DataMissing, Sample
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder, apart_from_heads
from pocketshelf_training.outputs import require_file

__all__ = ["ATTRIBUTES", "ATTRIBUTE_CATEGORIES", "add_arguments", "fit_head", "run", "sources"]

log = logging.getLogger("pocketshelf.training")

ATTRIBUTES = ("sleeve", "neckline", "closure", "length", "pattern", "colour")
# What an attribute is said of.
_TOPS = ("T-Shirt", "Longsleeve", "Shirt", "Outwear", "Dress")
ATTRIBUTE_CATEGORIES = {
    "sleeve": _TOPS,
    "neckline": _TOPS,
    "closure": (*_TOPS, "Pants", "Shorts", "Skirt"),
    "length": ("Dress", "Pants", "Shorts", "Skirt"),
    "pattern": MAIN_LABELS,
    "colour": MAIN_LABELS,
}
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3)
# The smallest strength within so much of the best is taken: small weights come through int8 best.
AS_GOOD = 0.02
# A label with fewer training pictures than this is left out.
FEWEST = 8
BATCH = 32
# What the home photos' labels say of a sleeve.
SLEEVES = {"T-Shirt": "short", "Longsleeve": "long"}
# What a shop's menu says of it.
MENU_SLEEVES = {
    "Tanks": "none",
    "Bras & Tanks": "none",
    "Tees": "short",
    "Hoodies & Sweatshirts": "long",
    "Jackets": "long",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, required=True, help="the embedder")
    parser.add_argument(
        "--out", type=Path, help="where to write it with heads (default: beside it, -attributes)"
    )
    parser.add_argument("--studio", type=Path, default=Path("runs/studio"), help="what `prepare studio` drew")
    add_data(parser)
    parser.add_argument(
        "--data-set",
        action="append",
        default=[],
        metavar="NAME[=FOLDER]",
        help="more pictures whose attributes are known, csv=PATH for one's own; attributes that only they "
        "know get heads, too; may repeat",
    )
    parser.add_argument(
        "--space", help="id of the embedding space, where a bundle with these weights has one already"
    )


def sources(data: str | None, drawn: Path, given: Sequence[str] = ()) -> dict[str, list[Sample]]:
    """The pictures by data set, of each what it says of the attributes above; those ``given`` of any.

    Raises:
        UsageError: there is no such folder ``drawn``, and nothing is given instead.
    """
    more = dict(load_given(name, data) for name in given)
    if not drawn.is_dir():
        if not more:
            raise UsageError(f"{drawn}: no such folder; `pocketshelf-train prepare studio` draws one")
        return {name: [s for s in samples if s.attributes] for name, samples in more.items()}
    found = more | {
        "studio": [_real_sleeves(sample) for sample in studio.load(drawn)],
        "patterns": patterns.load(data),
        "clothing": [
            replace(s, attributes={"sleeve": SLEEVES[s.category]})
            for s in clothing.load(data)
            if s.category in SLEEVES
        ],
        "shop": _by_menu(data),
    }
    return {name: [s for s in samples if s.attributes] for name, samples in found.items()}


def _real_sleeves(sample: Sample) -> Sample:
    """A drawn garment without its sleeve where no real photo has such a one (a cap, three quarters)."""
    real = {*SLEEVES.values(), *MENU_SLEEVES.values()}
    kept = {k: v for k, v in sample.attributes.items() if k != "sleeve" or v in real}
    return replace(sample, attributes=kept)


def _by_menu(data: str | None) -> list[Sample]:
    """The shop's pictures of tops, with the sleeve that its menu says they have; none without the shop."""
    try:
        menu, pictures = shop.menu(data), shop.load(data)
    except DataMissing as error:
        log.warning("no sleeves of a shop's tops: %s", error)
        return []
    sleeves = [(s, MENU_SLEEVES.get(menu.get(s.attributes["style"], ""))) for s in pictures]
    return [replace(s, attributes={"sleeve": worn}) for s, worn in sleeves if worn and s.category == "upper"]


@dataclass(frozen=True)
class Known:
    """Pooled features (n, D) of some pictures, and what is known of each."""

    features: np.ndarray
    samples: list[Sample]

    def of(
        self, attribute: str, split: str, labels: list[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Features and labels of the pictures of a split whose attribute is known (and in ``labels``)."""
        rows = [
            i
            for i, s in enumerate(self.samples)
            if s.split == split
            and attribute in s.attributes
            and (labels is None or s.attributes[attribute] in labels)
        ]
        return self.features[rows], np.array(
            [self.samples[i].attributes[attribute] for i in rows], dtype=object
        )


@torch.no_grad()
def pooled(model: Embedder, samples: list[Sample]) -> np.ndarray:
    """float32 (n, D) of each picture's box, or the whole where there is not exactly one."""
    found = []
    for start in range(0, len(samples), BATCH):
        views = np.stack([_view(model, s) for s in samples[start : start + BATCH]])
        found.append(model.pooled(normalise(torch.from_numpy(views))).numpy())
        if start // BATCH % 10 == 0:
            log.info("features of %d of %d pictures", start, len(samples))
    return np.concatenate(found) if found else np.zeros((0, model.trunk.channels), np.float32)


def _view(model: Embedder, sample: Sample) -> np.ndarray:
    box = sample.boxes[0][1] if len(sample.boxes) == 1 else None
    return network_input(decode_photo(sample.image).pixels, model.preprocessing, box)


def fit_head(
    train: tuple[np.ndarray, np.ndarray], val: tuple[np.ndarray, np.ndarray]
) -> tuple[list[str], np.ndarray, np.ndarray, float]:
    """Labels, weight (k, D), bias (k,) and the strength, the smallest that is as good on ``val`` as any.

    Args:
        train, val: features (n, D) and labels (n,); without any of val the smallest strength is taken.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    features, names = train
    labels = sorted(name for name, count in Counter(names).items() if count >= FEWEST)
    kept = np.isin(names, labels)
    scaler = StandardScaler().fit(features[kept])
    tried: list[tuple[float, float, Any]] = []
    for strength in STRENGTHS:
        model = LogisticRegression(C=strength, class_weight="balanced", max_iter=300)
        model.fit(scaler.transform(features[kept]), names[kept].astype(str))
        said = model.predict(scaler.transform(val[0])) if len(val[0]) else val[1]
        tried.append((_score(said, val[1]), strength, model))
    best = max(score for score, _, _ in tried)
    _, strength, model = next(each for each in tried if each[0] >= best - AS_GOOD)
    # Two classes have one row in scikit-learn, the second's.
    weight, bias = model.coef_, model.intercept_
    if len(labels) == 2:
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    # The scaling goes into the layer.
    weight = weight / scaler.scale_
    return list(map(str, model.classes_)), weight, bias - weight @ scaler.mean_, strength


def _score(said: np.ndarray, truth: np.ndarray) -> float:
    return balanced_accuracy(truth.astype(str), said, resamples=1).value if len(truth) else 0.0


def with_heads(model: Embedder, heads: dict[str, tuple[list[str], np.ndarray, np.ndarray]]) -> Embedder:
    """A copy of ``model`` with these heads, and only these."""
    config = {**model.config, "attributes": {name: labels for name, (labels, _, _) in heads.items()}}
    made = Embedder(**config)
    made.load_state_dict(apart_from_heads(model.state_dict())[0], strict=False)
    for head, (_, weight, bias) in zip(made.attribute_heads, heads.values(), strict=True):
        assert isinstance(head, nn.Linear)
        head.weight.data.copy_(torch.from_numpy(weight))
        head.bias.data.copy_(torch.from_numpy(bias))
    return made.eval()


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    keep_freed_memory()
    checkpoint = load_checkpoint(args.checkpoint, kind="embedder")
    model = Embedder.of(checkpoint)
    known = {}
    for name, samples in sources(args.data, args.studio, args.data_set).items():
        log.info("%s", name)
        known[name] = Known(pooled(model, samples), samples)
    heads, figures = {}, {}
    choosing = [source for name, source in known.items() if name not in ("patterns", "clothing")]
    for attribute in _named(known.values()):
        train = _joined(source.of(attribute, "train") for source in known.values())
        if sum(count >= FEWEST for count in Counter(train[1]).values()) < 2:
            log.warning("%s: no two labels with %d pictures of split train; left out", attribute, FEWEST)
            continue
        val = _joined(source.of(attribute, "val") for source in choosing)
        if not len(val[1]):
            log.warning("%s: no picture of split val; how much to regularise is not chosen", attribute)
        labels, weight, bias, strength = fit_head(train, val)
        heads[attribute] = labels, weight, bias
        figures[attribute] = _figures(attribute, heads[attribute], known)
        for name, figure in figures[attribute].items():
            log.info("%s (%d labels, C %g): %s %s", attribute, len(labels), strength, name, figure)
    if not heads:
        raise UsageError(
            f"no attribute has two labels with {FEWEST} pictures of split train; nothing is written"
        )
    if lost := [name for name in model.config.get("attributes", {}) if name not in heads]:
        log.warning(
            "left out: the heads of %s that has %s, as no picture here says it",
            args.checkpoint,
            ", ".join(lost),
        )
    made = with_heads(model, heads)
    out = args.out or args.checkpoint.with_stem(args.checkpoint.stem + "-attributes")
    named = {a: {n: f._asdict() for n, f in row.items()} for a, row in figures.items()}
    of = {name: _said_of(name, known.values(), model.categories) for name in heads}
    meta = {**checkpoint.meta, "attributes": named, "attribute_categories": of}
    meta |= {"space": args.space} if args.space else {}
    save_checkpoint(out, "embedder", made.config, made.state_dict(), meta)
    print_json({"out": str(out), "balanced_accuracy": named})
    return 0


def _joined(parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    features, labels = zip(*parts, strict=True)
    return np.concatenate(features), np.concatenate(labels)


def _named(known: Iterable[Known]) -> list[str]:
    """The attributes that any picture has: those above first."""
    there = {name for source in known for sample in source.samples for name in sample.attributes}
    return [name for name in ATTRIBUTES if name in there] + sorted(there - {*ATTRIBUTES})


def _said_of(attribute: str, known: Iterable[Known], categories: list[str]) -> list[str]:
    """The categories whose things have an attribute: as above, or as the pictures have it."""
    if attribute in ATTRIBUTE_CATEGORIES:
        return list(ATTRIBUTE_CATEGORIES[attribute])
    seen = {s.category for source in known for s in source.samples if attribute in s.attributes}
    return [name for name in categories if name in seen]


def _figures(
    attribute: str, head: tuple[list[str], np.ndarray, np.ndarray], known: dict[str, Known]
) -> dict[str, Figure]:
    """Balanced accuracy by data set on pictures that neither fitted nor chose anything."""
    labels, weight, bias = head
    found = {}
    splits = {"patterns": "val", "clothing": "val"}
    for source, split in ((name, splits.get(name, "test")) for name in known):
        features, truth = known[source].of(attribute, split, labels)
        if len(truth):
            said = np.array(labels, dtype=object)[(features @ weight.T + bias).argmax(1)]
            found[f"{source} {split}{shown_name(source).removeprefix(source)}"] = balanced_accuracy(
                truth, said
            )
    return found
