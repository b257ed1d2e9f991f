"""``pocketshelf-train compatibility``: docs/outfits.md, how well it is known what goes with what."""

from __future__ import annotations

import argparse
import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.outfit import Looks, OutfitHead, load_head
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import plain, restored
from pocketshelf_training.outfits import measure
from pocketshelf_training.outfits.coloured import BESIDE, colour_choice
from pocketshelf_training.outfits.colours import WEIGHT
from pocketshelf_training.outfits.figures import SEEDS
from pocketshelf_training.outfits.latency import latency
from pocketshelf_training.outfits.library import faultless
from pocketshelf_training.outfits.pairing import Outfits, largest_of_each_role
from pocketshelf_training.outfits.scoring import looks_of
from pocketshelf_training.outfits.sources import garments_at_home, street_garments, tagged_garments
from pocketshelf_training.outfits.street import StreetOutfits, read_street
from pocketshelf_training.outfits.train import FUSION, shop_vectors
from pocketshelf_training.pages.page import add_bundle, add_page, joined, publish, table
from pocketshelf_training.pages.provenance import here

__all__ = ["add_arguments", "run"]

log = logging.getLogger(__name__)

TARGETS = {"AUC": 0.72, "FITB": 0.47}
NAMES = ("AUC", "FITB", "R@10")
OURS = ("head (a)", "looks (b)", "fused")
LIKENESS, COLOUR = "likeness of embeddings", "colour histogram"
TEXT = Path(__file__).with_name("page.md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the embedded garments there")
    parser.add_argument(
        "--split", default="val", metavar="NAME", help="photos to ask about: street/instances_NAME.json"
    )
    parser.add_argument(
        "--latency",
        action="store_true",
        help="with --figures: measure how long an answer takes again, and leave the other figures",
    )
    add_page(parser)


def run(args: argparse.Namespace) -> int:
    if args.latency and not args.figures:
        raise UsageError("--latency needs the other figures: --figures FILE.json")
    figures = restored(read_json(args.figures)) if args.figures else measured(args)
    if args.latency:
        figures["ms"] = timed_again(args)
    publish(page(figures), json.dumps(plain(figures), indent=1), args.write, args.json)
    return 0


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """Every figure of the page."""
    bundle = load_bundle(args.bundle)
    encoder = Encoder.open(bundle)
    street = read_street(encoder, args.data, args.cache, args.split)
    known, asked = street.part("train"), street.part(args.split)
    found = street_garments(encoder, "detected", args.data, args.cache, args.split)
    found = found.take(largest_of_each_role(found))
    in_train, in_val = (Outfits(found.take(found.splits == split)) for split in ("train", args.split))
    more = tagged_garments(encoder, args.data, args.cache)
    tagged = Outfits(more.take(largest_of_each_role(more)))
    good = faultless(encoder, data_root(args.data), in_train.garments.photos)
    started = time.perf_counter()
    log.info("fitting %d heads", SEEDS)
    fitted = measure.fit(known, FUSION)
    seconds = (time.perf_counter() - started) / SEEDS
    shop = shop_vectors(encoder, known, args.data, args.cache)
    shipped = None if bundle.outfit_path is None else load_head(bundle.outfit_path)
    log.info("measuring")
    return {
        **here(),
        "bundle": bundle.name,
        "seeds": SEEDS,
        "split": args.split,
        "garments": {"train": len(known.boxes), "val": len(asked.boxes), "detected in val": len(in_val)},
        "looks": {"train": len(known.boxes.worn), "val": len(asked.boxes.worn)},
        "seconds": seconds,
        "bytes": None if bundle.outfit is None else bundle.outfit.bytes,
        "forms": {form: measure.main_figures(fitted, known, asked, form) for form in measure.FORMS},
        "detected": measure.detected_figures(fitted, in_val),
        "ablations": measure.ablations(known, asked, FUSION, in_train, tagged, good),
        "roles": measure.by_roles(fitted, asked),
        "alignment": measure.alignment_figures(shipped or fitted.heads[0], known, asked, shop),
        "chosen": measure.chosen(street.part("fit"), street.part("choose")),
        "fusion": FUSION,
        "colours": colour_choice(street.part("fit"), street.part("choose")),
        "colour weight": WEIGHT,
        "ms": _timed(args, encoder, fitted.heads[0], fitted.looks, asked),
    }


def timed_again(args: argparse.Namespace) -> dict[str, Any]:
    """How long an answer takes, by the head of the bundle.

    Raises:
        BundleError: it has none.
    """
    encoder = Encoder.open(load_bundle(args.bundle))
    street = read_street(encoder, args.data, args.cache, args.split)
    boxes = street.part("train").boxes
    looks = looks_of(boxes, boxes.garments.vectors)
    return {**_timed(args, encoder, None, looks, street.part(args.split)), **here()}


def _timed(
    args: argparse.Namespace, encoder: Encoder, head: OutfitHead | None, looks: Looks, asked: StreetOutfits
) -> dict[str, Any]:
    photos = [data_root(args.data) / name for name in np.unique(asked.boxes.garments.photos)]
    return latency(encoder, head, looks, garments_at_home(encoder, args.data, args.cache), photos)


