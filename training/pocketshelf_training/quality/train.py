"""``pocketshelf-train train quality``: the network that looks for a photo's faults, and the rules behind it.

Real photos and what was made of them teach the network (synthetic faults; half of the sources); converters
make it an int8 file in the bundle; the rules are fitted on the val part. ``--rules-only`` keeps the network.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf.quality import FAULTS, Judge, rules
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.pages.page import add_bundle
from pocketshelf_training.quality.fit import fit_rules, to_json
from pocketshelf_training.quality.learn import Recipe, network_pixels, trained
from pocketshelf_training.quality.network import KIND, QualityNetwork
from pocketshelf_training.quality.photos import real_photos
from pocketshelf_training.quality.synthetic import Maker
from pocketshelf_training.quality.tables import Tables, read_tables

__all__ = ["MADE", "add_arguments", "opened_tables", "run"]

log = logging.getLogger(__name__)

# Synthetic pictures that rules are fitted to, and as many that they are measured on.
MADE = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the examples there")
    parser.add_argument("--seed", type=values.seed, default=0)
    parser.add_argument(
        "--examples", type=values.count, default=Recipe.examples, help=f"default: {Recipe.examples}"
    )
    parser.add_argument(
        "--epochs", type=values.count, default=Recipe.epochs, help=f"default: {Recipe.epochs}"
    )
    parser.add_argument(
        "--made", type=values.count, default=MADE, help=f"pictures the rules see (default: {MADE})"
    )
    parser.add_argument("--rules-only", action="store_true", help="keep the network; fit the rules again")
    parser.add_argument(
        "--fault",
        choices=FAULTS,
        action="append",
        help="with --rules-only: fit its rule alone, and keep the others; may repeat (default: all)",
    )


def run(args: argparse.Namespace) -> int:
    folder = load_bundle(args.bundle).folder
    if args.fault and not args.rules_only:
        raise UsageError("--fault keeps the other rules, which go by the network: name --rules-only, too")
    if not args.rules_only:
        recipe = Recipe(examples=args.examples, epochs=args.epochs)
        pixels, labels = _examples(args, recipe)
        checkpoint = folder / "quality.npz"
        _save(checkpoint, trained(pixels, labels, recipe, args.seed), recipe, args.seed)
        _export(checkpoint, folder)
    bundle = load_bundle(folder)
    tables = opened_tables(bundle, args)
    if bundle.quality is not None:
        fitted = to_json(fit_rules(tables, codes=args.fault or FAULTS))
        found = _in_order({**bundle.quality.rules, **fitted})
        write_bundle(replace(bundle, quality=replace(bundle.quality, rules=found)))
        tell(f"{folder}: {bundle.quality.bytes} bytes, rules for {len(found)} faults")
    _write_built_in(tables, args.fault or FAULTS)
    return 0


def opened_tables(bundle: Bundle, args: argparse.Namespace) -> Tables:
    """The signals of val and test, by the network of ``bundle`` if it has one."""
    judge = Judge({}) if bundle.quality is None else Judge.open(replace_rules(bundle))
    assert judge is not None
    sha = bundle.quality.sha256[:12] if bundle.quality else "none"
    cache = args.cache / f"tables-{sha}" if args.cache else None
    return read_tables(judge, Encoder.open(bundle), args.data, args.made, args.seed + 1, cache)


def replace_rules(bundle: Bundle) -> Bundle:
    """``bundle`` without rules: signals need none."""
    assert bundle.quality is not None
    return replace(bundle, quality=replace(bundle.quality, rules={}))


def _examples(args: argparse.Namespace, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (n, side, side, 3) and labels (n, faults) of the training part."""
    kept = args.cache / f"examples-{recipe.examples}-{args.seed}.npz" if args.cache else None
    if kept is not None and kept.is_file():
        with np.load(kept) as file:
            return file["pixels"], file["labels"]
    network = QualityNetwork()
    maker = Maker([p for p in real_photos(args.data) if p.part == "train"], args.data, args.seed)
    pixels, labels = [], []
    for number in tqdm(range(recipe.examples), "examples", file=sys.stderr):
        example = maker.example(number)
        pixels.append(network_pixels(example, network))
        labels.append(example.faults)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, pixels=np.array(pixels), labels=np.array(labels))
    return np.array(pixels), np.array(labels)


def _save(path: Path, network: QualityNetwork, recipe: Recipe, seed: int) -> None:
    meta = {"seed": seed, "examples": recipe.examples, "epochs": recipe.epochs, "faults made": "synthetic"}
    save_checkpoint(path, KIND, network.config, network.state_dict(), meta)
    log.info("%s: %d numbers", path, sum(p.numel() for p in network.parameters()))


def _export(checkpoint: Path, folder: Path) -> None:
    """As a user calls them: the training may not import the converters."""
    command = [sys.executable, "-m", "converters.quality", str(checkpoint), "--bundle", str(folder)]
    if subprocess.run(command, env=os.environ.copy(), check=False).returncode:
        raise PocketshelfError("the export failed; converters.quality says why above")


def _in_order(found: Mapping[str, Any]) -> dict[str, Any]:
    return {code: found[code] for code in FAULTS if code in found}


def _write_built_in(tables: Tables, codes: Sequence[str]) -> None:
    path = Path(rules.__file__).with_name("rules.json")
    before = read_json(path) if path.is_file() else {}
    fitted = to_json(fit_rules(tables, network=False, codes=codes))
    text = json.dumps(_in_order({**before, **fitted}), indent=1) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    tell(f"{path}: the rules that need no network")
