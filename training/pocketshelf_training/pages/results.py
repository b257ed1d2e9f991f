"""Every figure of the results page: a bundle as apps search with it, and its models alone, int8 and float."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pocketshelf.cli.output import say
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.retriever import Retriever
from pocketshelf.store import Store
from pocketshelf.types import SearchResult
from pocketshelf_training.data import clothing, grocery, street
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.average_precision import mean_average_precision
from pocketshelf_training.metrics.detector_figures import by_photo, true_boxes
from pocketshelf_training.metrics.embedder_figures import search_all
from pocketshelf_training.metrics.intervals import Figure, mean_with_interval
from pocketshelf_training.pages import report, unseen_tables
from pocketshelf_training.pages.page import add_bundle, publish
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.model import Crop, open_model
from pocketshelf_training.predict.predictor import Predictor
from pocketshelf_training.predict.searches import choose, choose_split
from pocketshelf_training.predict.shelf import first_hits, grocery_store, search_photos

__all__ = ["add_arguments", "clothing_figures", "exact_figures", "grocery_figures", "measure", "run"]

# As many as the command answers unless it is asked for more.
KS = (1, 5, 10)
# Searches of the grocery photos, and whether they take the frame.
WAYS = {"whole": True, "detection": False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the results page of a bundle")
    add_bundle(group)
    group.add_argument("--splits", default="val,test", help="of the grocery photos, by commas")


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle)
    say(f"measuring {bundle.folder}")
    results = measure(bundle, args.data, [split for split in args.splits.split(",") if split], args.cache)
    if args.write:
        results["unseen"] = unseen_tables.sets_beside(args.write)
    publish(report.as_markdown(results), report.as_json(results), args.write, args.json)
    return 0


def measure(bundle: Bundle, root: str | None, splits: Sequence[str], cache: Path) -> report.Results:
    """All figures; progress goes to standard error.

    Args:
        cache: see `pocketshelf_training.predict.predictor.Predictor`.
    """
    searched: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    encoder = Encoder.open(bundle)
    with grocery_store(encoder, root) as store:
        for split in splits:
            searched[split] = {
                way: grocery_figures(store, encoder, grocery.photos(split, root), whole)
                for way, whole in WAYS.items()
            }
        labelled = clothing_figures(store, encoder, clothing.load(root), "val")
    for split in splits:
        exact[split] = {
            "int8": exact_figures(root, bundle.embedder_path, split, cache),
            "float": exact_figures(root, bundle.folder / "embedder.npz", split, cache),
        }
    return {
        "run": _run_facts(bundle),
        "files": _sizes(bundle),
        "grocery": searched,
        "exact": exact,
        "clothing": {"val": labelled},
        "street": street_figures(bundle, street.load(root), cache),
    }


def grocery_figures(
    store: Store, encoder: Encoder, photos: Sequence[Sample], whole: bool
) -> dict[str, Figure]:
    """Phone photo → the shop's picture: R@1, R@5, R@10, and the categories' top-1."""
    found = _searched(store, encoder, photos, whole)
    figures = {
        f"R@{k}": mean_with_interval(
            [float(s.identity in first_hits(result, k)) for s, result in zip(photos, found, strict=True)]
        )
        for k in KS
    }
    return figures | {"category top-1": _category_accuracy(photos, found, 1)}


def clothing_figures(
    store: Store, encoder: Encoder, samples: Sequence[Sample], split: str, whole: bool = True
) -> dict[str, Figure]:
    """The ten main garment labels, top-1 and top-2 of the frame's (or the first region's) categories."""
    photos = [sample for sample in samples if sample.category and sample.split == split]
    found = _searched(store, encoder, photos, whole)
    return {f"top-{k}": _category_accuracy(photos, found, k) for k in (1, 2)}


def _searched(
    store: Store, encoder: Encoder, photos: Sequence[Sample], whole: bool
) -> list[SearchResult | None]:
    return search_photos(Retriever(store, encoder), [photo.image for photo in photos], whole)


def _category_accuracy(photos: Sequence[Sample], found: Sequence[SearchResult | None], k: int) -> Figure:
    """Of the most prominent region; a photo that cannot be read is a miss."""
    tops = [[name for name, _ in result.regions[0].categories[:k]] if result else [] for result in found]
    return mean_with_interval([float(s.category in top) for s, top in zip(photos, tops, strict=True)])


def exact_figures(root: str | None, model: Path, split: str, cache: Path) -> dict[str, dict[str, Figure]]:
    """What the embedder alone reaches: whole frames, every gallery picture ranked exactly.

    Args:
        model: a checkpoint or model file, as `pocketshelf_training.predict.model.open_model` takes.

    Returns:
        For street → shop and for photo → training photos: recalls, and mean average precision.
    """
    samples = grocery.load(root)
    predictor = Predictor(open_model(model, "embedder"), cache, label=f"{model.name}, grocery {split}")
    searches = choose(samples, choose_split(samples, split)[0])
    return {each.search.name: each.figures for each in search_all(searches, predictor)}


def street_figures(bundle: Bundle, samples: Sequence[Sample], cache: Path) -> dict[str, Any]:
    """The detector on the street photos kept apart: its file and its float weights with equal settings."""
    truth = true_boxes(sample for sample in samples if sample.split == "val")
    models = {
        "int8, `pocketshelf detect`": bundle.folder,
        "float, PyTorch": bundle.folder / "detector.npz",
    }
    rows = {}
    for name, path in models.items():
        predictor = Predictor(open_model(path, "detector"), cache, label=name.partition(",")[0])
        found = predictor.predict([Crop(image) for image in truth], "street val")
        groups, means = mean_average_precision(truth, by_photo(truth, found), street.GARMENT_GROUPS)
        rows[name] = {
            "photos": len(truth),
            "map50": means["ap50"],
            "map50_95": means["ap"],
            "groups": {group: score.ap50 for group, score in groups.items()},
        }
    return rows


def _sizes(bundle: Bundle) -> dict[str, int]:
    paths = [path for path in (bundle.embedder_path, bundle.detector_path) if path is not None]
    return {path.name: path.stat().st_size for path in paths}


def _run_facts(bundle: Bundle) -> dict[str, str]:
    return {
        "command": "pocketshelf-train evaluate --write docs/results.md",
        "bundle": f"models/{bundle.folder.name}",
        **here(),
    }
