"""``pocketshelf-train evaluate --model FILE --data-set NAME``: any model file on any data set."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import DATA_SETS, load_given, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics import detector_figures, embedder_figures
from pocketshelf_training.pages import model_page, worst
from pocketshelf_training.pages.page import publish, refuse
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict import left_out
from pocketshelf_training.predict.model import KINDS, Crop, Model, open_model
from pocketshelf_training.predict.predictor import Predictor
from pocketshelf_training.predict.searches import choose, choose_split, left_out_searches

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("any model on any data set")
    group.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="checkpoint, model file (.tflite, .pte) beside its bundle.json, a bundle's folder or "
        "name, or saved lines of `pocketshelf detect --json` (.jsonl)",
    )
    group.add_argument(
        "--kind", choices=KINDS, help="which model of a bundle's folder (default: by the data)"
    )
    group.add_argument(
        "--data-set", metavar="NAME[=FOLDER]", help=f"one of {', '.join(DATA_SETS)}; see docs/data.md"
    )
    group.add_argument("--split", help="one or more by commas (default: test, else val)")
    group.add_argument(
        "--gallery",
        nargs="+",
        default=[],
        metavar="WHICH",
        help="shop, train, or a CSV (default: all that fit)",
    )
    group.add_argument("--whole", action="store_true", help="embed whole frames even where boxes are known")
    group.add_argument("--limit", type=values.count, help="only the first so many photos of the split")
    only = group.add_mutually_exclusive_group()
    only.add_argument("--products", type=Path, metavar="FILE", help="ask only for these, one id a line")
    only.add_argument(
        "--left-out",
        nargs="?",
        const="",
        metavar="CHECKPOINT",
        help="ask only for the products that the training left out, as the model (or CHECKPOINT) records",
    )
    group.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/evaluate"),
        help="predictions are kept here (default: %(default)s)",
    )
    group.add_argument(
        "--worst",
        type=Path,
        metavar="FOLDER",
        help="write pictures of the worst misses; keep them to yourself",
    )


def run(args: argparse.Namespace) -> int:
    name, samples = _load(args)
    own, split = choose_split(samples, args.split)
    own = _first(own, args.limit)
    model = open_model(args.model, args.kind or _kind_for(args.model, own))
    predictor = Predictor(model, args.cache, args.whole)
    if model.kind == "embedder":
        measured = _measure_embedder(predictor, samples, own, args)
    else:
        measured = _measure_detector(predictor, own, args)
    results = {"run": _run_facts(args, name, split, model), **measured}
    publish(model_page.as_markdown(results), model_page.as_json(results), args.write, args.json)
    return 0


def _first(own: Sequence[Sample], limit: int | None) -> list[Sample]:
    """The first ``limit`` photos: customers', where there are any, as the shop's pictures ask for nothing."""
    asking = [sample for sample in own if sample.domain == "street"]
    return list(own) if limit is None else (asking or list(own))[:limit]


def _load(args: argparse.Namespace) -> tuple[str, list[Sample]]:
    if not args.data_set:
        raise UsageError(f"--model needs --data-set; there are {', '.join(DATA_SETS)}")
    return load_given(args.data_set, args.data)


def _kind_for(model: Path, own: Sequence[Sample]) -> str | None:
    """A file says itself what it is; of a bundle, the model that the data set has labels for."""
    if not model.is_dir():
        return None
    return "embedder" if any(s.identity or s.category for s in own) else "detector"


def _measure_embedder(
    predictor: Predictor, samples: Sequence[Sample], own: Sequence[Sample], args: argparse.Namespace
) -> dict[str, Any]:
    """Retrieval by every protocol that applies, categories and attributes."""
    products = left_out.products(args.products, args.left_out, predictor.model)
    if products is not None:
        searches = left_out_searches(samples, own, products)
        own = searches[0].queries
    else:
        searches = choose(samples, own, args.gallery)
    searched = embedder_figures.search_all(searches, predictor)
    asking = [s for s in own if s.domain == "street"] or list(own)
    labelled = embedder_figures.label_all(predictor.model, asking, predictor)
    if not searched and not labelled.figures and not labelled.attributes:
        raise UsageError("nothing to measure: the split has no identity, category or attribute that is known")
    if args.worst:
        worst.draw_searches(searched, args.worst)
        worst.draw_categories(labelled, args.worst)
    return {
        "searches": {each.search.name: _search_json(each) for each in searched},
        "categories": {
            "figures": labelled.figures,
            "unknown": labelled.unknown,
            "by_category": labelled.by_category,
        },
        "attributes": dict(labelled.attributes),
        "left_out": None if products is None else sorted(products),
    }


def _search_json(each: embedder_figures.Searched) -> dict[str, Any]:
    return {
        "queries": len(each.search.queries),
        "gallery": len(each.search.gallery),
        "without": each.search.without,
        "unreadable": each.unreadable,
        "figures": each.figures,
        "by_category": each.by_category,
    }


def _measure_detector(
    predictor: Predictor, own: Sequence[Sample], args: argparse.Namespace
) -> dict[str, Any]:
    """Average precision a group, over the photos that have boxes."""
    refuse(args, ("gallery", "products", "left_out"), f"is about embedders; {args.model} is a detector")
    truth = detector_figures.true_boxes(own)
    if not truth:
        raise UsageError("nothing to measure: the split has no boxes")
    there = sorted({group for boxes in truth.values() for group in boxes.groups})
    groups = [group for group in predictor.model.groups or there if group in there]
    if not groups:
        raise UsageError(
            f"{args.model}: knows none of this data set's groups ({', '.join(there)}); "
            f"it has {', '.join(predictor.model.groups)}"
        )
    predictions = predictor.predict([Crop(path) for path in truth], "photos")
    if args.worst:
        worst.draw_detections(truth, predictions, args.worst)
    return {
        **detector_figures.measure(truth, detector_figures.by_photo(truth, predictions), groups),
        "unreadable": predictions.count(None),
        "without": sorted(set(there) - set(groups)),
    }


def _run_facts(args: argparse.Namespace, name: str, split: str, opened: Model) -> dict[str, Any]:
    model = args.model if not args.model.is_absolute() else Path(*args.model.parts[-2:])
    command = ["pocketshelf-train evaluate", f"--model {model}", f"--data-set {name}", f"--split {split}"]
    command += [f"--gallery {' '.join(Path(g).name for g in args.gallery)}"] if args.gallery else []
    command += ["--left-out"] if args.left_out is not None else []
    command += [f"--products {args.products.name}"] if args.products else []
    command += ["--whole"] if args.whole else []
    command += [f"--limit {args.limit}"] if args.limit else []
    command += [f"--write {args.write}"] if args.write and not args.write.is_absolute() else []
    return {
        "command": " ".join(command),
        "model": str(model),
        "kind": opened.kind,
        "data_set": shown_name(name),
        "split": split,
        **here(),
    }
