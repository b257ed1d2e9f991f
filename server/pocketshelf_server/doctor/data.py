"""Catalogue, history, and the files that are signed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from pocketshelf.catalogue.pictures import is_address
from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.printable import counted
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.finding import Finding, advice, good, wrong
from pocketshelf_server.publish.files import hashed_path, is_whole
from pocketshelf_server.publish.history import History
from pocketshelf_server.publish.rules import parse_rule
from pocketshelf_server.publish.setback import setbacks

__all__ = ["catalogue", "files", "history", "pictures", "shards"]

PUBLISH = "pocketshelf-server publish SITE"
JUMP = "pocketshelf-server publish SITE --jump-ahead"
# A full disk, a file of another user: nothing is lost, and nothing is to be restored or removed.
UNREADABLE = "cannot be read now"
UNREAD = "free some space, or run this as the user who publishes; then run it again"
NAMED = 3
# So many products' pictures are looked for.
LOOKED_AT = 500


def catalogue(case: Case) -> Iterator[Finding]:
    """Whether it is there and whole."""
    path = case.site.catalogue_path
    if case.config.catalogue == "sqlite" and (fault := _fault(path)):
        remedy = UNREAD if fault.startswith(UNREADABLE) else f"restore it from a backup, and then: {JUMP}"
        yield wrong("catalogue", f"{path} {fault}", remedy)
        return
    try:
        with closing(open_catalogue(case.site)) as found:
            yield good("catalogue", f"{counted(found.count(), 'product')}, at number {found.sequence()}")
    except CatalogueError as error:
        yield wrong("catalogue", one_line(error), f"restore it from a backup, and then: {JUMP}")


def shards(case: Case) -> Iterator[Finding]:
    """Whether the rules can be read, with the files that they name."""
    for name, spec in case.config.shards.items():
        rule = parse_rule(name, spec, case.site.folder)
        if spec["rule"] == "assortment":
            list(rule([]))  # Reads the file.
    yield good("shards", ", ".join(case.config.shards) or "none is configured")


def history(case: Case) -> Iterator[Finding]:
    """Whether ``published.sqlite`` is there, whole, and goes with the catalogue and with what is signed."""
    topic, path, signed = "published", case.site.history_path, case.repository.signed()
    if not path.exists() and not signed:
        yield advice(topic, "nothing is published yet", PUBLISH)
        return
    if fault := _fault(path):
        anew = f"restore it from a backup, or remove it, and then: {JUMP}"
        yield wrong(topic, f"{path} {fault}", UNREAD if fault.startswith(UNREADABLE) else anew)
        return
    with closing(open_catalogue(case.site)) as found:
        sequence = found.sequence()
    with closing(History(path)) as log:
        back = list(setbacks(case.site, sequence, log, case.repository))
        finished = {(t.name, t.sha256) for t in log.targets()} == {(t.name, t.sha256) for t in signed}
        newest = max(log.sequences().values(), default=0)
    yield from (wrong(topic, f"{text}: an older backup was restored", JUMP) for text in back)
    if not (finished or back):
        yield advice(topic, "a publication was cut short before it was signed", PUBLISH)
    if not back:
        waiting = f", {sequence - newest} changes of the catalogue since" if sequence > newest else ""
        yield good(topic, f"generation {newest}{waiting}")


def files(case: Case) -> Iterator[Finding]:
    """Whether every signed file is there and is what was signed; reads all of them."""
    signed = case.repository.signed()
    places = [(t, hashed_path(case.site.targets, t.name, t.sha256)) for t in signed]
    lost = [t.name for t, path in places if not is_whole(path, t.length, t.sha256)]
    if lost:
        names = ", ".join(lost[:NAMED]) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
        yield wrong("files", f"missing or damaged: {names}", f"make them again: {PUBLISH}")
        return
    size = sum(t.length for t in signed)
    yield good("files", f"{len(signed)} signed files, {size} bytes, are what was signed")


def pictures(case: Case) -> Iterator[Finding]:
    """Whether the products' pictures are where screens get them from."""
    if case.pictures is None:
        return
    with closing(open_catalogue(case.site)) as catalogue, catalogue.reading() as view:
        looked = {p.product_id: p.image for p in islice(view.products(), LOOKED_AT) if p.image}
    if not looked:
        yield good("pictures", "no product names one")
        return
    lost = [product_id for product_id, image in looked.items() if not case.pictures.has(image)]
    if not lost:
        closed = "" if case.config.product_pictures else ", for the console alone"
        yield good("pictures", f"all of the first {len(looked)} products are there{closed}")
        return
    names = ", ".join(lost[:NAMED]) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")
    text = (
        f"of the first {len(looked)} products {len(lost)} have none here: {names}; screens show none of them"
    )
    fetched = any(is_address(looked[product_id]) for product_id in lost)
    again = "--download, which fetches those named by URL" if fetched else "--images"
    yield advice(
        "pictures", text, f'name their folder in config.json: "picture_folders", or import them with {again}'
    )


def _fault(path: Path) -> str | None:
    """What is wrong with a SQLite file; None if nothing."""
    if not path.is_file():
        return "is missing"
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        harmed = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        known = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        return f"is damaged ({error})" if known in harmed else f"{UNREADABLE} ({error})"
    return None if answer == "ok" else f"is damaged ({answer})"
