"""``pocketshelf-train``: prepare, train, evaluate and describe the models."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from pocketshelf.cli.completion import SHELLS, Completion
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.logs import set_up_logging
from pocketshelf.cli.output import say
from pocketshelf.cli.parser import Parser
from pocketshelf.errors import PocketshelfError
from pocketshelf.runtime.notices import owns_process
from pocketshelf.shipped import version
from pocketshelf_training.outputs import require_places

log = logging.getLogger("pocketshelf.training")

# command → (module of this package with add_arguments and run, one line of help)
COMMANDS = {
    "adapt": (
        "adapt.command",
        "adapt a bundle to a shop's own catalogue, if that finds more",
    ),
    "average": (
        "models.average",
        "average a model's weights with those that its training began with",
    ),
    "boxes": (
        "embedder.boxes",
        "boxes for photos without, from where the embedder looks",
    ),
    "card": ("pages.card", "write the model card of a bundle"),
    "catalogue": (
        "adapt.listing",
        "write a data set's pictures as a shop's CSV",
    ),
    "closely": (
        "closely.command",
        "what local features find of covers and cartons, and what they cost: docs/closely.md",
    ),
    "colours": (
        "colours.command",
        "what colours beside the embedding bring, and what they cost: docs/colours.md",
    ),
    "compare": (
        "pages.compare",
        "several ways to search the same pictures, side by side",
    ),
    "compatibility": (
        "outfits.page",
        "how well it is known which garments go together: docs/outfits.md",
    ),
    "detectors": (
        "pages.detectors",
        "several detectors on the same photos, side by side",
    ),
    "distill": ("embedder.distill", "train a student into a teacher's space"),
    "draw": (
        "detector.draw",
        "draw a detector's boxes, or what its training sees, on a sheet",
    ),
    "enrolment": (
        "embedder.enrolment",
        "fit what adjusts a gallery's pictures so that new products get their turn",
    ),
    "ensemble": ("embedder.ensemble", "make one teacher of several embedders"),
    "evaluate": (
        "pages.run",
        "measure any model on any data set; without --model, the results page of a bundle",
    ),
    "left-out": (
        "pages.left_out",
        "what trainings find of products that each of them left out, over several draws",
    ),
    "looks": ("outfits.library", "a library of looks from street photos, as a store"),
    "pack": (
        "data.pack",
        "a smaller copy of the real photos, to train where a GPU is at hand",
    ),
    "pack-detector": (
        "detector.pictures",
        "all pictures of a detector's training in one small file, to train where a GPU is at hand",
    ),
    "polyvore": ("outfits.polyvore", "measure a bundle's outfit head on Polyvore Outfits"),
    "prepare composites": (
        "studio.prepare.composites",
        "paste cut-outs of real things into new places (synthetic)",
    ),
    "prepare dressed": (
        "studio.prepare.dressed",
        "put flat garments on people of street photos (synthetic)",
    ),
    "prepare hard-cases": (
        "studio.prepare.hard_cases",
        "two people, close crops, people far away, from the street photos kept apart (synthetic)",
    ),
    "prepare rephotographed": (
        "studio.prepare.rephotographed",
        "flat prints as phones photograph them (synthetic)",
    ),
    "prepare samples": (
        "studio.prepare.samples",
        "draw the small shop of `pocketshelf demo --drawn` (synthetic)",
    ),
    "prepare solids": (
        "studio.prepare.solids",
        "things of one's home from many sides, of free 3D models (synthetic)",
    ),
    "prepare studio": (
        "studio.prepare.studio",
        "draw garments as shop and street pictures (synthetic)",
    ),
    "prepare wardrobe": (
        "studio.prepare.wardrobe",
        "garments cut out, and people, for trainings that dress on the device (synthetic)",
    ),
    "reading": (
        "reading.command",
        "what reading the words on cartons brings, and what it costs: docs/reading.md",
    ),
    "recall": (
        "recall.command",
        "calibrate when a local answer suffices, at a controlled risk",
    ),
    "release": (
        "models.release",
        "half-precision weights, small enough to be committed",
    ),
    "quality": ("quality.page", "how well a photo's faults are found: docs/quality.md"),
    "reduce": (
        "studies.reduce.run",
        "dimension against recall and bytes, by four linear reductions",
    ),
    "systems": ("studies.systems.table", "the trained systems side by side"),
    "tune": ("pages.tune", "choose a bundle's threshold and weights on val"),
    "tagged-boxes": (
        "detector.tagged_boxes",
        "boxes for photos of which only the groups are known, by a trained detector",
    ),
    "mine categories": (
        "mine.categories.command",
        "labelled pictures from keywords, purified by the model",
    ),
    "mine category-figures": (
        "mine.categories.figures.command",
        "wrong labels that category mining finds, and good ones that it loses",
    ),
    "mine figures": ("mine.figures", "pairs that same-style mining finds, labels hidden"),
    "mine same-style": (
        "mine.same_style",
        "cluster unlabelled pictures by product, for a person to review",
    ),
    "outfits": ("pages.outfits", "what a bundle finds for each garment of an outfit photo"),
    "screenshots": (
        "quality.screenshots",
        "photos asked by a screenshot of them (synthetic): the page as it is, and the picture found in it",
    ),
    "spoilt": (
        "quality.spoilt",
        "photos spoilt by the camera, a hand or a messenger (synthetic), by one bundle or two",
    ),
    "light": (
        "pages.light",
        "photos in little, tinted or pale light: found by vectors, by colours, and by colours in white light",
    ),
    "turned": (
        "turned.figures",
        "photos that are not the right way up: found once, as a search does, and any way up",
    ),
    "partial-shelves": (
        "recall.partial",
        "shelves with a tenth of a catalogue, and a server for the rest: what is confident, and right",
    ),
    "as-one": (
        "pages.as_one",
        "photos of one thing that the detector takes apart: by their boxes, and by the frame as well",
    ),
    "routing": (
        "pages.routing",
        "what routing by a shop's categories brings or costs, whatever they are called",
    ),
    "unseen": ("pages.unseen", "search for products that no training saw, by any model"),
    "train attributes": (
        "embedder.attributes",
        "fit attribute heads on a trained embedder",
    ),
    "train embedder": ("embedder.train", "train the embedder on the real photos"),
    "train ablation": (
        "studies.ablation",
        "the universal embedder without each of its sources, to see what each brings",
    ),
    "train stages": (
        "embedder.stages",
        "the universal embedder in a fixed time, with draws that leave products out",
    ),
    "train robust": (
        "embedder.robust",
        "train an embedder on, to see spoilt photos as it sees good ones",
    ),
    "train universal": (
        "embedder.universal",
        "train one embedder for products of any shop, from pairs of many sources",
    ),
    "train detector": ("detector.train", "train the detector on the real photos"),
    "train quality": ("quality.train", "train what looks for a photo's faults, and its rules"),
    "train groups": (
        "outfits.groups",
        "fit what tells which groups a shop's own categories are of, by their products",
    ),
    "train turned": ("turned.train", "fit what tells a photo that is not the right way up"),
    "train outfits": ("outfits.train", "fit what says which garments go together"),
    "train system": (
        "studies.systems.train",
        "train and measure one system of the field",
    ),
}
# first word of a command of two → what the second names
GROUPS = {"mine": "ways from pictures to labels", "prepare": "synthetic data sets", "train": "models"}


def build_parser(words: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser of every command.

    Args:
        words: of a command line; only the command that they name is loaded then, since most import torch.
    """
    parser = Parser(prog="pocketshelf-train", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version()}")
    parser.add_argument(
        "--print-completion",
        metavar="SHELL",
        action=Completion,
        choices=SHELLS,
        program=_Whole(),
        help=f"print what makes a shell complete this command: {', '.join(SHELLS)}",
    )
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
        if words is None or command == _named(words):
            loaded = importlib.import_module(f"pocketshelf_training.{module}")
            loaded.add_arguments(leaf)
            leaf.set_defaults(run_command=loaded.run)
    return parser


class _Whole:
    """Every command with its options, for completion."""

    def parser(self) -> argparse.ArgumentParser:
        return build_parser()


def _named(words: Sequence[str]) -> str | None:
    """The command that a line begins with."""
    return next((name for name in (" ".join(words[:2]), *words[:1]) if name in COMMANDS), None)


@owns_process
@says_what_to_install("train")
def main(arguments: Sequence[str] | None = None) -> int:
    set_up_logging("%(asctime)s %(message)s", "%H:%M:%S")
    words = list(sys.argv[1:] if arguments is None else arguments)
    if (command := _named(words)) and not {"-h", "--help"} & set(words):
        log.info("%s: loading", command)
    try:
        args = build_parser(words).parse_args(words)
        require_places(args)
        return args.run_command(args)
    except PocketshelfError as error:
        say(f"error: {error}")
    except BrokenPipeError:
        # The reader has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # A full disk, a folder not ours.
        where = "" if error.filename is None else f"{error.filename}: "
        say(f"error: {where}{error.strerror or error}")
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
