"""``pocketshelf-train train groups``: fit what tells a category's groups from its products, into a bundle.

A linear classifier of the bundle's own vectors (`pocketshelf.formats.group_head`): garments on the street by
their boxes and cut out, garments at home, a garment shop's pictures, groceries, split train of each. Of the
shop's pictures only a coarse category is known: each is taken for the likelier of the groups that it may be.
Split val says how far to trust it, by data set: as a search asks for probabilities, the head of the least
log loss is taken, where as many are right with one that is never sure.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle, write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.data.shop import GROUPS_OF_CATEGORY
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.outfits.garments import Garments, Spotted, embed_garments, kept
from pocketshelf_training.outfits.sources import garments_at_home, shop_pictures, street_garments
from pocketshelf_training.pages.page import add_bundle, table

__all__ = ["GOODS", "Source", "add_arguments", "fit_groups", "log_loss", "run"]

log = logging.getLogger(__name__)

GOODS = "goods"
# The most of one group and data set: blouses are worn more often than hats.
MOST = 400
STRENGTHS = (1.0, 10.0, 100.0)
# What the shop's first group stands for.
MAY_BE = {groups[0]: groups for groups in GROUPS_OF_CATEGORY.values()}


@dataclass(frozen=True)
class Source:
    """One data set: its garments, and whether their groups are surely known."""

    name: str
    garments: Garments
    sure: bool = True

    def part(self, split: str, seed: int = 0) -> Garments:
        """Those of a split, of each group `MOST` at most, drawn by ``seed``."""
        found = self.garments.take(self.garments.splits == split)
        order = np.random.default_rng(seed).permutation(len(found))
        rows = [order[found.groups[order] == group][:MOST] for group in np.unique(found.groups)]
        return found.take(np.concatenate([np.zeros(0, int), *rows]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the embedded pictures there")
    parser.add_argument("--seed", type=values.seed, default=0)
    parser.add_argument("--write", action="store_true", help="write it into the bundle's bundle.json")


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle)
    encoder = Encoder.open(bundle)
    sources = [
        Source("street, boxes", street_garments(encoder, "boxes", args.data, args.cache)),
        Source("street, cut out", street_garments(encoder, "cut", args.data, args.cache)),
        Source("clothing", garments_at_home(encoder, args.data, args.cache)),
        Source("shop", shop_pictures(encoder, args.data, args.cache), sure=False),
        Source("grocery", _goods(encoder, args.data, args.cache)),
    ]
    heads = {strength: fit_groups(sources, strength, args.seed) for strength in STRENGTHS}
    rights = {strength: [_right(head, source) for source in sources] for strength, head in heads.items()}
    losses = {strength: [log_loss(head, source) for source in sources] for strength, head in heads.items()}
    best = min(STRENGTHS, key=lambda strength: np.mean(losses[strength]))
    said = [
        _page("Share of val's pictures in their group", sources, rights),
        _page("Log loss (nats), least at best", sources, losses),
        f"Best: {best:g}.",
    ]
    tell_lines("\n".join(said))
    if args.write:
        write_bundle(replace(bundle, groups=heads[best].to_json(bundle.space)))
    return 0


def fit_groups(sources: Sequence[Source], strength: float, seed: int = 0) -> GroupHead:
    """A classifier fitted on split train; the less regularised, the greater ``strength`` is."""
    parts = [source.part("train", seed) for source in sources]
    sure = [each for each, source in zip(parts, sources, strict=True) if source.sure]
    head = _fitted(
        np.concatenate([p.vectors for p in sure]), np.concatenate([p.groups for p in sure]), strength
    )
    groups = [
        each.groups if source.sure else _likeliest(head, each)
        for each, source in zip(parts, sources, strict=True)
    ]
    return _fitted(np.concatenate([each.vectors for each in parts]), np.concatenate(groups), strength)


def _fitted(vectors: np.ndarray, groups: np.ndarray, strength: float) -> GroupHead:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000).fit(vectors, groups)
    names = tuple(map(str, model.classes_))
    return GroupHead(names, model.coef_.astype(np.float32), model.intercept_.astype(np.float32))


def _logits(head: GroupHead, vectors: np.ndarray) -> np.ndarray:
    return vectors @ head.weights.T + head.bias


def _likeliest(head: GroupHead, garments: Garments) -> np.ndarray:
    """Of each the likeliest of the groups that it may be."""
    logits = _logits(head, garments.vectors)
    allowed = np.array([[name in MAY_BE[group] for name in head.names] for group in garments.groups])
    return np.array(head.names)[np.where(allowed, logits, -np.inf).argmax(axis=1)]


def _page(title: str, sources: Sequence[Source], figures: dict[float, list[float]]) -> str:
    """A table of one figure: a row a strength, a column a data set, and their mean."""
    columns = ["strength", *(f">{source.name}" for source in sources), ">mean"]
    rows = [
        (f"{strength:g}", *(round(each, 3) for each in (*found, float(np.mean(found)))))
        for strength, found in figures.items()
    ]
    return f"{title}:\n\n{table(columns, rows)}\n"


def _may_be(source: Source, garments: Garments) -> list[tuple[str, ...]]:
    """Of each the groups that would be right."""
    return [(group,) if source.sure else MAY_BE[group] for group in garments.groups]


def _right(head: GroupHead, source: Source) -> float:
    """Share of val whose likeliest group is its own, or one that it may be."""
    garments = source.part("val")
    found = np.array(head.names)[_logits(head, garments.vectors).argmax(axis=1)]
    return float(np.mean([name in may for name, may in zip(found, _may_be(source, garments), strict=True)]))


def log_loss(head: GroupHead, source: Source) -> float:
    """Mean of -log P(its own group, or any that it may be) over val, in nats."""
    garments = source.part("val")
    logits = _logits(head, garments.vectors).astype(np.float64)
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    right = np.array([[name in may for name in head.names] for may in _may_be(source, garments)])
    return float(-np.mean(np.logaddexp.reduce(np.where(right, logits, -np.inf), axis=1)))


def _goods(encoder: Encoder, root: str | None, cache: Path | None) -> Garments:
    """The groceries: the shop's pictures (split train) and phone photos."""
    base = data_root(root)

    def make() -> Garments:
        photos = [(s.image, s.split or "train") for s in grocery.load(base)]
        return embed_garments(encoder, photos, base, lambda path: lambda photo: [Spotted(GOODS, GOODS)])

    return kept(cache, "grocery", encoder.bundle, make)
