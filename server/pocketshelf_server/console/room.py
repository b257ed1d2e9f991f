"""The console as a room of the server: its parts, its doors, its routes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from pocketshelf.errors import PhotoError, PocketshelfError, StoreError, one_line
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.console.access.forms import SignInForm
from pocketshelf_server.console.access.guard import Guard
from pocketshelf_server.console.access.sessions import Sessions
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.console.activity.listen import listen
from pocketshelf_server.console.activity.store import ActivityStore
from pocketshelf_server.console.activity.tally import Tally
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.folders import pictures_of
from pocketshelf_server.console.jobs.bench import Bench, BenchBusy
from pocketshelf_server.console.page import page, piece
from pocketshelf_server.console.record import Record
from pocketshelf_server.console.views import (
    assets,
    devices,
    fallback,
    imports,
    keys,
    overview,
    photo,
    pictures,
    product,
    shards,
    signin,
)
from pocketshelf_server.console.views import (
    catalogue as catalogue_view,
)
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.http.admission import RateLimit
from pocketshelf_server.http.lengths import FORM, Door
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import SIDES, Photos, PhotosBusy, Pictures
from pocketshelf_server.search import SearchService
from pocketshelf_server.site import Site

__all__ = ["Console"]

VIEWS = (
    signin, assets, overview, catalogue_view, product, pictures, photo, shards, devices, fallback, imports,
    keys,
)  # fmt: skip
PUBLIC = frozenset(f"console.{name}" for name in ("home", "sign_in", "asset"))
READING = frozenset(f"console.{name}" for name in ("sign_out", "search_photo"))
POLLED = frozenset({"console.job"})
# One guess a minute and address, ten at once.
GUESSES_PER_MINUTE, GUESSES_AT_ONCE = 1, 10
log = logging.getLogger("pocketshelf.server")


class Console:
    """`pocketshelf_server.http.app.Room`: the pages at ``/``.

    Args:
        photos: reads photos to search by; None if none are taken.
        bundle: the folder of models that imports use; None for the default.
        sessions: who is signed in; None for nobody yet.
        shown: the products' pictures; None: it finds them itself. It ends them in either case.
    """

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        photos: Photos | None = None,
        bundle: str | None = None,
        sessions: Sessions | None = None,
        shown: Pictures | None = None,
    ) -> None:
        self._site, self._catalogue, self._photos, self._bundle = site, catalogue, photos, bundle
        self._config = site.config()
        self._sessions = sessions or Sessions()
        self._tokens = ConsoleTokens(site, self._config.token_sha256)
        self._guard = Guard(self._sessions, self._tokens, PUBLIC, READING, POLLED)
        self._record = Record(site.folder / "imports.sqlite")
        self._bench = Bench(site.folder, self._record)
        self._activity = ActivityStore(site.folder / "activity.sqlite")
        self._tally = Tally(self._activity)
        self._pictures = shown or pictures_of(site, self._config)

    def doors(self) -> Mapping[str, Door]:
        """See `Room.doors`."""
        reads, changes = (partial(self._guard.check_head, changes=changes) for changes in (False, True))
        return {
            "/console/signin": Door(signin.MOST_BYTES),
            "/console/signout": Door(signin.MOST_BYTES),
            "/console/catalogue/photo": Door(self._config.max_photo_bytes + FORM, reads),
            "/console/imports/start": Door(imports.MOST_BYTES, changes),
            "/console/imports/publish": Door(signin.MOST_BYTES, changes),
            "/console/imports/cancel": Door(signin.MOST_BYTES, changes),
        }

    def furnish(self, app: Flask, service: SearchService, watch: HealthWatch) -> None:
        """See `Room.furnish`."""
        desk = Desk(
            site=self._site,
            config=self._config,
            catalogue=self._catalogue,
            service=service,
            watch=watch,
            photos=self._photos,
            tokens=self._tokens,
            sessions=self._sessions,
            sign_in=SignInForm(),
            guard=self._guard,
            guesses=RateLimit(GUESSES_PER_MINUTE, burst=GUESSES_AT_ONCE),
            activity=self._activity,
            tally=self._tally,
            record=self._record,
            bench=self._bench,
            pictures=self._pictures,
            bundle=self._bundle,
        )
        blueprint = Blueprint("console", __name__)
        blueprint.before_request(partial(_before, desk))
        blueprint.after_request(self._guard.close)
        for view in VIEWS:
            view.add(blueprint, desk)
        _add_errors(blueprint)
        app.register_blueprint(blueprint)
        app.after_request(partial(_listen, self._tally))

    def start(self) -> None:
        """Begin to write down what is counted, and put on record what a killed server left."""
        try:
            self._record.cut_short()
        except StoreError as error:
            log.warning("%s", error)
        self._tally.start()

    def close(self) -> None:
        """End its processes, and write down the rest."""
        self._bench.close()
        self._pictures.close()
        self._tally.close()


def _before(desk: Desk) -> Any:
    answer = desk.guard.admit()
    if g.get("console_session") is not None:
        g.console_health = desk.watch.look().problems
        g.console_has_picture = lambda image: desk.pictures.tag(image, SIDES[0]) is not None
    return answer


def _listen(tally: Tally, response: Response) -> Response:
    listen(tally, request, response)
    return response


def _add_errors(blueprint: Blueprint) -> None:
    @blueprint.route("/console/<path:rest>")
    def nowhere(rest: str) -> Response:
        raise Problem(404, "there is no such page")

    blueprint.register_error_handler(Problem, lambda p: _sorry(p.status, p.detail, p.headers))
    blueprint.register_error_handler(HTTPException, lambda e: _sorry(e.code or 500, e.description or ""))
    blueprint.register_error_handler(PhotoError, lambda e: _sorry(422, str(e)))
    blueprint.register_error_handler(BenchBusy, lambda e: _sorry(409, str(e)))
    blueprint.register_error_handler(PocketshelfError, _from_own)
    blueprint.register_error_handler(Exception, _from_bug)


def _from_own(error: PocketshelfError) -> Response:
    if isinstance(error, PhotosBusy):
        return _sorry(503, str(error), {"Retry-After": str(error.retry_after)})
    log.error("%s %s: %s", request.method, request.path, error)
    return _sorry(503, one_line(error, 500))


def _from_bug(error: Exception) -> Response:
    log.exception("%s %s", request.method, request.path, exc_info=error)
    return _sorry(500, "an error of the server; its log has the details")


def _sorry(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return Problem(status, detail, dict(headers or {})).response()
    draw = piece if request.headers.get("HX-Request") else page
    template = "sorry-piece.html" if request.headers.get("HX-Request") else "sorry.html"
    response = draw(template, status=status, detail=detail, code=status)
    response.headers.extend(dict(headers or {}))
    return response
