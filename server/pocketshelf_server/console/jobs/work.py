"""The process of a job: `main` with the order as JSON. It says how far it is and what came of it, in lines.

It ends with the server that started it, since its standard input then closes. What it had done by then is
whole: an import writes in transactions, and a publication is public only when it is signed.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from pocketshelf.catalogue.download import PictureCache
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.catalogue.reading import ReadOptions, read_catalogue
from pocketshelf.cli.output import print_json
from pocketshelf.closely import FeaturesWanted
from pocketshelf.errors import PhotoError, PocketshelfError, one_line
from pocketshelf.printable import counted
from pocketshelf_server import priority
from pocketshelf_server.catalogue import Catalogue, open_catalogue
from pocketshelf_server.catalogue.embedders import lazy_embedders
from pocketshelf_server.catalogue.importer import Importer, ImportReport
from pocketshelf_server.console.jobs.archive import unpack_pictures
from pocketshelf_server.console.jobs.orders import ImportOrder, PublishOrder, order_from_json
from pocketshelf_server.console.record import FAILURES
from pocketshelf_server.publish import Published, publish_site
from pocketshelf_server.site import Site

__all__ = ["main"]

LOOKED_AT = 50


def main(arguments: list[str]) -> None:
    """Do what the order says, and say what came of it."""
    threading.Thread(target=_end_with_server, daemon=True).start()
    sys.stdout = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # Whatever a library prints is not for the server.
    order = order_from_json(arguments[0])
    priority.own(True)
    priority.give_way(priority.PUBLISH)
    try:
        _say(_publish(order) if isinstance(order, PublishOrder) else _import(order))
    except (PocketshelfError, OSError) as error:
        _say({"failed": one_line(error, 1000)})
    os._exit(0)  # Not waiting for threads of a model's runtime.


def _end_with_server() -> None:
    sys.stdin.read()
    os._exit(1)


def _say(document: dict[str, Any]) -> None:
    print_json(document)


def _publish(order: PublishOrder) -> dict[str, Any]:
    results = publish_site(Site.open(Path(order.site)))
    return {
        "done": "; ".join(map(_line, results)),
        "counts": {"sequence": max((r.sequence for r in results), default=0)},
    }


def _line(result: Published) -> str:
    state = "published" if result.new else "nothing had changed"
    return f"{result.shard}: {state}, generation {result.sequence}, {counted(result.products, 'product')}"


def _import(order: ImportOrder) -> dict[str, Any]:
    images = Path(order.images) if order.images else Path(order.file).parent
    if order.archive:
        _say({"doing": "unpacking the pictures"})
        images = _base(unpack_pictures(Path(order.archive), Path(order.unpacked)), order)
        _say({"images": str(images)})
    with closing(open_catalogue(Site.open(Path(order.site)))) as catalogue:
        report = _imported(order, catalogue, images, Site.open(Path(order.site)).config().closely)
    noted = report.noted()
    return {
        "done": (
            f"{report.added_or_changed} added or changed, {report.unchanged} unchanged, "
            f"{report.deleted} deleted{f'; {noted}' if noted else ''}"
        ),
        "counts": {
            "added": report.added_or_changed,
            "unchanged": report.unchanged,
            "deleted": report.deleted,
            "sequence": report.sequence,
            "failed": len(report.errors),
        },
        "failures": [(problem.line, problem.problem) for problem in report.errors[:FAILURES]],
    }


def _imported(order: ImportOrder, catalogue: Catalogue, images: Path, closely: bool | None) -> ImportReport:
    _say({"doing": "reading the file and its pictures"})
    workers = max(1, (os.cpu_count() or 2) // 2)
    fetch = PictureCache() if order.download else None
    embedders = lazy_embedders(order.bundle, catalogue)
    importer = Importer(
        catalogue,
        embedders,
        images,
        workers,
        lambda d, t: _say({"progress": [d, t]}),
        fetch=fetch,
        closely=FeaturesWanted(closely, order.bundle),
    )
    return importer.run(Path(order.file), order.replace, order.allow_shrink, ReadOptions(order.format))


def _base(folder: Path, order: ImportOrder) -> Path:
    """Where names of pictures start: often an archive has them in a folder that the file does not name."""
    inner = list(folder.iterdir())
    if len(inner) != 1 or not inner[0].is_dir():
        return folder
    table = read_catalogue(order.file, ReadOptions(order.format))
    names = [p.image for product in table.products[:LOOKED_AT] for p in product.pictures]
    return max(
        (folder, inner[0]), key=lambda base: sum(_is_there(PictureFolder(base), name) for name in names)
    )


def _is_there(folder: PictureFolder, name: str) -> bool:
    try:
        return folder.path(name).is_file()
    except PhotoError:
        return False
