"""What routing brings or costs, whatever a shop calls its categories: ``pocketshelf-train routing``.

Photos are searched in the same catalogue under several names of its categories: its own; those of its menu,
where the shop tells; numbers, which no model knows; one for all; and the model's own names, drawn for each
product, of its kind (as of a shop that sorts its tops otherwise than the model) or of any. First hits by the
likely categories alone, as a search finds them, and with everything searched; without colours.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.catalogue.build import space_of
from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.retriever import Retriever
from pocketshelf.stages.outfit import Shelves
from pocketshelf.stages.route import MassRouter
from pocketshelf.store import Store
from pocketshelf_training.data import shop
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, table
from pocketshelf_training.predict.asking import SHOPS, asked_of

__all__ = ["NAMINGS", "add_arguments", "kinds_of", "measured", "named", "run"]

OF_ITS_KIND, OF_ANY, MENU = "the model's, of its kind, drawn", "the model's, drawn", "its menu's"
NAMINGS = ("their own", MENU, "numbered", "one for all", OF_ITS_KIND, OF_ANY)
WAYS = {"whole": True, "by box": False}


@dataclass(frozen=True)
class LikelyAlone:
    """A router that lets nothing but the likely categories be searched."""

    router: MassRouter = field(default_factory=MassRouter)

    def route(self, probabilities: Mapping[str, float], available: Iterable[str]) -> list[str]:
        """See `pocketshelf.stages.route.Router`."""
        return self.router.route(probabilities, available)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--set", choices=SHOPS, help="that catalogue alone (default: both)")
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--seed", type=values.seed, default=0, help="of the names drawn")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder = Encoder.open(args.bundle)
    rows = []
    for name in SHOPS if args.set is None else (args.set,):
        gallery, asking = asked_of(name, args.split, args.data)
        menu = shop.menu(args.data) if name == "shop" else {}
        of_menu = [menu.get(shop.style_of(s.identity or ""), s.category or "") for s in gallery]
        found = measured(encoder, gallery, asking, args.seed, of_menu if menu else None)
        rows += [{"set": name, **row} for row in found]
    figures = ("likely alone", "as shipped", "everything")
    page = table(
        (
            "catalogue",
            "searched",
            "names of its categories",
            ">photos",
            *(f">R@1, {each}" for each in figures),
        ),
        [
            (r["set"], r["way"], r["names"], r["photos"], *(f"{r[each]:.3f}" for each in figures))
            for r in rows
        ],
    )
    tell_lines(json.dumps(rows, indent=1) if args.json else page)
    return 0


def named(naming: str, gallery: Sequence[Sample], kinds: Sequence[Sequence[str]], seed: int) -> list[str]:
    """A category for each of the gallery's pictures.

    Args:
        naming: of `NAMINGS`. kinds: what may be drawn for each.
    """
    own = [sample.category or "" for sample in gallery]
    if naming == "numbered":
        order = sorted(set(own))
        return [f"Shelf {order.index(name) + 1}" for name in own]
    if naming == "one for all":
        return ["Products"] * len(own)
    if naming in (OF_ITS_KIND, OF_ANY):
        rng = np.random.default_rng(seed)
        return [str(rng.choice(list(names))) for names in kinds]
    return own


def kinds_of(bundle: Bundle, vectors: Sequence[np.ndarray]) -> list[list[str]]:
    """Of each int8 (D,) vector the model's categories that are of the groups it looks to be of; else all."""
    known, found = bundle.embedder.categories, []
    shelves = Shelves(bundle.detector.categories if bundle.detector else {})
    for vector in vectors:
        groups = bundle.group_head.groups(vector[None]) if bundle.group_head else frozenset()
        names = [name for name in known if any(shelves.fits(group, name) for group in groups)]
        found.append(names or list(known))
    return found


def measured(
    encoder: Encoder,
    gallery: Sequence[Sample],
    asking: Sequence[Sample],
    seed: int,
    menu: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """A row a way of searching and a naming: R@1 of the most prominent region, one picture a product.

    Args:
        menu: for each of the gallery what the shop's menu calls its category, if that is known.
    """
    vectors = [quantize_vectors(encoder.enrol(s.image)) for s in tqdm(gallery, "gallery", disable=None)]
    asked = {
        way: [
            (encoder.encode(s.image, whole).regions[0], s.identity) for s in tqdm(asking, way, disable=None)
        ]
        for way, whole in WAYS.items()
    }
    rows = []
    for naming in NAMINGS:
        if naming == MENU and menu is None:
            continue
        known = list(encoder.bundle.embedder.categories)
        kinds = kinds_of(encoder.bundle, vectors) if naming == OF_ITS_KIND else [known] * len(gallery)
        names = list(menu) if naming == MENU and menu else named(naming, gallery, kinds, seed)
        products = [
            Product(str(s.identity), 1, name, "", None, vector[None], {})
            for s, name, vector in zip(gallery, names, vectors, strict=True)
        ]
        with _opened(encoder, products) as (alone, shipped):
            for way, pairs in asked.items():
                found = {
                    "likely alone": _first(alone, pairs),
                    "as shipped": _first(shipped, pairs),
                    "everything": _first(shipped, pairs, "all"),
                }
                rows.append({"way": way, "names": naming, "photos": len(pairs), **found})
    return rows


@contextmanager
def _opened(encoder: Encoder, products: Sequence[Product]) -> Iterator[tuple[Retriever, Retriever]]:
    """The likely categories alone, and as shipped."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shelf"
        Store.create(path, ShardMeta.of(space_of(encoder.bundle), 1), products).close()
        with (
            Retriever(Store.open(path), encoder, LikelyAlone()) as alone,
            Retriever(Store.open(path), encoder) as shipped,
        ):
            yield alone, shipped


def _first(
    retriever: Retriever, asked: Sequence[tuple[EncodedRegion, str | None]], category: str = "auto"
) -> float:
    right = []
    for region, identity in asked:
        hits = retriever.search_region(region, 1, category).hits or ()
        right.append(bool(hits) and hits[0].product_id == identity)
    return float(np.mean(right))
