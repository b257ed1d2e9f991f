"""``stats``: what a site holds."""

from __future__ import annotations

import argparse
from typing import Any

from pocketshelf.cli.output import print_json, tell
from pocketshelf.printable import counted
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli.options import add_site, open_site
from pocketshelf_server.publish.history import History, features_of
from pocketshelf_server.site import Site

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "catalogue and publications in numbers"
DESCRIPTION = """\
Show the catalogue's size, its categories, and what is published of it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    document = _collect(open_site(args))
    if args.json:
        print_json(document)
        return 0
    tell(f"space {document['space']!r}, embedded by {document['bundle']!r}")
    tell(f"{counted(document['products'], 'product')}, sequence {document['sequence']}")
    tell(f"{counted(document['changes'], 'change')} in the log")
    for name, count in sorted(document["categories"].items(), key=lambda item: (-item[1], item[0])):
        tell(f"  {count:8} {name}")
    for shard in document["shards"]:
        size = f"{counted(shard['files'], 'file')}, {counted(shard['bytes'], 'byte')}"
        tell(f"shard {shard['shard']}: sequence {shard['sequence']}, {size}")
    return 0


def _collect(site: Site) -> dict[str, Any]:
    catalogue = open_catalogue(site)
    history = History(site.history_path)
    try:
        sequence, compacted = catalogue.sequence(), catalogue.oldest_change()
        return {
            "space": catalogue.space.name,
            "bundle": catalogue.space.bundle,
            "products": catalogue.count(),
            "sequence": sequence,
            "changes": sequence - compacted,
            "categories": catalogue.categories(),
            "shards": [_shard(history, name) for name in history.shards()],
        }
    finally:
        history.close()
        catalogue.close()


def _shard(history: History, name: str) -> dict[str, Any]:
    targets = [*history.targets(name), *history.targets(features_of(name))]
    return {
        "shard": name,
        "sequence": max(target.custom["sequence"] for target in targets),
        "files": len(targets),
        "bytes": sum(target.length for target in targets),
    }
