"""``pocketshelf-train colours``: docs/colours.md, what a search gains by colours, at which weight."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.stages.colours import WEIGHT, histograms, looked_at, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import mean_with_interval, plain, restored
from pocketshelf_training.pages.page import add_bundle, add_page, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.asking import load_set, searches_of
from pocketshelf_training.predict.rows import colours_of

__all__ = ["WEIGHTS", "add_arguments", "run"]

TEXT = Path(__file__).with_name("page.md")
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
WAYS = {"whole": True, "by box": False}
# Of which the time of a palette, and of a comparison with so many hits, is taken.
TIMED, HITS = 100, 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--pairs",
        action="append",
        default=[],
        metavar="DIR",
        help="one more set, all of it: see data/pairs.py",
    )
    add_page(parser)


def run(args: argparse.Namespace) -> int:
    figures = read_json(args.figures) if args.figures else _figures(args)
    publish(page(figures), json.dumps(figures, indent=1), args.write, args.json)
    return 0


class _Set(NamedTuple):
    """Queries and their gallery as search sees them.

    Attributes:
        right: bool (n, m): query and picture show one product.
        vectors: way → of the queries; "" → of the gallery.
        likeness: way → (n, m), of each query's colours to each picture's.
        palettes: texts of the gallery.
    """

    right: np.ndarray
    vectors: dict[str, np.ndarray]
    likeness: dict[str, np.ndarray]
    palettes: list[str]

    def firsts(self, way: str, weight: float) -> np.ndarray:
        """Bool (n,): whether the first hit of each query is right."""
        cosines = self.vectors[way] @ self.vectors[""].T
        best = (cosines + weight * self.likeness[way]).argmax(axis=1)
        found: np.ndarray = self.right[np.arange(len(best)), best]
        return found


def _figures(args: argparse.Namespace) -> dict[str, Any]:
    bundle = load_bundle(args.bundle)
    encoder = Encoder.open(bundle)
    rows, palettes = [], []
    asked = [(name, split) for name in ("shop", "grocery") for split in ("val", "test")]
    asked += [(f"pairs={folder}", "val") for folder in args.pairs]
    for given, split in asked:
        shown, name, samples = load_set(given, args.data)
        (search,), _ = searches_of(name, samples, split)
        found = _seen(encoder, search.queries, search.gallery, f"{shown}, {split}")
        palettes += found.palettes
        rows += [_row(shown, split, found, way) for way in WAYS]
    return {
        **here(),
        "bundle": bundle.name,
        "weight": WEIGHT,
        "rows": [plain(row) for row in rows],
        "mean_of_val": _mean_of_val(rows),
        "bytes": float(np.mean([len(each) for each in palettes])),
        **_times(encoder, asked[0][0], args.data, palettes),
    }


def _seen(encoder: Encoder, queries: Sequence[Sample], gallery: Sequence[Sample], what: str) -> _Set:
    vectors: dict[str, list[np.ndarray]] = {way: [] for way in ("", *WAYS)}
    likeness: dict[str, list[np.ndarray]] = {way: [] for way in WAYS}
    palettes = []
    for sample in tqdm(gallery, f"{what}: gallery", disable=None):
        photo = read_photo(sample.image)
        vectors[""].append(encoder.enrol(photo))
        palettes.append(palette_of(looked_at(photo)))
    shown = histograms(palettes)
    for sample in tqdm(queries, f"{what}: queries", disable=None):
        for way, whole in WAYS.items():
            region = encoder.encode(sample.image, whole).regions[0]
            vectors[way].append(region.embedding.vector)
            likeness[way].append((colours_of(region) @ shown.T).max(axis=0))
    products = np.array([sample.identity for sample in gallery])
    return _Set(
        np.array([sample.identity for sample in queries])[:, None] == products,
        {way: np.stack(each) for way, each in vectors.items()},
        {way: np.stack(each) for way, each in likeness.items()},
        palettes,
    )


def _row(shown: str, split: str, found: _Set, way: str) -> dict[str, Any]:
    firsts = {weight: found.firsts(way, weight) for weight in WEIGHTS}
    alone, beside = firsts[0.0].astype(float), found.firsts(way, WEIGHT).astype(float)
    return {
        "set": shown,
        "split": split,
        "way": way,
        "queries": len(alone),
        "gallery": found.right.shape[1],
        "by_weight": {f"{weight:g}": float(right.mean()) for weight, right in firsts.items()},
        "alone": mean_with_interval(alone),
        "beside": mean_with_interval(beside),
        "gain": mean_with_interval(beside - alone),
    }


def _mean_of_val(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    of = [row["by_weight"] for row in rows if row["split"] == "val"]
    return {weight: float(np.mean([each[weight] for each in of])) for weight in of[0]}


def _times(encoder: Encoder, given: str, root: str | None, palettes: Sequence[str]) -> dict[str, float]:
    """Median milliseconds of one processor: of a photo's palette, and of comparing it with hits' palettes."""
    _, _, samples = load_set(given, root)
    telling, comparing = [], []
    for sample in samples[:TIMED]:
        region = encoder.encode(sample.image, whole=True).regions[0]
        began = time.thread_time()
        colours = colours_of(region)
        told = time.thread_time()
        _ = histograms(palettes[:HITS]) @ colours.T
        telling.append(told - began)
        comparing.append(time.thread_time() - told)
    return {
        "telling_ms": 1000 * float(np.median(telling)),
        "comparing_ms": 1000 * float(np.median(comparing)),
    }


def page(figures: dict[str, Any]) -> str:
    """The page of the figures."""
    rows = [restored(row) for row in figures["rows"]]
    val = [row for row in rows if row["split"] == "val"]
    chosen = table(
        ["set, val", "way", ">queries", *(f">{weight}" for weight in rows[0]["by_weight"])],
        [
            *((row["set"], row["way"], row["queries"], *_shares(row["by_weight"])) for row in val),
            ("mean", "", "", *_shares(figures["mean_of_val"])),
        ],
    )
    found = table(
        ["set, test", "way", ">queries", ">gallery", ">vectors alone", ">and colours", ">points gained"],
        [
            (
                row["set"],
                row["way"],
                row["queries"],
                row["gallery"],
                row["alone"],
                row["beside"],
                row["gain"].points,
            )
            for row in rows
            if row["split"] == "test"
        ],
    )
    return TEXT.read_text(encoding="utf-8").format(
        bundle=figures["bundle"],
        weight=f"{figures['weight']:g}",
        chosen=chosen.rstrip(),
        found=found.rstrip(),
        bytes=f"{figures['bytes']:.0f}",
        telling=f"{figures['telling_ms']:.1f}",
        comparing=f"{figures['comparing_ms']:.1f}",
        hits=HITS,
        where=f"{figures['machine']}, commit {figures['commit']}",
    )


def _shares(by_weight: dict[str, float]) -> list[str]:
    return [f"{share:.3f}" for share in by_weight.values()]
