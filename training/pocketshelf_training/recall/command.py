"""``pocketshelf-train recall``: fit the estimate of local recall and choose its threshold."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle, write_bundle
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.predict.shelf import grocery_store
from pocketshelf_training.recall import evidence as searches
from pocketshelf_training.recall.fit import LogisticModel, fit_logistic
from pocketshelf_training.recall.plot import plot_risk_coverage
from pocketshelf_training.recall.risk import Control, control_threshold

__all__ = ["add_arguments", "run"]

log = logging.getLogger(__name__)

# Of the validation photos; the rest choose the threshold, for which every one of them counts.
FIT_SHARE = 1 / 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data(parser)
    parser.add_argument(
        "--bundle", type=Path, metavar="DIR", help="bundle to calibrate (default: as for search)"
    )
    parser.add_argument(
        "--k", type=int, default=10, help="a product ranked beyond it is missed (default: 10)"
    )
    parser.add_argument(
        "--alpha", type=float, default=0.05, help="misses that may stay unasked (default: 0.05)"
    )
    parser.add_argument("--delta", type=float, default=0.05, help="1 - confidence (default: 0.05)")
    parser.add_argument("--shelves", type=int, default=60, help="shelves drawn for fitting (default: 60)")
    parser.add_argument(
        "--test-shelves", type=int, default=10, help="shelves drawn for the test (default: 10)"
    )
    parser.add_argument(
        "--test-share", type=float, default=0.3, help="their share of the products (default: 0.3)"
    )
    parser.add_argument(
        "--photos", type=int, metavar="N", help="only N photos of each split, for a quick look"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/recall"), help="report and plot go here")
    parser.add_argument(
        "--write", action="store_true", help="write the calibration into the bundle's bundle.json"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    bundle = load_bundle(args.bundle)
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = Encoder.open(bundle)
    with grocery_store(encoder, args.data) as store:

        def collected(split: str, shelves: int, shares: Sequence[float], seed: int) -> searches.Lines:
            photos = _spread(grocery.photos(split, args.data), args.photos)
            return searches.collect(store, encoder, photos, shelves, shares, seed)

        lines = collected("val", args.shelves, (0.1, 0.3, 0.5, 0.7), 1)
        test = collected("test", args.test_shelves, (args.test_share,), 2)
    model, control = calibrate(lines, args.k, args.alpha, args.delta)
    block = to_block(model, control, args.k)
    report = {"bundle": bundle.name, "recall": block, "test": evaluate(test, model, control, args.k)}
    (args.out / "recall.json").write_text(json.dumps(report, indent=1) + "\n")
    drawn = searches.read(_drawn(test))
    plot_risk_coverage(
        model.probability(drawn.features),
        drawn.hits(args.k),
        control.threshold,
        args.out / "risk_coverage.png",
    )
    if args.write:
        write_bundle(replace(bundle, recall=block))
    print(json.dumps(report, indent=1))
    return 0


def calibrate(lines: searches.Lines, k: int, alpha: float, delta: float) -> tuple[LogisticModel, Control]:
    """Fit on some photos in all their shelves; control the risk on the others, one search each."""
    some, rest = searches.split_photos(_drawn(lines), FIT_SHARE)
    fitting, independent = searches.read(some), searches.read(searches.one_a_photo(rest))
    model = fit_logistic(searches.NAMES, fitting.features, fitting.hits(k))
    missed = ~independent.hits(k)
    control = control_threshold(model.probability(independent.features[missed]), alpha, delta)
    if control.threshold >= 1.0:
        log.warning("only %d misses: too few to answer anything locally at this confidence", control.misses)
    return model, control


def to_block(model: LogisticModel, control: Control, k: int) -> dict[str, Any]:
    """The "recall" block of `pocketshelf.recall.model`."""
    risk = {"alpha": control.alpha, "delta": control.delta, "misses": control.misses}
    risk |= {"unescalated": control.unescalated, "bound": round(control.bound, 5)}
    return {
        "version": 2,
        "k": k,
        "threshold": control.threshold,
        "bias": model.bias,
        "features": model.to_json(),
        "risk": risk,
    }


def evaluate(lines: searches.Lines, model: LogisticModel, control: Control, k: int) -> dict[str, Any]:
    """What the calibration does on photos that it has not seen, whole frame and detector apart.

    Escalated queries are counted with their rank in the full store: the server's answer is the same
    search over the whole catalogue.
    """
    full = {(line["photo"], line["whole"]): line["rank"] for line in lines if line["rule"] == "all"}
    results: dict[str, Any] = {}
    for name, whole in (("whole", True), ("detected", False)):
        asking = [line for line in _drawn(lines) if line["whole"] is whole]
        part = searches.read(asking)
        asked = model.probability(part.features) < control.threshold
        hits = part.hits(k)
        full_first = np.array([full[line["photo"], whole] == 1 for line in asking], dtype=bool)
        results[name] = {
            "searches": len(hits),
            "photos": len({line["photo"] for line in asking}),
            "local_share": float(part.local.mean()),
            "misses_caught": float(asked[~hits].mean()),
            "absent_caught": float(asked[~part.local].mean()),
            "local_hits_asked": float(asked[hits].mean()),
            "asked": float(asked.mean()),
            "recall_at_1_full": float(full_first.mean()),
            "recall_at_1_end_to_end": float(np.where(asked, full_first, part.rank == 1).mean()),
            "recall_at_1_local_only": float((part.rank == 1).mean()),
        }
    return results


def _spread(photos: list[Sample], count: int | None) -> list[Sample]:
    """``count`` of the photos, spread over all."""
    step = 1 if count is None else max(1, len(photos) // count)
    return photos[::step][:count]


def _drawn(lines: searches.Lines) -> searches.Lines:
    return [line for line in lines if line["rule"] != "all"]
