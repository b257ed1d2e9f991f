"""``import``: bring products in, change them, take them out."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pocketshelf.catalogue import RowProblem
from pocketshelf.catalogue.download import default_cache
from pocketshelf.cli import values
from pocketshelf.cli.catalogue_options import add_reading, fetch_of, reading_of
from pocketshelf.cli.losses import told
from pocketshelf.cli.options import add_bundle
from pocketshelf.cli.output import print_json, say, tell
from pocketshelf.cli.ray_cluster import ADDRESSES
from pocketshelf.closely import FeaturesWanted
from pocketshelf.errors import StoreError, one_line
from pocketshelf.printable import counted
from pocketshelf.progress import ProgressBar
from pocketshelf_server import priority
from pocketshelf_server.catalogue import Catalogue, open_catalogue
from pocketshelf_server.catalogue.embedders import BundleEmbedders, lazy_embedders
from pocketshelf_server.catalogue.importer import Importer, ImportReport
from pocketshelf_server.catalogue.replacing import check_shrinking, delete_others
from pocketshelf_server.catalogue.rows import Spread
from pocketshelf_server.cli.options import add_site, open_site
from pocketshelf_server.console.record import CANCELLED, COMMAND_LINE, DONE, FAILED, Record
from pocketshelf_server.site import Site

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.server")
SUMMARY = "add, change or delete products"
DESCRIPTION = """\
Import a catalogue file, read just as `pocketshelf build` reads it. CSV columns: product_id,title,category,
image and any others, which are kept as attributes (a popularity, a locale: shard rules may use them).
Further lines of a product are further pictures of it and may leave the texts empty. JSON lines (.jsonl)
have the same keys; `image` may be a list, and `vectors` (a list of lists of numbers) may stand in for
pictures. A shop system's export is read with --format, other columns with --map.

Run it again at any time: a product whose texts and pictures are stored already costs nothing. A run
that was cut off goes on where it stopped. Bad rows are listed by line number on standard error, the
good ones are kept; then the exit code is 1.

  pocketshelf-server import SITE shop.csv --images pictures/ --workers 4
  pocketshelf-server import SITE shop.csv --replace      the file is the whole catalogue: delete the rest
                                                         (if that is more than a tenth: --allow-shrink)
  pocketshelf-server import SITE shop.csv --ray auto     embed on a Ray cluster: the same, sooner
  pocketshelf-server import SITE --delete 17 --delete 18
  pocketshelf-server import SITE --store DIR             take a device's store, vectors and all
  pocketshelf-server import SITE --store DIR --replace   it is the whole catalogue, or library of looks
"""
ERRORS_SHOWN = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_site(parser)
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        type=Path,
        help="its kind is told by its name: .csv, .tsv, .jsonl, .xlsx, .xml …",
    )
    parser.add_argument("--images", metavar="DIR", type=Path, help="pictures' folder (default: the file's)")
    add_reading(parser)
    add_bundle(parser)
    parser.add_argument(
        "--workers", metavar="N", type=values.threads, help="default: every core, here or of --ray"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help=f"read and embed on this Ray cluster ({ADDRESSES}), whose machines have the pictures and the "
        "bundle under the same names; needs the extra 'ray'",
    )
    parser.add_argument(
        "--replace", action="store_true", help="delete the products that FILE, or --store, does not name"
    )
    parser.add_argument(
        "--allow-shrink",
        action="store_true",
        help="let --replace delete more than a tenth of the catalogue, or all of it",
    )
    parser.add_argument("--reembed", action="store_true", help="embed again what is stored already")
    parser.add_argument(
        "--delete", metavar="ID", action="append", default=[], help="delete a product; may repeat"
    )
    parser.add_argument("--store", metavar="DIR", type=Path, help="import the current generation of a store")
    parser.set_defaults(parser=parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code: 1 if a row was bad."""
    if not (args.file or args.delete or args.store):
        args.parser.error("give FILE, --store or --delete")
    if args.replace and bool(args.file) == bool(args.store):
        args.parser.error("--replace needs FILE or --store, one of them")
    if args.ray and not args.file:
        args.parser.error("--ray needs FILE")
    if args.allow_shrink and not args.replace:
        args.parser.error("--allow-shrink needs --replace")
    priority.give_way(priority.PUBLISH)
    catalogue = open_catalogue(open_site(args))
    try:
        report = _recorded(args, catalogue) if args.file else _import(args, catalogue)
    finally:
        catalogue.close()
    for note in list(told(report.notes))[:ERRORS_SHOWN]:
        say(f"note: {note}")
    lines = list(told(report.errors))
    for line in lines[:ERRORS_SHOWN]:
        say(line)
    if len(lines) > ERRORS_SHOWN:
        say(f"… and {len(lines) - ERRORS_SHOWN} more lines like these; all are in --json")
    _show(report, args.json)
    return 1 if report.errors else 0


