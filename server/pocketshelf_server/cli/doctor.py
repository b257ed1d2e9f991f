"""``doctor``: what a site needs."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pocketshelf.cli.output import print_json, tell
from pocketshelf.errors import CatalogueError
from pocketshelf_server.cli.options import add_site
from pocketshelf_server.console.folders import pictures_of
from pocketshelf_server.doctor import Case, examine
from pocketshelf_server.site import Site

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "what a site needs, in plain words"
DESCRIPTION = """\
Look at everything of a site, change nothing, and say what it needs: clock and disk of this machine, expiries,
keys, catalogue, what is published and whether it goes with the catalogue, every signed file (all are read),
the products' pictures, and what a device would say to it. Each line that is not "ok" has its remedy. Exit
code 1 if something is wrong; advice alone is 0. Run it after a backup was restored, and daily.

  pocketshelf-server doctor SITE
  pocketshelf-server doctor SITE --device STORE     would this device follow? A copy of its folder will do

A site that was restored whole to an older state does not know what it has lost; a device does.
"""
MARKS = {"good": "ok", "advice": "advice", "wrong": "WRONG"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)
    parser.add_argument(
        "--device", metavar="STORE", type=Path, action="append", default=[],
        help="a device's store, to compare with; may repeat",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    site = Site.open(args.site)
    try:
        pictures = pictures_of(site, site.config())
    except CatalogueError:
        pictures = None  # The configuration cannot be read, as the checks say.
    found = examine(Case(site, tuple(args.device), pictures))
    healthy = all(finding.state != "wrong" for finding in found)
    if args.json:
        print_json({"site": str(args.site), "healthy": healthy, "findings": [asdict(f) for f in found]})
        return 0 if healthy else 1
    for finding in found:
        tell(f"{MARKS[finding.state]:7}{finding.topic}: {finding.text}")
        if finding.remedy:
            tell(f"         → {finding.remedy}")
    return 0 if healthy else 1
