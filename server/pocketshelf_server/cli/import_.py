"""``import``: bring products in, change them, take them out."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pocketshelf.progress import ProgressBar
from pocketshelf_server.catalogue import Catalogue, open_catalogue
from pocketshelf_server.catalogue.embedding import EmbedderFactory, bundle_enrollers
from pocketshelf_server.catalogue.importer import Importer, ImportReport
from pocketshelf_server.cli.common import add_json, add_site, new_command, print_json
from pocketshelf_server.site import Site

__all__ = ["add_parser"]

TEXT = """\
Import a catalogue file. CSV columns: product_id,title,category,image and any others, which are kept
as attributes (a popularity, a locale: shard rules may use them). One line is one picture; further lines
of a product are further pictures of it. JSON lines (.jsonl) have the same keys; `image` may be a list,
and `vectors` (a list of lists of numbers) may stand in for pictures.

Run it again at any time: a product whose texts and pictures are stored already costs nothing. A run
that was cut off goes on where it stopped. Bad rows are listed by line number on standard error, the
good ones are kept; then the exit code is 1.

  pocketshelf-server import SITE shop.csv --images pictures/ --workers 4
  pocketshelf-server import SITE shop.csv --replace      the file is the whole catalogue: delete the rest
  pocketshelf-server import SITE --delete 17 --delete 18
  pocketshelf-server import SITE --store DIR             take a device's store, vectors and all
"""
ERRORS_SHOWN = 100


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the command."""
    parser = new_command(commands, "import", "add, change or delete products", TEXT)
    add_site(parser)
    parser.add_argument("file", metavar="FILE", nargs="?", type=Path, help=".csv, .jsonl or .ndjson")
    parser.add_argument("--images", metavar="DIR", type=Path, help="pictures' folder (default: the file's)")
    parser.add_argument(
        "--bundle", metavar="DIR", help="bundle that embeds (default: POCKETSHELF_BUNDLE, models/first)"
    )
    parser.add_argument(
        "--workers", metavar="N", type=int, default=os.cpu_count() or 1, help="default: every core"
    )
    parser.add_argument("--replace", action="store_true", help="delete the products that FILE does not name")
    parser.add_argument("--reembed", action="store_true", help="embed again what is stored already")
    parser.add_argument(
        "--delete", metavar="ID", action="append", default=[], help="delete a product; may repeat"
    )
    parser.add_argument("--store", metavar="DIR", type=Path, help="import the current generation of a store")
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Import; 1 if a row was bad."""
    if not (arguments.file or arguments.delete or arguments.store):
        arguments.parser.error("give FILE, --store or --delete")
    if arguments.replace and not arguments.file:
        arguments.parser.error("--replace needs FILE")
    if arguments.workers < 1:
        arguments.parser.error("--workers must be at least 1")
    catalogue = open_catalogue(Site.open(arguments.site))
    try:
        report = _import(arguments, catalogue)
    finally:
        catalogue.close()
    for error in report.errors[:ERRORS_SHOWN]:
        print(error, file=sys.stderr)
    if len(report.errors) > ERRORS_SHOWN:
        print(f"… and {len(report.errors) - ERRORS_SHOWN} more bad rows", file=sys.stderr)
    _show(report, arguments.json)
    return 1 if report.errors else 0


def _import(arguments: argparse.Namespace, catalogue: Catalogue) -> ImportReport:
    from pocketshelf_server.catalogue.transfer import delete_products, import_store

    report = ImportReport()
    if arguments.file:
        report = _import_file(arguments, catalogue)
    if arguments.store:
        report.added_or_changed += import_store(catalogue, arguments.store)
    if arguments.delete:
        report.deleted += delete_products(catalogue, arguments.delete)
    report.sequence = catalogue.sequence()
    return report


def _import_file(arguments: argparse.Namespace, catalogue: Catalogue) -> ImportReport:
    images = arguments.images or arguments.file.parent
    embedders = _lazy_embedders(arguments.bundle, catalogue)
    with ProgressBar("import", "row") as bar:
        importer = Importer(catalogue, embedders, images, arguments.workers, bar.update, arguments.reembed)
        return importer.run(arguments.file, arguments.replace)


def _lazy_embedders(bundle: str | None, catalogue: Catalogue) -> EmbedderFactory:
    """Loads the default bundle at the first picture: a file that brings vectors needs none."""

    def load() -> EmbedderFactory:
        space, factory = bundle_enrollers(bundle)
        catalogue.require_space(space)
        return factory

    return (lambda: load()()) if bundle is None else load()


def _show(report: ImportReport, as_json: bool) -> None:
    document = {
        "added_or_changed": report.added_or_changed,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "errors": [{"line": error.line, "message": error.problem} for error in report.errors],
        "sequence": report.sequence,
    }
    if as_json:
        print_json(document)
        return
    print(
        f"{report.added_or_changed} added or changed, {report.unchanged} unchanged, "
        f"{report.deleted} deleted, {len(report.errors)} bad rows; now at sequence {report.sequence}"
    )
