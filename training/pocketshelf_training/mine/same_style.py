"""``pocketshelf-train mine same-style``: clusters of pictures of one product, for a person to look at.

Writes into --out: clusters.json (what was mined, and which rule dropped what), review.html, the pictures'
vectors, and identities.csv once --decisions brings what the page saved.
"""

from __future__ import annotations

import argparse
import json
import shlex
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.cli.ray_cluster import ADDRESSES
from pocketshelf.encoder import Encoder
from pocketshelf.files import atomic_write
from pocketshelf_training.mine.cluster import ALONE, Settings, cluster
from pocketshelf_training.mine.decisions import Identity, read_decisions, write_identities
from pocketshelf_training.mine.expansion import add_colours, prepared, settings_of
from pocketshelf_training.mine.pictures import list_pictures
from pocketshelf_training.mine.review import write_pages
from pocketshelf_training.mine.rules import Cluster, Rules, describe
from pocketshelf_training.mine.showing import write_clusters
from pocketshelf_training.mine.spread import spread_over
from pocketshelf_training.mine.vectors import Embedded, add_beside, embed_by_each
from pocketshelf_training.outputs import require_folder
from pocketshelf_training.pages.page import add_bundle

__all__ = ["add_arguments", "report", "run"]

EPILOG = """\
examples:
  pocketshelf-train mine same-style photos/ --out runs/mined
  # look at runs/mined/review.html, save decisions.json, then:
  pocketshelf-train mine same-style photos/ --out runs/mined --decisions decisions.json
  pocketshelf-train train embedder --data-set csv=runs/mined/identities.csv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_bundle(parser)
    add_beside(parser)
    add_colours(parser)
    parser.add_argument(
        "pictures",
        type=Path,
        metavar="FOLDER|CATALOGUE.csv",
        help="pictures, in folders of any depth, whose first level is their source; or a CSV with the "
        "columns image and, if known, source",
    )
    parser.add_argument("--out", type=Path, default=Path("runs/mined"), help="folder (default: runs/mined)")
    parser.add_argument(
        "--whole", action="store_true", help="whole pictures, without a look at what is in them"
    )
    parser.add_argument(
        "--reach",
        type=values.amount,
        help=f"cosine distance up to which clusters are joined (default: {Settings.reach}; "
        f"{ALONE.reach} of vectors alone)",
    )
    parser.add_argument(
        "--decisions",
        type=Path,
        nargs="+",
        metavar="FILE.json",
        help="of the review page: write what was accepted as identities.csv",
    )
    parser.add_argument(
        "--unreviewed", action="store_true", help="write all that the rules keep as identities.csv, unseen"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help=f"cluster the categories on this Ray cluster ({ADDRESSES}); needs the extra 'ray'",
    )
    _add_rules(parser)


def _add_rules(parser: argparse.ArgumentParser) -> None:
    rules, default = parser.add_argument_group("rules that a cluster must meet"), Rules()
    for name, kind, text in (
        ("members", values.count, "at least so many pictures"),
        ("most-members", values.count, "at most so many"),
        ("mean-distance", values.amount, "of its pairs, at most"),
        ("variance", values.amount, "of its pairs' distances, at most"),
        ("sources", values.count, "at least so many different ones, where sources are known"),
    ):
        bound = getattr(default, name.replace("-", "_"))
        rules.add_argument(f"--{name}", type=kind, default=bound, help=f"{text} (default: {bound:g})")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    require_folder("--out", args.out)
    pictures = list_pictures(args.pictures)
    identities = read_decisions(args.decisions, pictures) if args.decisions else None
    if identities is None:
        identities = _mined(args, pictures)
    if identities is None:
        return 0
    path = args.out / "identities.csv"
    write_identities(path, identities, pictures)
    tell(f"{path}: {len(identities)} identities, {sum(len(each.names) for each in identities)} pictures")
    return 0


def _mined(args: argparse.Namespace, pictures: Sequence) -> list[Identity] | None:
    """Mine, report, and write the pages; the identities if they are wanted unseen."""
    rules = Rules(args.members, args.most_members, args.mean_distance, args.variance, args.sources)
    encoders = [Encoder.open(bundle, detects=not args.whole) for bundle in (args.bundle, *args.beside)]
    embedded = embed_by_each(encoders, pictures, args.out / "vectors", args.whole)
    settings = settings_of(args.colours, args.reach)
    embedded = prepared(embedded, settings)
    with spread_over(args.ray) as spread:
        clusters = describe(embedded, *cluster(embedded, settings, spread), rules)
    args.out.mkdir(parents=True, exist_ok=True)
    said = report(embedded, clusters, rules)
    with atomic_write(args.out / "clusters.json") as temporary:
        temporary.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    again = ["pocketshelf-train", "mine", "same-style", str(args.pictures), "--out", str(args.out)]
    pages = write_pages(args.out, embedded, clusters, shlex.join(again))
    tell(f"{len(embedded)} pictures, {said['in clusters']} of them in {said['kept']} clusters that are kept")
    for rule, count in said["dropped"].items():
        tell(f"dropped by {rule}: {count['clusters']} clusters, {count['pictures']} pictures")
    tell(f"to look at: {write_clusters(args.out / 'clusters.html', embedded, clusters)}")
    tell(f"to review: {', '.join(map(str, pages))}")
    if not args.unreviewed:
        return None
    return [
        Identity(each.category, tuple(embedded.pictures[row].name for row in each.rows))
        for each in clusters
        if not each.dropped
    ]


def report(embedded: Embedded, clusters: Sequence[Cluster], rules: Rules) -> dict[str, Any]:
    """What was mined, as ``clusters.json`` says it; under ``dropped``, how much each rule took away."""
    broken: dict[str, Counter[str]] = {}
    for each in clusters:
        if each.dropped:
            count = broken.setdefault(each.dropped.split(":")[0], Counter())
            count.update(clusters=1, pictures=len(each.rows))
    kept = [each for each in clusters if not each.dropped]
    return {
        "pictures": len(embedded),
        "in clusters": sum(len(each.rows) for each in kept),
        "kept": len(kept),
        "rules": rules.said(),
        "dropped": {rule: dict(count) for rule, count in sorted(broken.items())},
        "clusters": [
            {
                "category": each.category,
                "members": [embedded.pictures[row].name for row in each.rows],
                "mean distance": round(each.mean_distance, 4),
                "variance": round(each.variance, 5),
                "sources": each.sources,
                "dropped by": each.dropped,
            }
            for each in clusters
        ],
    }
