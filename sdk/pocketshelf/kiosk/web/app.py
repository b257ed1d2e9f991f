"""The application: guards, the page's own addresses, the API, pictures."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Callable

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.routing import BaseConverter

from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.tls.invitation import Invitation
from pocketshelf.kiosk.web import errors, guard
from pocketshelf.kiosk.web.api import api_blueprint
from pocketshelf.kiosk.web.bodies import id_of
from pocketshelf.kiosk.web.errors import Problem
from pocketshelf.kiosk.web.staff import staff_blueprint

__all__ = ["EXTENSION", "create_app"]

# Where the page's blueprint finds the kiosk: ``current_app.extensions["kiosk"]``.
EXTENSION = "kiosk"
PAGES = "pocketshelf.kiosk.pages"
SIDES = ("160", "480", "1200")
PICTURE_SECONDS = 300


class _Name(BaseConverter):
    """Any text, slashes at its start and end included: a product's id may be anything."""

    regex = ".+"
    part_isolating = False


def create_app(kiosk: Kiosk, names: Names, invitation: Invitation | None = None) -> Flask:
    """Put the addresses together.

    Args:
        names: those that the kiosk goes by.
        invitation: where phones reach it, if they do.
    """
    app = Flask("pocketshelf.kiosk", static_folder=None, template_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.url_map.converters["name"] = _Name
    app.extensions[EXTENSION] = kiosk
    errors.install(app)
    guard.install(app, names)
    for blueprint in (api_blueprint(kiosk), staff_blueprint(kiosk), _pictures(kiosk), _phones(invitation)):
        app.register_blueprint(blueprint)
    if importlib.util.find_spec(PAGES) is not None:
        app.register_blueprint(importlib.import_module(PAGES).pages)
    return app


def _phones(invitation: Invitation | None) -> Blueprint:
    phones = Blueprint("phones", __name__)

    def invited() -> Invitation:
        if invitation is None:
            raise Problem(404, "not_found", "phones cannot connect here; start the kiosk with --tls")
        return invitation

    @phones.get("/api/connect")
    def connect() -> Response:
        return jsonify(invited().to_json())

    @phones.get("/connect.svg")
    def code() -> Response:
        return Response(invited().qr_code(), mimetype="image/svg+xml", headers={"Cache-Control": "no-store"})

    return phones


def _pictures(kiosk: Kiosk) -> Blueprint:
    pictures = Blueprint("pictures", __name__)

    @pictures.get("/picture/<int:number>/")
    @pictures.get("/picture/<int:number>/<name:product_id>")
    def picture(number: int, product_id: str | None = None) -> Response:
        named = id_of(product_id, request.args)
        return sent(lambda side: kiosk.picture(named, number, side))

    @pictures.get("/look/<name:image>")
    def look(image: str) -> Response:
        return sent(lambda side: kiosk.picture(image, None, side))

    @pictures.get("/served/")
    @pictures.get("/served/<name:product_id>")
    def served(product_id: str | None = None) -> Response:
        named = id_of(product_id, request.args)
        return sent(lambda side: kiosk.served_picture(named, side, request.args.get("key", "")))

    def sent(made: Callable[[int], bytes | None]) -> Response:
        side = request.args.get("side", "480")
        if side not in SIDES:
            raise Problem(400, "usage", f"side is one of {', '.join(SIDES)}")
        content = made(int(side))
        if content is None:
            raise Problem(404, "not_found", "no such picture")
        response = Response(content, mimetype="image/jpeg")
        response.set_etag(hashlib.sha256(content).hexdigest()[:32])
        response.headers["Cache-Control"] = f"private, max-age={PICTURE_SECONDS}"
        response.make_conditional(request)
        return response

    return pictures
