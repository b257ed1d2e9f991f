"""``publish``: make and sign a generation."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from pocketshelf.cli.output import print_json, say, tell
from pocketshelf.printable import counted
from pocketshelf_server import priority
from pocketshelf_server.cli.options import add_site, open_site
from pocketshelf_server.publish import Published, publish_site
from pocketshelf_server.trust import open_repository
from pocketshelf_server.trust.expiry import expiring_root

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "publish a signed generation"
DESCRIPTION = """\
Publish the shards that config.json names under "shards": for each one whose content has changed, a
snapshot, a delta from each of the last generations ("retain" in config.json), and a manifest; then
sign. A shard that has not changed keeps its generation, and devices download nothing. Signed files that
are missing or damaged are made again, as after a backup was restored.

Rules, in config.json:

  "shards": {
    "all":     {"rule": "all"},
    "popular": {"rule": "top", "column": "popularity", "count": 20000},
    "berlin":  {"rule": "assortment", "file": "berlin.txt"},        one product_id a line
    "de":      {"rule": "attribute", "column": "locale", "values": ["de"]},
    "shoes":   {"rule": "category", "values": ["Sneaker", "Boot"]}
  }

After an older backup was restored (of the site, its catalogue, published.sqlite or the metadata), numbers
that devices have seen must not come again with another content. What shows in the site's own files is
refused; --jump-ahead is the way forward: sequence and versions jump to numbers of the present time, signed as
ever, and every device takes one snapshot at its next sync.

Signatures expire (expiry_days in config.json): publish, or run `keys refresh`, often enough; `serve`
refreshes by itself. Under a root that has expired nothing is published: `keys renew` signs it again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--shard", metavar="NAME", action="append", help="only this shard; may repeat")
    chosen.add_argument(
        "--jump-ahead", action="store_true", help="after an older backup was restored: see above"
    )
    parser.add_argument("--compact", action="store_true", help="drop log lines that no delta needs any more")
    parser.add_argument(
        "--hurry",
        action="store_true",
        help="at the priority of any other program; without it a server on this machine goes first",
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    if not args.hurry:
        priority.give_way(priority.PUBLISH)
    site = open_site(args)
    for result in publish_site(site, args.shard, args.compact, args.jump_ahead):
        print_json({**asdict(result), "deltas": _deltas(result)}) if args.json else tell(_line(result))
    if warning := expiring_root(open_repository(site).status(), datetime.now(UTC)):
        say("warning: " + "; sign it again with ".join(warning))
    return 0


def _deltas(result: Published) -> list[dict]:
    return [{"from": base, "to": to, "bytes": size} for base, to, size in result.deltas]


def _line(result: Published) -> str:
    state = "published" if result.new else "unchanged"
    if result.made_again:
        state += f", {result.made_again} signed files were missing or damaged and are made again"
    direct = [f"{size} from {base}" for base, to, size in result.deltas if to == result.sequence]
    deltas = f", delta bytes: {', '.join(direct)}" if direct else ""
    features = f", local features of {result.prints} {result.features_bytes} bytes" if result.prints else ""
    return (
        f"{result.shard}: {state}, sequence {result.sequence}, {counted(result.products, 'product')}, "
        f"snapshot {result.snapshot_bytes} bytes{deltas}{features}"
    )
