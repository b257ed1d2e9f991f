"""``pocketshelf-train recall``: calibrate how far an answer can be trusted, on several catalogues at once."""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle, write_bundle
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.outputs import require_folder
from pocketshelf_training.recall import evidence
from pocketshelf_training.recall.calibrate import Calibration, calibrate, lacking, one_each
from pocketshelf_training.recall.encodings import RememberingEncoder
from pocketshelf_training.recall.figures import figures
from pocketshelf_training.recall.page import page
from pocketshelf_training.recall.plot import plot_risk_coverage
from pocketshelf_training.recall.worlds import catalogue_of, search_world, worlds

__all__ = ["add_arguments", "run"]

log = logging.getLogger(__name__)

SEEDS = {"val": 1, "test": 2}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_data(parser)
    parser.add_argument(
        "--bundle", type=Path, metavar="DIR", help="bundle to calibrate (default: as for search)"
    )
    parser.add_argument(
        "--k", type=values.count, default=10, help="a product ranked beyond it is missed (default: 10)"
    )
    parser.add_argument(
        "--alpha",
        type=values.share,
        default=0.05,
        help="misses that may stay unasked, and lacking products that may be confident (default: 0.05)",
    )
    parser.add_argument("--delta", type=values.share, default=0.05, help="1 - confidence (default: 0.05)")
    parser.add_argument(
        "--bound",
        choices=("world", "kind"),
        default="world",
        help="bound the misses that stay unasked in each catalogue, or for each kind of photo in each "
        "(default: world)",
    )
    parser.add_argument(
        "--shelves", type=values.count, default=16, help="shelves drawn of each catalogue (default: 16)"
    )
    parser.add_argument(
        "--test-shelves", type=values.whole, default=6, help="the same for the test (default: 6)"
    )
    parser.add_argument(
        "--photos", type=values.count, metavar="N", help="only N photos of each set, for a quick look"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep what photos were encoded to (default: OUT/encodings)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/recall"), help="recall.json, README.md and plot go here"
    )
    parser.add_argument(
        "--measure", action="store_true", help="measure the bundle's own calibration instead of a new one"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the calibration into the bundle's bundle.json"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    require_folder("--out", args.out)
    bundle = load_bundle(args.bundle)
    if args.measure and not bundle.recall:
        raise UsageError(
            f"{bundle.folder}: carries no calibration that could be measured; leave --measure out"
        )
    log.info("calibrating %s on three catalogues; about three minutes on two cores", bundle.folder)
    args.out.mkdir(parents=True, exist_ok=True)
    encoder = RememberingEncoder(Encoder.open(bundle), args.cache or args.out / "encodings")
    lines = _collected("val", encoder, args.data, args.shelves, args.photos)
    test = _collected("test", encoder, args.data, args.test_shelves, args.photos)
    settings = (args.k, args.alpha, args.delta, args.bound)
    own = Calibration.of_block(bundle.recall) if args.measure and bundle.recall else None
    calibration = own or calibrate(lines, *settings)
    _warn(calibration)
    about = {"bundle": bundle.name, "space": bundle.space, "seeds": SEEDS, "bound": args.bound}
    report = about | {"kept": args.measure} | reported(lines, test, calibration, settings)
    (args.out / "recall.json").write_text(json.dumps(report, indent=1) + "\n")
    (args.out / "README.md").write_text(page(report))
    _plot(test, calibration, args.out / "risk_coverage.png")
    if args.write:
        write_bundle(replace(bundle, recall=report["recall"]))
    tell_lines(json.dumps(report, indent=1))
    return 0


def reported(
    lines: evidence.Lines,
    test: evidence.Lines,
    calibration: Calibration,
    settings: tuple[int, float, float, str],
) -> dict[str, Any]:
    """The block, its figures on the test, and those of a catalogue that was left out of the calibration."""
    names = list(dict.fromkeys(catalogue_of(line["world"]) for line in lines))
    without = {
        name: figures(_of(test, [name]), calibrate(_of(lines, [n for n in names if n != name]), *settings))
        for name in names
        if any(catalogue_of(line["world"]) == name for line in test) and _fits(lines, name)
    }
    return {"recall": calibration.to_block(), "test": figures(test, calibration), "left_out": without}


def _collected(
    part: str, encoder: RememberingEncoder, root: Path | None, shelves: int, limit: int | None
) -> evidence.Lines:
    found = worlds(part, root, limit)
    log.info("%s: %s", part, ", ".join(f"{world.name} ({len(world.photos)} photos)" for world in found))
    encoder.prepare([photo for world in found for photo in world.photos])
    with tempfile.TemporaryDirectory() as folder:
        return [
            row for world in found for row in search_world(world, encoder, Path(folder), shelves, SEEDS[part])
        ]


def _warn(calibration: Calibration) -> None:
    for what, control in (
        ("local recall", calibration.recall_control),
        ("confidence", calibration.confidence_control),
    ):
        if control.threshold >= 1.0:
            log.warning("%s: only %d misses: too few for any to pass at this risk", what, control.misses)


def _plot(test: evidence.Lines, calibration: Calibration, path: Path) -> None:
    table = evidence.read(test)
    plot_risk_coverage(
        calibration.local_recall(table),
        table.hits(calibration.k),
        calibration.recall_control.threshold,
        path,
    )


def _of(lines: evidence.Lines, names: Sequence[str]) -> evidence.Lines:
    return [line for line in lines if catalogue_of(line["world"]) in names]


def _fits(lines: evidence.Lines, name: str) -> bool:
    """Whether there is something to fit, and to control, without this catalogue."""
    others = [line for line in lines if catalogue_of(line["world"]) != name]
    return any(line["local"] for line in others) and bool(one_each(lacking(others)))
