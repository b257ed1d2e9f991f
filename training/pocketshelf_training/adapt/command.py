"""``pocketshelf-train adapt``: a shop's own catalogue → a bundle adapted to it, if that finds more."""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.catalogue import RowProblem
from pocketshelf.cli import values
from pocketshelf.cli.catalogue_options import add_reading, reading_of
from pocketshelf.cli.output import print_json
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf_training.adapt.assortment import Assortment, Questions, read_assortment
from pocketshelf_training.adapt.knowing import calibrated
from pocketshelf_training.adapt.learn import AS_SHIPPED, Made, learnt, pictures_to_see, sampled
from pocketshelf_training.adapt.measure import Outcome, measured, only_readable, trimmed
from pocketshelf_training.adapt.report import Report
from pocketshelf_training.adapt.shelving import shelved
from pocketshelf_training.adapt.ship import exported, move_into
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.start import weights_of
from pocketshelf_training.outputs import require_folder

__all__ = ["add_arguments", "run", "to_beat"]

log = logging.getLogger("pocketshelf.training")

DESCRIPTION = """\
Adapt a bundle to a shop's own catalogue, from the shop's pictures and, where there are any, customers'
photos.

A share of the products is held back. From the others the embedder's last layer and the category head are
fitted in several ways, on the trunk as it is and on some of the way back to ImageNet's, and the best is
chosen by cross-validation. The outcome is exported through the parity gate, and its phone files are measured
on the products held back, before and after. Only a bundle that finds more is written to --out, with
report.json and report.md; else the report alone, the bundle in use stays the best one, and that is said.
"""
EPILOG = """\
examples:
  pocketshelf-train adapt catalogue.csv --out runs/adapted
  pocketshelf-train adapt catalogue.csv --photos photos.csv --images pictures --out runs/adapted
  pocketshelf build catalogue.csv --store shelf --bundle runs/adapted

CATALOGUE.csv is what `pocketshelf build` takes (product_id,title,category,image; one line a picture). A
column "split" decides which products are held back (test), instead of a draw. PHOTOS.csv has columns image
and product_id.
"""
# The gain in R@1 for which all stores are worth building anew: another projection is another space.
WORTH = 0.01
# Share of the time in which projections are tried.
TRYING = 0.6
# For the estimate of the time.
SECONDS_A_PICTURE, EXPORT_SECONDS = 0.02, 40.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.add_argument("catalogue", type=Path, metavar="CATALOGUE.csv", help="the shop's catalogue")
    parser.add_argument("--photos", type=Path, metavar="PHOTOS.csv", help="customers' photos of its products")
    parser.add_argument(
        "--images", type=Path, metavar="DIR", help="folder of the pictures (default: the catalogue's)"
    )
    add_reading(parser, downloads=False)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder of the adapted bundle")
    parser.add_argument(
        "--model",
        type=Path,
        metavar="DIR",
        help="bundle to begin with, its embedder.npz beside it (default: the one that a search uses)",
    )
    parser.add_argument(
        "--held-back",
        type=values.share,
        default=0.25,
        metavar="SHARE",
        help="of the products, to measure on (default: 0.25)",
    )
    parser.add_argument("--seed", type=values.seed, default=1)
    parser.add_argument(
        "--minutes",
        type=values.amount,
        default=20.0,
        help="try less where all would take longer (default: 20)",
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("runs/adapt"), help="folder of kept features (default: runs/adapt)"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    started = time.monotonic()
    if not 0.05 <= args.held_back <= 0.5:
        raise UsageError(f"--held-back {args.held_back:g}: a share from 0.05 to 0.5")
    require_folder("--out", args.out)
    base = load_bundle(args.model)
    checkpoint = weights_of(base.folder, Embedder.kind)
    shop = read_assortment(
        args.catalogue,
        args.photos,
        args.images,
        args.held_back,
        args.seed,
        lambda p: _say(args.catalogue, p),
        reading_of(args),
    )
    report = Report(str(args.catalogue), str(base.folder), args.seed, counts=_counts(shop))
    log.info("%s", "; ".join(f"{count} {name}" for name, count in report.counts.items()))
    questions = Questions.of(shop)
    report.questions = questions.meaning
    log.info("asked will be: %s", questions.meaning)
    keep_freed_memory()
    known = sampled(shop, args.seed)
    part = shop.only(known)
    kept = trimmed(shop, questions, args.seed)
    seen, left = pictures_to_see(part), 2 * int(kept.sum())
    log.info("about %.0f minutes on two cores", _minutes(seen + left, SECONDS_A_PICTURE))
    made = learnt(
        checkpoint,
        part,
        questions.only(known),
        args.seed,
        args.cache,
        started + TRYING * 60 * args.minutes,
        report,
    )
    log.info("about %.0f minutes left", _minutes(left, (time.monotonic() - started) / seen))
    if made is None:
        report.verdict = "Nothing that was tried finds more by cross-validation: the bundle is kept as it is."
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{args.out.name}.", dir=args.out.parent) as staging:
            _compared(base, made, shop, questions, kept, Path(staging) / args.out.name, args, report)
    report.seconds = time.monotonic() - started
    report.write(args.out)
    log.info("%s", report.verdict)
    if not report.shipped and (args.out / "bundle.json").exists():
        log.warning("%s holds the bundle of an earlier run, of which the report there says nothing", args.out)
    print_json({"out": str(args.out), **report.to_json()})
    return 0


def _minutes(pictures: int, pace: float) -> float:
    """How long it takes to look at so many pictures, ``pace`` seconds each, and to export; at least 1."""
    return max(1.0, (pace * pictures + EXPORT_SECONDS) / 60)


def _say(catalogue: Path, problem: RowProblem) -> None:
    log.warning("%s: %s; left out", catalogue, problem)


def _counts(shop: Assortment) -> dict[str, int]:
    held = len(np.unique(shop.products[shop.held]))
    return {
        "products": len(shop.names),
        "categories": len(shop.category_names),
        "shop pictures": int((~shop.photo).sum()),
        "photos": int(shop.photo.sum()),
        "products held back": held,
    }


def _compared(
    base: Bundle,
    made: Made,
    shop: Assortment,
    questions: Questions,
    kept: np.ndarray,
    staging: Path,
    args: argparse.Namespace,
    report: Report,
) -> None:
    """Export, measure before and after on the products held back, and put the better one in place."""
    kept = only_readable(shop, questions, kept)
    before = to_beat(base, shop, questions, kept, report)
    log.info("R@1 %s; exporting", before.recall(1))
    calibration = [path for path, held in zip(shop.paths, shop.held, strict=True) if not held]
    bundle = exported(
        made.checkpoint, _shelved(base, shop), calibration, staging, args.seed, plainer=made.plainer
    )
    if list(bundle.embedder.categories) != made.checkpoint.config["categories"]:
        report.chosen["categories"] = AS_SHIPPED
    after = measured(staging, shop, questions, kept, "after")
    report.after, report.gain = after.to_json(), after.gain_over(before)
    report.shipped, report.verdict = _verdict(before, after, report.against)
    if report.shipped:
        calibrated(load_bundle(staging), shop, questions, kept, args.seed)
        move_into(staging, args.out)


def to_beat(
    base: Bundle, shop: Assortment, questions: Questions, kept: np.ndarray, report: Report
) -> Outcome:
    """What ``base`` finds, or the bundle that a search uses where that finds more: no one ships less."""
    usual = load_bundle(None)
    bundles = [base, usual] if usual.space != base.space else [base]
    found = []
    for bundle in bundles:
        log.info("measuring %s on products held back", bundle.name)
        found.append(measured(bundle.folder, shop, questions, kept, f"before, {bundle.name}"))
    place = max(range(len(found)), key=lambda n: (found[n].recall(1).value, -n))
    report.against, report.before = bundles[place].name, found[place].to_json()
    return found[place]


def _shelved(base: Bundle, shop: Assortment) -> Bundle:
    """``base``, its detector knowing which groups the shop's own categories are of."""
    detector = base.detector and replace(base.detector, categories=shelved(base, shop))
    return replace(base, detector=detector)


def _verdict(before: Outcome, after: Outcome, against: str) -> tuple[bool, str]:
    gain, count = after.gain_over(before), len(before.places)
    said = (
        f"R@1 {before.recall(1).value:.3f} before (`{against}`), {after.recall(1).value:.3f} after: "
        f"{gain.points} points on {count} questions about products held back"
    )
    if gain.value < WORTH:
        return False, f"`{against}` is kept as it is, because the adapted one does not find more: {said}."
    if gain.low <= 0:
        return True, f"Adapted, though so few questions cannot tell for sure: {said}."
    return True, f"Adapted: {said}."
