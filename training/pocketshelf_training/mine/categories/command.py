"""``pocketshelf-train mine categories``: from keywords to labelled pictures, purified by the model.

Writes into --out: labels.csv (to train on), dropped.csv (what was dropped, and why), report.html (both, with
pictures), and what a second run need not do again.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pocketshelf.cli import values
from pocketshelf.cli.output import say, tell
from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf_training.mine.categories.outcome import Outcome, summary, write_tables
from pocketshelf_training.mine.categories.purify.agreement import Bounds
from pocketshelf_training.mine.categories.purify.faults import PhotoFaults
from pocketshelf_training.mine.categories.purify.purify import FAULT, Fault, Rules, Verdict, purified
from pocketshelf_training.mine.categories.purify.twins import fingerprints
from pocketshelf_training.mine.categories.report import SHOWN, write_report
from pocketshelf_training.mine.categories.search.api import ApiSource, read_description
from pocketshelf_training.mine.categories.search.collect import Answers, Candidate, collect
from pocketshelf_training.mine.categories.search.folder import FolderSource
from pocketshelf_training.mine.categories.search.keyword_files import read_categories
from pocketshelf_training.mine.categories.search.keywords import MOST_COMBINATIONS, Query, combined
from pocketshelf_training.mine.categories.search.source import ImageSource
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import embed_pictures
from pocketshelf_training.outputs import require_folder
from pocketshelf_training.pages.page import add_bundle

__all__ = ["add_arguments", "mined", "run"]

TOP_K = 60
EPILOG = """\
keywords.toml (or .yaml; or a .csv with the columns category, language, keywords, modifiers, exclude):

  modifiers = {en = ["red", "for children"], de = ["rot"]}   # of every category
  exclude = ["poster"]                                       # a picture whose text says so is left out

  [Shoes]
  keywords = {en = ["shoes", "trainers"], de = ["Schuhe"], zh = ["鞋"]}
  modifiers = {en = ["leather"]}
  exclude = ["shoe rack"]

a folder as the source: beside a.jpg lies a.txt or a.json, which says what it shows.

api.toml, any search API that answers JSON:

  url = "https://api.example/search?q={query}&per_page={count}&page={page}"   # or {offset}
  items = "results[]"          # where the list is in the answer (JMESPath)
  image = "urls.full"          # where the picture's address is in an item
  text = "title"               # what is said of it (optional)
  page_size = 30
  per_second = 1.0             # questions a second
  key = "EXAMPLE_KEY"          # name of the environment variable with the key
  header = "Authorization"     # where the key goes (or {key} in the url)
  prefix = "Bearer "

examples:
  pocketshelf-train mine categories keywords.toml --list
  pocketshelf-train mine categories keywords.toml --from photos/ --out runs/categories
  EXAMPLE_KEY=... pocketshelf-train mine categories keywords.toml --from api.toml --out runs/categories
  # look at runs/categories/report.html, then train on runs/categories/labels.csv (--data-set csv=PATH)

A run that was cut off goes on where it was. What the pictures of an API may be used for is said by its terms.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_bundle(parser)
    parser.add_argument("keywords", type=Path, metavar="KEYWORDS.toml", help="what each category is called")
    parser.add_argument(
        "--from", dest="source", type=Path, metavar="FOLDER|API.toml", help="where pictures come from"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("runs/categories"), help="folder (default: runs/categories)"
    )
    parser.add_argument("--list", action="store_true", help="say what would be asked for, and stop")
    parser.add_argument(
        "--combinations",
        type=values.integer(1, 100_000),
        default=MOST_COMBINATIONS,
        help=f"of keywords and modifiers, at most, for each category (default: {MOST_COMBINATIONS})",
    )
    parser.add_argument(
        "--top-k",
        type=values.integer(1, 10_000),
        default=TOP_K,
        help=f"pictures of each combination (default: {TOP_K})",
    )
    parser.add_argument(
        "--detect",
        action="store_true",
        help="look at the most prominent thing in each picture, not at the whole picture",
    )
    parser.add_argument(
        "--any-quality",
        action="store_true",
        help="dark and blurred pictures and collages are welcome, too",
    )
    parser.add_argument(
        "--shown",
        type=values.integer(0, 2000),
        default=SHOWN,
        help=f"dropped pictures on the page (default: {SHOWN})",
    )
    _add_rules(parser)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    group, default = parser.add_argument_group("rules that a picture must meet"), Rules()
    for name, kind, bound, text in (
        ("agreement", values.share, default.bounds.agreement, "probability of its label, at least"),
        (
            "distance",
            values.amount,
            default.bounds.distance,
            "to the middle of its category, in usual ones, at most",
        ),
        (
            "neighbours",
            values.share,
            default.bounds.neighbours,
            "share of the nearest with its label, at least",
        ),
        ("bits", values.integer(0, 64), default.bits, "of 128, up to which two pictures are one"),
        ("least", values.count, default.least, "pictures that a category needs to be judged"),
        ("known", values.share, default.known, "from which probability on the bundle's own word counts"),
    ):
        group.add_argument(f"--{name}", type=kind, default=bound, help=f"{text} (default: {bound:g})")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    require_folder("--out", args.out)
    categories = read_categories(args.keywords)
    queries = combined(categories, args.combinations)
    if args.list:
        return _listed(queries, args.top_k)
    source = _source(args)
    answers = Answers(args.out / "answers.jsonl", source.name)
    candidates = collect(source, categories, queries, args.top_k, answers)
    if not candidates:
        raise UsageError(f"{args.source}: nothing was found for any of {len(queries)} queries; see --list")
    encoder = Encoder.open(args.bundle, detects=args.detect)
    fault = PhotoFaults(encoder.bundle, args.any_quality)
    found = {each.category for each in candidates}
    for name in (each.name for each in categories if each.name not in found):
        say(f"nothing was found for {name}; see --list for what was asked")
    outcomes = mined(encoder, candidates, _rules(args), args.out, fault, whole=not args.detect)
    _written(args, outcomes, source, len(queries))
    return 0


