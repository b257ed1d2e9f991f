"""``python -m training``: prepare, train, evaluate and describe the models."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys

from sdk.errors import PocketshelfError

# command → (module with add_arguments and run, one line of help)
COMMANDS = {
    "average": ("training.average", "average a model's weights with those that its training began with"),
    "boxes": ("training.embedder.boxes", "boxes for photos without, from where the embedder looks"),
    "card": ("training.card", "write the model card of a bundle"),
    "compare": ("training.evaluate.compare", "several ways to search the same pictures, side by side"),
    "detectors": ("training.evaluate.detectors", "several detectors on the same photos, side by side"),
    "distill": ("training.embedder.distill", "train a student into a teacher's space"),
    "draw": ("training.detector.draw", "draw a detector's boxes, or what its training sees, on a sheet"),
    "enrolment": (
        "training.evaluate.enrolment",
        "fit what adjusts a gallery's pictures so that new products get their turn",
    ),
    "ensemble": ("training.embedder.ensemble", "make one teacher of several embedders"),
    "evaluate": (
        "training.evaluate.run",
        "measure any model on any data set; without --model, the results page of a bundle",
    ),
    "prepare composites": (
        "training.studio.prepare_composites",
        "paste cut-outs of real things into new places (synthetic)",
    ),
    "prepare hard-cases": (
        "training.studio.prepare_hard_cases",
        "two people, close crops, people far away, from the street photos kept apart (synthetic)",
    ),
    "prepare studio": ("training.studio.prepare", "draw garments as shop and street pictures (synthetic)"),
    "recall": ("training.recall.command", "calibrate when a local answer suffices, at a controlled risk"),
    "release": ("training.release", "half-precision weights, small enough to be committed"),
    "reduce": ("training.reduce.run", "dimension against recall and bytes, by four linear reductions"),
    "systems": ("training.systems.table", "the trained systems side by side"),
    "tune": ("training.evaluate.tune", "choose a bundle's threshold and weights on val"),
    "train attributes": ("training.embedder.attributes", "fit attribute heads on a trained embedder"),
    "train embedder": ("training.embedder.train", "train the embedder on the real photos"),
    "train detector": ("training.detector.train", "train the detector on the real photos"),
    "train system": ("training.systems.train", "train and measure one system of the field"),
}
# first word of a command of two → what the second names
GROUPS = {"prepare": "synthetic data sets", "train": "models"}


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    groups: dict[str, argparse._SubParsersAction] = {
        "": parser.add_subparsers(required=True, metavar="COMMAND")
    }
    for command, (module, summary) in COMMANDS.items():
        *first, last = command.split()
        for name in first:
            if name not in groups:
                group = groups[""].add_parser(name, help=f"{name} one of the {GROUPS[name]}")
                groups[name] = group.add_subparsers(required=True, metavar="NAME")
        leaf = groups[first[0] if first else ""].add_parser(last, help=summary, description=summary)
        loaded = importlib.import_module(module)
        loaded.add_arguments(leaf)
        leaf.set_defaults(run_command=loaded.run)
    return parser


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    args = build_parser().parse_args(arguments)
    try:
        return args.run_command(args)
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
