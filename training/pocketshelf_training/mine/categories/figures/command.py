"""``pocketshelf-train mine category-figures``: what purification finds and loses among real photos."""

from __future__ import annotations

import argparse
import itertools
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.formats.bundle import load_bundle
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import plain, restored
from pocketshelf_training.mine.categories.figures import measure
from pocketshelf_training.mine.categories.figures.doubles import double_figures
from pocketshelf_training.mine.categories.figures.noise import MIXES, Noisy, noisy
from pocketshelf_training.mine.categories.figures.page import page
from pocketshelf_training.mine.categories.figures.photos import NAMES, Photo, kept_prints, photos, seen_by
from pocketshelf_training.mine.categories.outcome import Outcome
from pocketshelf_training.mine.categories.purify.faults import PhotoFaults
from pocketshelf_training.mine.categories.purify.purify import TWIN, Verdict
from pocketshelf_training.mine.categories.report import SHOWN, close_calls, in_turn, write_report
from pocketshelf_training.mine.categories.search.collect import Candidate
from pocketshelf_training.mine.categories.search.source import Found
from pocketshelf_training.pages.page import add_page, publish
from pocketshelf_training.pages.provenance import here

__all__ = ["add_arguments", "run"]

NETWORKS = ("imagenet", "universal")

log = logging.getLogger("pocketshelf.training")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path("runs/category-figures"),
        metavar="DIR",
        help="features, fingerprints and crops are kept there (default: runs/category-figures)",
    )
    parser.add_argument(
        "--report", type=Path, metavar="PAGE.html", help="also the page of one seed's kept and dropped photos"
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="with --figures: measure the filter of photos anew, as after its rules changed",
    )
    add_page(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    figures = restored(read_json(args.figures)) if args.figures else _measured(args)
    if args.figures and args.faults:
        figures["faults"] = _faults(photos(args.data, args.cache))
    publish(page(figures), json.dumps(plain(figures), indent=1), args.write, args.json)
    return 0


def _measured(args: argparse.Namespace) -> dict[str, Any]:
    pool = photos(args.data, args.cache)
    prints = kept_prints(pool, args.cache)
    networks = {name: measure.Seen(pool, seen_by(name, pool, args.cache), prints) for name in NETWORKS}
    figures: dict[str, Any] = {
        **here(),
        "bundle": load_bundle(None).name,
        "seeds": measure.SEEDS,
        "purity": {name: {} for name in (*networks, "universal, val")},
        "heads": {name: {} for name in networks},
        "chosen": measure.chosen(networks["imagenet"], MIXES[0]),
        "doubles": double_figures(pool, prints),
        "faults": _faults(pool),
    }
    for mix, (name, seen) in itertools.product(MIXES, networks.items()):
        mixes = [noisy(pool, "measure", mix, seed) for seed in range(measure.SEEDS)]
        verdicts = [_logged(seen, each, f"{name}, {mix.said}, seed {n}") for n, each in enumerate(mixes)]
        kept = [_kept(each) for each in verdicts]
        figures["purity"][name][mix.said] = measure.purity_figures(mixes, kept, pool)
        figures["heads"][name][mix.said] = measure.heads(seen, mixes, kept, log.info)
        if (name, mix) == ("imagenet", MIXES[0]):
            figures["rules"] = measure.rule_figures(seen, mixes)
            if args.report:
                figures["report"] = _report(args.report, seen, mixes[0], verdicts[0])
    for mix in MIXES:
        figures["purity"]["universal, val"][mix.said] = _on_val(networks["universal"], mix)
    return figures


def _faults(pool: Sequence[Photo]) -> dict[str, Any]:
    return {**measure.fault_figures(pool, PhotoFaults(load_bundle(None))), "commit": here()["commit"]}


def _on_val(seen: measure.Seen, mix: Any) -> dict[str, Any]:
    mixes = [noisy(seen.pool, "val", mix, seed) for seed in range(measure.SEEDS)]
    kept = [_kept(measure.verdicts_on(seen, each)) for each in mixes]
    return measure.purity_figures(mixes, kept, seen.pool)


def _logged(seen: measure.Seen, mixed: Noisy, what: str) -> list[Verdict]:
    log.info("%s", what)
    return measure.verdicts_on(seen, mixed)


def _kept(verdicts: Sequence[Verdict]) -> np.ndarray:
    return np.array([not each.rule for each in verdicts])


def _report(path: Path, seen: measure.Seen, mixed: Noisy, verdicts: Sequence[Verdict]) -> dict[str, int]:
    """The page; of the dropped photos on it, how many were dropped rightly, and of the close calls."""
    outcomes, right = [], {}
    for row, given, good, verdict in zip(mixed.rows, mixed.given, mixed.good, verdicts, strict=True):
        photo = seen.pool[row]
        candidate = Candidate(Found(str(row), photo.kind), NAMES[given], "", 0.0, photo.path)
        outcomes.append(Outcome(candidate, verdict))
        right[str(row)] = not good or verdict.rule == TWIN
    path.parent.mkdir(parents=True, exist_ok=True)
    source = "Real photos, three of ten labels made wrong: moved to another garment, or put on a stranger."
    write_report(path, outcomes, source, "pocketshelf-train mine category-figures --report PAGE.html")
    shown = list(itertools.islice(in_turn(outcomes), SHOWN))
    close = close_calls(outcomes)
    return {
        "shown": len(shown),
        "right": sum(right[each.candidate.found.address] for each in shown),
        "close": len(close),
        "close right": sum(right[each.candidate.found.address] for each in close),
    }