def _listed(queries: Sequence[Query], most: int) -> int:
    for query in queries:
        tell(f"{query.category}: {query.text}")
    tell(f"{len(queries)} queries, at most {most} pictures each")
    return 0


def _source(args: argparse.Namespace) -> ImageSource:
    if args.source is None:
        raise UsageError("--from is missing: a folder of pictures with texts, or an API's .toml; see --help")
    if args.source.suffix.lower() == ".toml":
        return ApiSource(read_description(args.source), args.out / "fetched")
    return FolderSource(args.source)


def _rules(args: argparse.Namespace) -> Rules:
    bounds = Bounds(args.agreement, args.distance, args.neighbours)
    return Rules(bounds, args.bits, args.least, args.known)


def mined(
    encoder: Encoder,
    candidates: Sequence[Candidate],
    rules: Rules,
    out: Path,
    fault: Fault | None = None,
    whole: bool = True,
) -> list[Outcome]:
    """The candidates with a verdict on each, in their order.

    Args:
        out: the pictures' vectors are kept in its folder ``vectors``.
        fault: says what is wrong with a photo.
        whole: embed whole pictures, without a look at what is in them.
    """
    names = list(dict.fromkeys(each.category for each in candidates))
    looked_at = {each.found.address: each for each in candidates if each.path and not each.rule}
    pictures = [Picture(each.path, address) for address, each in looked_at.items() if each.path]
    embedded = embed_pictures(encoder, pictures, out / "vectors", whole)
    labels = np.array([names.index(looked_at[each.name].category) for each in embedded.pictures], int)
    prints = fingerprints([each.path for each in embedded.pictures])
    verdicts = purified(embedded, labels, names, prints, rules, fault)
    said = dict(zip((each.name for each in embedded.pictures), verdicts, strict=True))
    return [Outcome(each, said.get(each.found.address) or _before(each)) for each in candidates]


def _before(each: Candidate) -> Verdict:
    """On a picture that was not looked at."""
    return Verdict(each.rule, each.why) if each.rule else Verdict(FAULT, "cannot be read as a picture")


def _written(
    args: argparse.Namespace, outcomes: Sequence[Outcome], source: ImageSource, queries: int
) -> None:
    args.out.mkdir(parents=True, exist_ok=True)
    labels, dropped = write_tables(args.out, outcomes)
    report = args.out / "report.html"
    words = [
        "pocketshelf-train",
        "mine",
        "categories",
        args.keywords,
        "--from",
        args.source,
        "--out",
        args.out,
    ]
    asked = f"{queries} queries, at most {args.top_k} pictures each; source: {source.name}"
    write_report(report, outcomes, asked, shlex.join(map(str, words)), args.shown)
    said = summary(outcomes)
    tell(f"{said['candidates']} candidates, {said['kept']} of them keep their label")
    for rule, count in said["dropped"].items():
        tell(f"dropped, {rule}: {count}")
    tell(f"to look at: {report}")
    tell(f"{labels}, {dropped}")
