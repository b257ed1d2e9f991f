"""``pocketshelf-train detectors``: several detectors on the same photos, and how far apart they are."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import DATA_SETS, load_given, shown_name
from pocketshelf_training.metrics.average_precision import Matches
from pocketshelf_training.metrics.detector_figures import (
    FIGURES,
    bootstrap,
    to_boxes,
    true_boxes,
    with_intervals,
)
from pocketshelf_training.pages.provenance import commit, machine
from pocketshelf_training.pages.report import table, write_page
from pocketshelf_training.predict.asker import Asker
from pocketshelf_training.predict.searches import choose_split
from pocketshelf_training.predict.subject import Crop, Subject, open_subject

__all__ = ["add_arguments", "run"]

HEAD = """# Detectors, side by side

Written by `pocketshelf-train detectors --write`; split {split}. In brackets: 95 % bootstrap intervals over
photos (seed 0); differences over the same draws of photos. Columns of groups: AP@0.5. Machine: {machine};
commit {commit}.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--way",
        action="append",
        required=True,
        metavar="NAME=MODEL",
        help="a checkpoint, a model file beside its bundle.json, or a bundle's folder; the first is the one "
        "that the others are compared with",
    )
    parser.add_argument(
        "--data-set",
        action="append",
        metavar="NAME[=FOLDER]",
        help=f"one of {', '.join(DATA_SETS)}; may be repeated (default: street)",
    )
    parser.add_argument("--split", default="val", help="default: val")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of answers")
    parser.add_argument("--write", type=Path, metavar="PAGE.md", help="write the page and its JSON")


def run(args: argparse.Namespace) -> int:
    subjects = {name: open_subject(path, "detector") for name, path in map(_parse, args.way)}
    results: dict[str, Any] = {
        "run": {
            "ways": {name: str(subject.path) for name, subject in subjects.items()},
            "split": args.split,
            "machine": machine(),
            "commit": commit(),
        },
        "data_sets": {
            _shown(given): _measure(given, args, subjects) for given in args.data_set or ["street"]
        },
    }
    page = _page(results)
    if args.write:
        write_page(page, json.dumps(results, indent=1), args.write)
    print(page)
    return 0


def _parse(given: str) -> tuple[str, Path]:
    name, _, path = given.partition("=")
    if not name or not path:
        raise UsageError(f"--way {given}: write NAME=MODEL")
    return name, Path(path)


def _shown(given: str) -> str:
    """The data set and the last folder that it lies in."""
    name, _, folder = given.partition("=")
    return f"{shown_name(name)}, {Path(folder).name}" if folder else shown_name(name)


def _measure(given: str, args: argparse.Namespace, subjects: dict[str, Subject]) -> dict[str, Any]:
    """Every detector's figures on a data set, and the differences to the first one's, draw by draw."""
    _, samples = load_given(given, args.data)
    truth = true_boxes(choose_split(samples, args.split)[0])
    groups = sorted({group for boxes in truth.values() for group in boxes.groups})
    wanted = {str(path): boxes for path, boxes in truth.items()}
    ways: dict[str, dict[str, Any]] = {}
    means: dict[str, np.ndarray] = {}
    for name, subject in subjects.items():
        answers = Asker(subject, args.cache, label=name).ask([Crop(path) for path in truth], _shown(given))
        found = {str(path): to_boxes(answer) for path, answer in zip(truth, answers, strict=True)}
        matches = Matches.of(wanted, found, groups)
        means[name] = bootstrap(matches)
        first = next(iter(means.values()))
        ways[name] = {
            "figures": with_intervals(means[name], len(truth)),
            "difference": with_intervals(means[name] - first, len(truth)) if len(means) > 1 else {},
            "groups": {group: score.ap50 for group, score in matches.table(np.arange(len(truth))).items()},
        }
    return {"photos": len(truth), "ways": ways}


def _page(results: dict[str, Any]) -> str:
    facts = results["run"]
    parts = [HEAD.format(**facts)]
    parts += ["\n".join(f"- {name}: `{path}`" for name, path in facts["ways"].items()) + "\n"]
    for data_set, found in results["data_sets"].items():
        groups = sorted({group for way in found["ways"].values() for group in way["groups"]})
        parts.append(f"## {data_set} ({found['photos']} photos)\n")
        rows = [
            [
                name,
                *map(str, way["figures"].values()),
                way["difference"]["mAP@0.5"].points if way["difference"] else "",
                *(f"{way['groups'][group]:.2f}" for group in groups),
            ]
            for name, way in found["ways"].items()
        ]
        parts.append(table(["detector", *FIGURES.values(), "mAP@0.5, points to the first", *groups], rows))
    return "\n".join(parts).rstrip() + "\n"
