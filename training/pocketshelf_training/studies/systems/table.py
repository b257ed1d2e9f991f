"""``pocketshelf-train systems``: the rows of all systems that were trained, side by side.

Only runs of the same data, budget and input size stand in one table: others would not be comparable.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pocketshelf.errors import UsageError, reason
from pocketshelf_training.data.catalog import DATA_SETS, shown_name
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.pages.page import add_write, joined, publish, table

__all__ = ["add_arguments", "as_markdown", "read_results", "run"]

SHARED = ("data_set", "attributes", "steps", "size", "products", "photos", "others", "lr")
# Shown and passed where they differ from these.
USUAL = {"align": "box", "feature": "global"}
HEAD = """# The systems of the field, side by side

Written by `pocketshelf-train systems --write docs/systems.md`. Every row is one command; all of a table
saw the same pictures in the same batches for the same number of steps, on the same ImageNet
EfficientNet-Lite0 trunk. Street photo → shop picture; in brackets 95 % bootstrap intervals over photos. The
original systems had other trunks and data: these rows are of their *ideas*, not of their published models.
Attributes: balanced accuracy. Brackets behind a name: an alignment other than by the box (none, rotation,
landmarks as the data have them), or a feature other than the global one (local, fused). Later runs join a
page by `--also docs/systems.json`.

Theirs, not ours: top-20 accuracy on DeepFashion as Liu et al. (CVPR 2016, section 5.1) published it.

| system | In-shop | Consumer-to-shop |
|---|---|---|
| WTBI | 0.506 | 0.063 |
| DARN | 0.675 | 0.111 |
| FashionNet | 0.764 | 0.188 |
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=Path, default=Path("runs/systems"), help="folder of the runs' folders")
    parser.add_argument(
        "--also", type=Path, metavar="PAGE.json", help="rows of an earlier page, but those that were run anew"
    )
    add_write(parser)


def read_results(runs: Path) -> list[dict[str, Any]]:
    """Every ``result.json`` below ``runs``.

    Raises:
        UsageError: there is none, or one is damaged.
    """
    paths = sorted(runs.glob("*/result.json"))
    if not paths:
        raise UsageError(f"{runs}: no results; make one with `pocketshelf-train train system --system …`")
    results = []
    for path in paths:
        try:
            results.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as error:
            raise UsageError(f"{path}: damaged; measure that system again") from error
    return results


def read_earlier(page: Path, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a page's JSON whose settings none of ``results`` has.

    Raises:
        UsageError: it is not there, or damaged.
    """
    try:
        earlier = json.loads(page.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{page}: no page's JSON ({reason(error)})") from error
    anew = [_without_folders(result)["settings"] for result in results]
    return [row for row in earlier if row["settings"] not in anew]


def as_markdown(results: list[dict[str, Any]]) -> str:
    """One table for each set of shared settings."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for result in map(_without_folders, results):
        key = json.dumps({name: result["settings"][name] for name in SHARED}, sort_keys=True)
        groups.setdefault(key, []).append(result)
    return joined([HEAD, *map(_group, groups.values())])


def _group(results: list[dict[str, Any]]) -> str:
    settings = results[0]["settings"]
    data = ", ".join(map(shown_name, settings["data_set"]))
    lines = [f"## {data}, {settings['steps']} steps at {settings['size']} pixels\n"]
    for split in ("val", "test"):
        rows = [result for result in results if result["figures"].get(split)]
        names = list(dict.fromkeys(name for row in rows for name in row["figures"][split]))
        for source in dict.fromkeys(name.partition(": ")[0] for name in names):
            lines.append(_table(rows, split, source, [n for n in names if n.partition(": ")[0] == source]))
    lines += [f"- {result['system']}: `{_command(result)}`" for result in results]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]], split: str, source: str, names: list[str]) -> str:
    """One data set's figures of a split, a row a system."""
    head = [f"{source}, {split}", "source", *(name.partition(": ")[2] for name in names)]
    return table(head, (_row(row, row["figures"][split], names) for row in rows))


def _row(result: dict[str, Any], figures: dict[str, Any], names: list[str]) -> list[object]:
    special = [result["settings"][name] for name, value in USUAL.items() if _special(result, name, value)]
    name = result["system"] + (f" ({', '.join(special)})" if special else "")
    return [name, result["source"], *(Figure(**figures[n]) if n in figures else "–" for n in names)]


def _special(result: dict[str, Any], name: str, usual: str) -> bool:
    return result["settings"].get(name, usual) != usual


def _command(result: dict[str, Any]) -> str:
    settings = result["settings"]
    parts = [f"pocketshelf-train train system --system {result['system']}"]
    # A folder is the reader's own.
    parts += [f"--data-set {name}{'=…' * (DATA_SETS[name].root == 'own')}" for name in settings["data_set"]]
    flags = ("steps", "size", "products", "photos", "others", "lr", "seed")
    parts += [f"--attributes {settings['attributes']}"] if settings["attributes"] else []
    parts += [f"--{name} {settings[name]}" for name, value in USUAL.items() if _special(result, name, value)]
    return " ".join([*parts, *(f"--{flag} {settings[flag]}" for flag in flags)])


def run(args: argparse.Namespace) -> int:
    results = read_results(args.runs)
    if args.also:
        results = read_earlier(args.also, results) + results
    document = json.dumps([_without_folders(result) for result in results], indent=1)
    publish(as_markdown(results), document, args.write)
    return 0


def _without_folders(result: dict[str, Any]) -> dict[str, Any]:
    names = [entry.partition("=")[0] for entry in result["settings"]["data_set"]]
    return {**result, "settings": {**result["settings"], "data_set": names}}
