"""The model card beside a bundle (Mitchell et al., FAT* 2019): data, recipe, commands, seeds, figures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pocketshelf.cli.output import tell
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.pages.page import add_bundle, table

__all__ = ["add_arguments", "card", "run"]

TEMPLATE = Path(__file__).with_name("card_template.md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    parser.add_argument(
        "--results", type=Path, default=Path("docs/results.json"), help="what `evaluate --write` wrote"
    )


def card(bundle: Bundle, results: dict[str, Any]) -> str:
    """The card's text, from the bundle, its weights' own records, and measured results."""
    embedder = load_checkpoint(bundle.folder / "embedder.npz", kind="embedder").meta
    detector = load_checkpoint(bundle.folder / "detector.npz", kind="detector").meta
    return TEMPLATE.read_text(encoding="utf-8").format(
        name=bundle.folder.name,
        space=bundle.space,
        files=_files(bundle),
        dimension=bundle.embedder.dimension,
        categories=len(bundle.embedder.categories),
        attributes=", ".join(bundle.embedder.attributes) or "no attribute",
        attribute_list=",".join(bundle.embedder.attributes) or "''",
        size=bundle.embedder.preprocessing.size[0],
        embedder_seed=embedder["seed"],
        embedder_epochs=embedder["epochs"],
        groups=", ".join(bundle.detector.groups) if bundle.detector else "none",
        detector_seed=detector["settings"]["seed"],
        detector_epochs=detector["epochs"],
        detector_size=detector["settings"]["size"],
        small_size=detector["settings"]["small_size"],
        threshold=detector.get("score_threshold", "the default"),
        figures=_figures(results),
    )


def _files(bundle: Bundle) -> str:
    models = {"embedder": bundle.embedder, "detector": bundle.detector}
    rows = []
    for name, spec in models.items():
        if spec is not None:
            height, width = spec.preprocessing.size
            size = f"{spec.bytes / 1e6:.2f}"
            rows.append([name, f"`{spec.file}`", size, f"{width} x {height}", spec.precision])
    return table(["model", "file", "MB", "input", "precision"], rows)


def _figures(results: dict[str, Any]) -> str:
    rows = [
        _row(f"grocery {split}, {way}: {name}", figure)
        for split, ways in results["grocery"].items()
        for way, figures in ways.items()
        for name, figure in figures.items()
    ]
    rows += [
        _row(f"grocery {split}, photo → training photos: {name}", figure)
        for split, precisions in results.get("exact", {}).items()
        for name, figure in precisions["int8"]["photo → training photos"].items()
    ]
    rows += [
        _row(f"clothing val, ten labels: {name}", figure)
        for name, figure in results["clothing"]["val"].items()
    ]
    rows += [
        [f"street val, mAP@0.5 over ten groups, {model}", f"{row['map50']:.3f}", row["photos"]]
        for model, row in results["street"].items()
    ]
    return table(["what", "figure", "photos"], rows)


def _row(what: str, figure: list[Any]) -> list[object]:
    found = Figure(*figure)
    return [what, found, found.photos]


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle)
    text = card(bundle, json.loads(args.results.read_text(encoding="utf-8")))
    target = bundle.folder / "CARD.md"
    target.write_text(text, encoding="utf-8")
    tell(target)
    return 0