def page(figures: dict[str, Any]) -> str:
    """The document, by the template beside this file."""
    forms, again = figures["forms"], figures["ms"]
    parts = {
        "verdict": _verdict(forms),
        **{f"form_{n}": _ways(forms[form]) for n, form in enumerate(measure.FORMS)},
        "detected": _ways(figures["detected"]),
        "ablations": _ablations(figures["ablations"]),
        "roles": table(
            ["asked → wanted", ">pairs", ">AUC"],
            [(name, count, f"{value:.3f}") for name, (count, value) in figures["roles"].items()],
        ),
        "alignment": _alignment(figures["alignment"]),
        "chosen": table(
            [">looks", ">weight", ">AUC", ">FITB"],
            [
                (row["neighbours"], row["looks_weight"], f"{row['AUC']:.3f}", f"{row['FITB']:.3f}")
                for row in figures["chosen"]
            ],
        ),
        "coloured": _coloured(forms | {"detected": figures["detected"]}),
        "coloured_choice": _coloured_choice(figures["colours"]),
        "colour_weight": f"{figures['colour weight']:g}",
        "best_weight": f"{_best(figures['colours'])['value']:g}",
        "train": f"{figures['garments']['train']} garments in {figures['looks']['train']} photos",
        "val": f"{figures['garments']['val']} garments in {figures['looks']['val']} photos",
        "seconds": f"{figures['seconds']:.0f}",
        "bytes": f"{figures['bytes'] or 0:,}",
        "where": f"{figures['machine']}, commit {figures['commit']}, bundle {figures['bundle']}"
        + (
            f"; an answer's time on {again['machine']}, commit {again['commit']}" if "commit" in again else ""
        ),
        "split": figures["split"],
        "ms": "{median:.0f} ms (90 %: {p90:.0f} ms) with {products:,} products and {looks} looks".format(
            **again
        ),
        "fusion": f"{FUSION['neighbours']} looks, weight {FUSION['looks_weight']}",
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"{{{name}}}", part.rstrip("\n"))
    return joined([text])


def _ways(ways: dict[str, measure.Figures]) -> str:
    return table(
        ["way", *(f">{n}" for n in NAMES)], [(way, *(f[n] for n in NAMES)) for way, f in ways.items()]
    )


def _ablations(rows: dict[str, dict[str, measure.Figures]]) -> str:
    head = ["what", *(f">{name}, {form}" for form in measure.FORMS for name in ("AUC", "FITB"))]
    return table(
        head,
        [
            (what, *(f[form][name] for form in measure.FORMS for name in ("AUC", "FITB")))
            for what, f in rows.items()
        ],
    )


def _alignment(found: dict[str, Any]) -> str:
    def row(when: str) -> tuple[object, ...]:
        truth = found["truth"][when]
        return (
            {"before": "as they are", "after": "aligned"}[when],
            f"{found['distance'][when]:.2f}",
            f"{found['same domain'][when]:.2f}",
            truth["AUC"],
            truth["FITB"],
        )

    head = [
        "shop's pictures",
        ">distance of covariances",
        ">neighbours of their own",
        ">AUC, truth",
        ">FITB, truth",
    ]
    return table(head, [row("before"), row("after")])


def _coloured_choice(choice: list[dict[str, Any]]) -> str:
    """Each way with its figures in each form."""
    rows = [
        (
            f"{row['way']} {row['value']:g}",
            *(f"{row['forms'][form][name]:.3f}" for form in measure.FORMS for name in ("AUC", "FITB")),
            f"{row['mean']:.3f}",
        )
        for row in choice
    ]
    head = ["colours", *(f">{name}, {form}" for form in measure.FORMS for name in ("AUC", "FITB"))]
    return table([*head, ">mean AUC"], rows)


def _best(choice: list[dict[str, Any]]) -> dict[str, Any]:
    return max((row for row in choice if row["way"] == BESIDE), key=lambda row: row["mean"])


def _coloured(forms: dict[str, dict[str, measure.Figures]]) -> str:
    """In each form the head with palettes and without, and whether its intervals lie off the histogram's."""
    rows = []
    for form, ways in forms.items():
        both, without, alone = (ways[name] for name in (OURS[0], measure.WITHOUT_PALETTES, COLOUR))
        for name in NAMES:
            apart = "apart" if both[name].low > alone[name].high else "touches"
            change = f"{both[name].value - without[name].value:+.3f}"
            rows.append((form, name, both[name], without[name], change, f"{alone[name]}, {apart}"))
    return table(["form", "figure", ">with palettes", ">without", ">change", f">{COLOUR} alone"], rows)


def _verdict(forms: dict[str, dict[str, measure.Figures]]) -> str:
    """In each form: is a target reached, and apart from the best baseline and from likeness?"""
    rows = []
    for form, ways in forms.items():
        baselines = {
            way: f for way, f in ways.items() if way not in (*OURS, LIKENESS, measure.WITHOUT_PALETTES)
        }
        for name, target in TARGETS.items():
            best = max(OURS, key=lambda way: ways[way][name].value)
            rival = max(baselines, key=lambda way: baselines[way][name].value)
            ours = ways[best][name]
            row = [form, f"{name} ≥ {target}", f"{best}: {ours}", "yes" if ours.value >= target else "no"]
            for way in (rival, LIKENESS):
                apart = "apart" if ours.low > ways[way][name].high else "touches"
                row.append(f"{way}: {ways[way][name]}, {apart}")
            rows.append(row)
    return table(["form", "target", "best", "reached", "best baseline", "likeness"], rows)
