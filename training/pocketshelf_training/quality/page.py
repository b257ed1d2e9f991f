"""``pocketshelf-train quality``: docs/quality.md, how well a photo's faults are found."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.printable import counted
from pocketshelf.quality import ADVICE, built_in_rules, parse_rules
from pocketshelf.quality.faults import ONLY_LOOKS
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.pages.page import add_bundle, add_write, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.quality import figures as figures_of
from pocketshelf_training.quality.dropped import write_dropped
from pocketshelf_training.quality.fit import fit_rules
from pocketshelf_training.quality.tables import SignalTable
from pocketshelf_training.quality.train import MADE, opened_tables

__all__ = ["add_arguments", "page_of", "run"]

TARGET = 0.85
TEXT = Path(__file__).with_name("page.md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the signals there")
    parser.add_argument("--seed", type=values.seed, default=0)
    parser.add_argument(
        "--made", type=values.count, default=MADE, help=f"synthetic pictures (default: {MADE})"
    )
    parser.add_argument(
        "--dropped", type=Path, metavar="FILE.html", help="a page of fifty photos that the filter leaves out"
    )
    parser.add_argument("--json", action="store_true")
    add_write(parser)


def run(args: argparse.Namespace) -> int:
    measured = _measured(args)
    publish(page_of(measured), json.dumps(plain(measured), indent=1), args.write, args.json)
    if args.dropped:
        count = write_dropped(args.dropped, load_bundle(args.bundle), args.data, args.seed)
        tell(f"{args.dropped}: {counted(count, 'photo')}")
    return 0


def _measured(args: argparse.Namespace) -> dict[str, Any]:
    bundle = load_bundle(args.bundle)
    tables = opened_tables(bundle, args)
    spec = bundle.quality
    rules = built_in_rules() if spec is None else parse_rules(spec.rules, "bundle.json: quality.rules")
    shopper = {code: text for code, text in ADVICE.items() if code not in ONLY_LOOKS}
    return {
        **here(),
        "bundle": bundle.name,
        "bytes": spec.bytes if spec else None,
        "seed": args.seed,
        "labelled": {"val": len(tables.real_val.faults), "test": len(tables.real_test.faults)},
        "made": len(tables.made_test.faults),
        "told": figures_of.told(rules, tables.real_test, shopper),
        **_both(rules, tables.real_test, tables.made_test),
        "without network": _both(built_in_rules(), tables.real_test, tables.made_test),
        "always network": _both(fit_rules(tables, chosen=False), tables.real_test, tables.made_test)
        if spec
        else None,
    }


def _both(rules: Mapping[str, Any], real: SignalTable, made: SignalTable) -> dict[str, Any]:
    return {
        "real": figures_of.of_table(rules, real),
        "real mean": figures_of.mean_balanced(rules, real, figures_of.FEW),
        "synthetic": figures_of.of_table(rules, made),
        "synthetic mean": figures_of.mean_balanced(rules, made),
    }


def page_of(measured: dict[str, Any]) -> str:
    few = [code for code, found in measured["real"].items() if found["with"] < figures_of.FEW]
    (val, test), told = (measured["labelled"][split] for split in ("val", "test")), measured["told"]
    size = "none" if measured["bytes"] is None else f"{measured['bytes']:,} bytes"
    parts = {
        "bytes": size,
        "verdict": _verdict(measured),
        "labelled": f"{val + test} photos ({val} val, {test} test)",
        "real": _table(measured["real"], measured["real mean"]),
        "good": _share(told["good"]),
        "bad": _share(told["bad"]),
        "few": f"Too few real photos have these to be measured on (fewer than {figures_of.FEW} in test): "
        f"{', '.join(f'`{code}`' for code in few)}. No figure of theirs is in the mean.",
        "made": measured["made"],
        "made_table": _table(measured["synthetic"], measured["synthetic mean"]),
        "without": _compared(measured),
        "machine": measured["machine"],
        "commit": measured["commit"],
    }
    return TEXT.read_text(encoding="utf-8").format(**parts)


def _verdict(measured: dict[str, Any]) -> str:
    mean: Figure = measured["real mean"]
    reached = "reached" if mean.value >= TARGET else "**not reached**"
    counted = sum(found["with"] >= figures_of.FEW for found in measured["real"].values())
    below = [
        f"`{code}` {found['balanced'].value:.2f}"
        for code, found in measured["real"].items()
        if found["with"] >= figures_of.FEW and found["balanced"].value < TARGET
    ]
    line = f"Balanced accuracy on real photos, mean of {counted} faults: {mean}; wanted {TARGET}: {reached}."
    return line + (f" Below it: {', '.join(below)}." if below else "")


def _table(found: dict[str, dict[str, Any]], mean: Figure) -> str:
    head = ["fault", ">with", ">without", ">balanced accuracy", ">found", ">false", ">sure: found", ">false "]
    rows = [_row(code, each) for code, each in found.items()]
    return table(head, [*rows, ("mean", "", "", f"**{mean}**", "", "", "", "")])


def _row(code: str, found: dict[str, Any]) -> tuple[object, ...]:
    counts = (f"`{code}`", found["with"], found["without"])
    if found["with"] < figures_of.FEW:
        return (*counts, "too few", "", "", "", "")
    shares = (found[name] for name in ("found", "false", "sure found", "sure false"))
    return (*counts, found["balanced"], *(f"{share:.2f}" for share in shares))


def _compared(measured: dict[str, Any]) -> str:
    ways = {
        "as it ships": measured,
        "by every rule": measured["always network"],
        "by none": measured["without network"],
    }
    rows = [
        (name, way["real mean"], way["real"]["over_exposed"]["balanced"], way["synthetic mean"])
        for name, way in ways.items()
        if way
    ]
    return table(["the network is seen", ">real, mean", ">real, `over_exposed`", ">synthetic, mean"], rows)


def _share(figure: Figure) -> str:
    return f"{figure.value:.1%} ({figure.low:.1%} to {figure.high:.1%})"
