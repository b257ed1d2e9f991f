"""``/console/imports``: what was imported and published; operators begin either, and watch it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from pocketshelf.catalogue.exports import FORMATS
from pocketshelf_server.console.access.guard import session
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.folders import folders_for_import
from pocketshelf_server.console.jobs.orders import ImportOrder, PublishOrder
from pocketshelf_server.console.page import page, piece
from pocketshelf_server.console.record import Run
from pocketshelf_server.http.bodies import number_of
from pocketshelf_server.http.problems import Problem

__all__ = ["MOST_BYTES", "add"]

MOST_BYTES = 300_000_000
"""Of an import's form: a catalogue file, and a ZIP of pictures."""
MOST_FILE = 64_000_000
KINDS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".xlsx", ".ods")
SHOWN = 200
MOST_RUN = 2**31
# What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes."""

    @blueprint.get("/console/imports")
    def imports() -> Response:
        return page(
            "imports.html",
            "imports",
            job=desk.bench.job,
            runs=desk.record.runs(),
            folders=list(_choices(desk)),
            formats=list(FORMATS),
            downloads=desk.config.console_downloads,
            kinds=",".join(KINDS),
        )

    @blueprint.get("/console/imports/job")
    def job() -> Response:
        return piece("job.html", job=desk.bench.job, runs=desk.record.runs(), poll=True)

    @blueprint.post("/console/imports/start")
    def start() -> AnyResponse:
        desk.bench.require_free()
        work = desk.bench.work_folder()
        try:
            order, title, images = _order(desk, work)
        except BaseException:
            desk.bench.discard(work)
            raise
        desk.bench.start(order, title, session().token.name, images, work)
        return redirect("/console/imports", 303)

    @blueprint.post("/console/imports/publish")
    def publish() -> AnyResponse:
        shards = ", ".join(desk.config.shards)
        desk.bench.start(PublishOrder(str(desk.site.folder.resolve())), shards, session().token.name)
        return redirect("/console/imports", 303)

    @blueprint.post("/console/imports/cancel")
    def cancel() -> AnyResponse:
        desk.bench.cancel()
        return redirect("/console/imports", 303)

    @blueprint.get("/console/imports/run")
    def run() -> Response:
        found = _run(desk)
        failures = desk.record.failures(found.id, SHOWN)
        return page("run.html", "imports", run=found, failures=failures, shown=SHOWN)

    @blueprint.get("/console/imports/failures.csv")
    def failures_csv() -> Response:
        found = _run(desk)
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(["line", "problem"])
        writer.writerows([p.line or "", _plain(p.problem)] for p in desk.record.failures(found.id))
        response = Response(stream.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="failed-rows-{found.id}.csv"'
        return response


def _run(desk: Desk) -> Run:
    found = desk.record.run(number_of(request.args, "id", 0, 0, MOST_RUN))
    if found is None:
        raise Problem(404, "there is no such run; the last 200 are kept")
    return found


def _choices(desk: Desk) -> Any:
    """The folders to choose from, by their number, named from the site's folder on where they lie in it."""
    root = desk.site.folder.resolve()
    for number, folder in enumerate(folders_for_import(desk.site, desk.config)):
        resolved = folder.resolve()
        name = resolved.relative_to(root) if resolved.is_relative_to(root) else resolved
        yield number, str(name)


def _order(desk: Desk, work: Path) -> tuple[ImportOrder, str, Path | None]:
    """What the form asks for, with what it brings put into ``work``."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Problem(422, "choose a catalogue file first")
    title = Path(sent.filename.replace("\\", "/")).name
    kind = Path(title).suffix.lower()
    if kind not in KINDS:
        raise Problem(422, f"{title[:80]}: no catalogue by its name; take one of {', '.join(KINDS)}")
    if request.form.get("format", "plain") not in FORMATS:
        raise Problem(422, f"'format' must be one of {', '.join(FORMATS)}")
    file = _saved(sent, work / f"catalogue{kind}", MOST_FILE)
    archive = request.files.get("zip")
    packed = _saved(archive, work / "pictures.zip", MOST_BYTES) if archive and archive.filename else None
    images = None if packed else _folder(desk)
    return (
        ImportOrder(
            site=str(desk.site.folder.resolve()),
            file=str(file),
            images=str(images or ""),
            archive=str(packed or ""),
            unpacked=str(desk.site.unpacked.resolve()),
            bundle=desk.bundle,
            format=request.form.get("format", "plain"),
            replace="replace" in request.form,
            allow_shrink="replace" in request.form and "allow_shrink" in request.form,
            download="download" in request.form and desk.config.console_downloads,
        ),
        title,
        images,
    )


def _saved(sent: FileStorage, path: Path, most: int) -> Path:
    sent.save(path, 1 << 20)
    if path.stat().st_size > most:
        raise Problem(
            413,
            f"the file is larger than {most // 1_000_000} MB; split it, or use `pocketshelf-server import`",
        )
    return path.resolve()


def _folder(desk: Desk) -> Path | None:
    folders = folders_for_import(desk.site, desk.config)
    if not request.form.get("folder"):
        return None
    number = number_of(request.form, "folder", 0, 0, len(folders))
    if number >= len(folders):
        raise Problem(422, "that folder is not there any more; reload the page")
    return folders[number].resolve()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
