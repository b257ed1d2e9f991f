"""Measure a detector on the street photos kept apart: average precision over the ten garment groups.

Either a checkpoint, here in PyTorch, or what ships: a bundle through the `pocketshelf detect` command (which
reports only boxes above the bundle's score threshold, so its figure is that of the boxes a user sees), or
lines saved from that command. The table goes to standard error, the JSON document to standard output.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sdk.errors import PocketshelfError
from training.data.street import GARMENT_GROUPS, StreetPhoto, load_photos
from training.detector.average_precision import Boxes, Score, mean_average_precision
from training.detector.predict import detect
from training.models.detector import Detector

__all__ = [
    "EvaluationError",
    "add_arguments",
    "evaluate",
    "measure",
    "parse_lines",
    "run",
    "table",
    "to_boxes",
    "true_boxes",
]


class EvaluationError(PocketshelfError):
    """There is nothing to measure, or the command under test failed."""


def true_boxes(photos: Iterable[StreetPhoto]) -> dict[str, Boxes]:
    """Photo path → boxes with their groups."""
    return {str(photo.image): Boxes(photo.boxes, photo.groups) for photo in photos}


def evaluate(model: Detector, photos: list[StreetPhoto]) -> dict:
    """Figures of a PyTorch model: ``{"groups": {name: {...}}, "mean": {...}, "photos": n}``."""
    model.eval()
    shown = tqdm(photos, desc="detecting", disable=not sys.stderr.isatty(), leave=False)
    return measure(photos, {str(photo.image): detect(model, photo.image) for photo in shown})


def measure(photos: list[StreetPhoto], found: dict[str, Boxes]) -> dict:
    """Compare detections (photo path → boxes) with the truth."""
    groups, mean = mean_average_precision(true_boxes(photos), found, GARMENT_GROUPS)
    return {
        "groups": {name: asdict(score) for name, score in groups.items()},
        "mean": mean,
        "photos": len(photos),
    }


def parse_lines(lines: Iterable[str]) -> dict[str, Boxes]:
    """The JSON lines of `pocketshelf detect --json`: photo → boxes.

    Raises:
        EvaluationError: a line is no JSON, or says that its photo failed.
    """
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
            if "error" in answer:
                raise EvaluationError(f"line {number}: {answer['error']}")
            found[answer["photo"]] = to_boxes(answer["regions"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise EvaluationError(f"line {number}: not a line of `pocketshelf detect --json`") from error
    return found


def to_boxes(regions: list[dict]) -> Boxes:
    boxes = np.array([region["box"] for region in regions], float).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    scores = np.array([region["score"] for region in regions], float)
    return Boxes(boxes, [region["group"] for region in regions], scores)


def run_command(bundle: Path | None, photos: list[StreetPhoto]) -> dict[str, Boxes]:
    """`pocketshelf detect --json` of a bundle on the photos.

    Raises:
        EvaluationError: the command failed.
    """
    environment = os.environ | ({"POCKETSHELF_BUNDLE": str(bundle)} if bundle else {})
    command = [sys.executable, "-m", "sdk", "detect", "--json", *(str(photo.image) for photo in photos)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EvaluationError(f"`pocketshelf detect` failed: {last}")
    return parse_lines(done.stdout.splitlines())


def table(result: dict) -> str:
    """The figures as Markdown."""
    lines = ["| group | boxes | AP@0.5 | AP@0.5:0.95 | recall@0.5 |", "|---|---:|---:|---:|---:|"]
    rows = {name: Score(**figures) for name, figures in result["groups"].items()}
    lines += [f"| {n} | {s.boxes} | {s.ap50:.3f} | {s.ap:.3f} | {s.recall50:.3f} |" for n, s in rows.items()]
    mean, count = result["mean"], sum(score.boxes for score in rows.values())
    lines.append(f"| **mean** | {count} | {mean['ap50']:.3f} | {mean['ap']:.3f} | {mean['recall50']:.3f} |")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--checkpoint", type=Path, help="a detector's .pt or .npz")
    source.add_argument("--bundle", type=Path, help="a bundle's folder, run through `pocketshelf detect`")
    source.add_argument("--lines", type=Path, help="saved output of `pocketshelf detect --json`; - for stdin")
    parser.add_argument("--data", type=Path, help="folder of the real photos (default: $POCKETSHELF_DATA)")
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--limit", type=int, help="only the first so many photos")


def run(args: argparse.Namespace) -> int:
    photos = load_photos(args.split, args.data)[: args.limit]
    if args.checkpoint:
        result = evaluate(Detector.from_checkpoint(args.checkpoint), photos)
    elif args.bundle:
        result = measure(photos, run_command(args.bundle, photos))
    else:
        text = sys.stdin.read() if str(args.lines) == "-" else args.lines.read_text(encoding="utf-8")
        result = measure(photos, parse_lines(text.splitlines()))
    print(table(result), file=sys.stderr)
    print(json.dumps(result))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.detector.evaluate", description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