def _recorded(args: argparse.Namespace, catalogue: Catalogue) -> ImportReport:
    """Import, and tell the console of it; what the record cannot take stops nothing."""
    record = Record(args.site / "imports.sqlite")
    run = _note(lambda: record.begin("import", args.file.name, COMMAND_LINE, args.images or args.file.parent))
    if args.download:
        _note(lambda: record.name_fetched(default_cache()))
    try:
        report = _import(args, catalogue)
    except BaseException as error:
        state, message = (
            (FAILED, one_line(error)) if isinstance(error, Exception) else (CANCELLED, "interrupted")
        )
        _note(lambda: record.end(run or 0, state, message))
        raise
    counts = {
        "added": report.added_or_changed, "unchanged": report.unchanged, "deleted": report.deleted,
        "sequence": report.sequence, "failed": len(report.errors),
    }  # fmt: skip
    _note(lambda: record.fail(run or 0, report.errors))
    _note(lambda: record.end(run or 0, DONE, report.noted(), **counts))
    return report


def _note(write: Callable[[], int | None]) -> int | None:
    try:
        return write()
    except StoreError as error:
        log.warning("%s", error)
        return None


def _import(args: argparse.Namespace, catalogue: Catalogue) -> ImportReport:
    from pocketshelf_server.catalogue.transfer import delete_products, import_store

    report = ImportReport()
    named = _whole_store(args, catalogue)
    if args.file:
        report = _import_file(args, catalogue)
    if args.store:
        report.added_or_changed += import_store(
            catalogue, args.store, lambda reason: report.errors.append(RowProblem(0, reason))
        )
    if named is not None:
        report.deleted += delete_others(catalogue, named, len(report.errors))
    if args.delete:
        report.deleted += delete_products(catalogue, args.delete)
    report.sequence = catalogue.sequence()
    return report


def _whole_store(args: argparse.Namespace, catalogue: Catalogue) -> set[str] | None:
    """With --replace and no FILE the ids of --store; what it lacks goes once it is imported."""
    if args.file or not args.replace:
        return None
    from pocketshelf_server.catalogue.transfer import store_ids

    named = store_ids(args.store)
    if not args.allow_shrink:
        check_shrinking(catalogue, args.store, named)
    return named


def _import_file(args: argparse.Namespace, catalogue: Catalogue) -> ImportReport:
    images = args.images or args.file.parent
    embedders = lazy_embedders(args.bundle, catalogue)
    workers = args.workers or os.cpu_count() or 1
    with ProgressBar("import", "product") as bar:
        importer = Importer(
            catalogue,
            embedders,
            images,
            workers,
            bar.update,
            args.reembed,
            fetch_of(args),
            _on_ray(args, catalogue, images) if args.ray else None,
            FeaturesWanted(Site(args.site).config().closely, args.bundle),
        )
        return importer.run(args.file, args.replace, args.allow_shrink, reading_of(args))


def _on_ray(args: argparse.Namespace, catalogue: Catalogue, images: Path) -> AbstractContextManager[Spread]:
    from pocketshelf_server.catalogue.on_ray import RemoteRows, on_ray

    # Names that mean the same in another process; a bundle that ships is named, not a path.
    bundle = str(Path(args.bundle).resolve()) if args.bundle and Path(args.bundle).exists() else args.bundle
    make = RemoteRows(images.resolve(), BundleEmbedders(bundle, catalogue.space), args.download)
    return on_ray(args.ray, args.workers, make)


def _show(report: ImportReport, as_json: bool) -> None:
    document: dict[str, Any] = {
        "added_or_changed": report.added_or_changed,
        "unchanged": report.unchanged,
        "deleted": report.deleted,
        "errors": [{"line": error.line, "message": error.problem} for error in report.errors],
        "sequence": report.sequence,
    }
    if report.notes:
        document["notes"] = [{"line": note.line, "message": note.problem} for note in report.notes]
    if as_json:
        print_json(document)
        return
    tell(
        f"{report.added_or_changed} added or changed, {report.unchanged} unchanged, "
        f"{report.deleted} deleted, {counted(len(report.errors), 'bad row')}; "
        f"now at sequence {report.sequence}"
    )
