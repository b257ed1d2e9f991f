"""The kiosk's state, and what only staff may do: settings, the tally, a sync at once."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.web.bodies import json_body
from pocketshelf.kiosk.web.errors import Problem

__all__ = ["COOKIE", "staff_blueprint"]

COOKIE = "pocketshelf_kiosk"


def staff_blueprint(kiosk: Kiosk) -> Blueprint:
    """The addresses, answered by ``kiosk``."""
    staff = Blueprint("staff", __name__, url_prefix="/api")

    @staff.get("/state")
    def state() -> Response:
        return jsonify(kiosk.state(_token()))

    @staff.post("/pin")
    def sign_in() -> Response:
        pin = json_body().get("pin")
        if not isinstance(pin, str):
            raise Problem(400, "usage", "'pin' is a text")
        return _with_cookie(kiosk.pin.sign_in(pin))

    @staff.post("/signout")
    def sign_out() -> Response:
        kiosk.pin.sign_out(_token())
        response = Response(status=204)
        response.delete_cookie(COOKIE, httponly=True, samesite="Strict", path="/")
        return response

    @staff.post("/settings")
    def settings() -> Response:
        _require_staff(kiosk)
        wishes = json_body().get("settings")
        if not isinstance(wishes, dict):
            raise Problem(400, "usage", "'settings' is an object")
        kiosk.settings.change(wishes)
        return jsonify(kiosk.state(_token()))

    @staff.post("/sync")
    def sync() -> tuple[str, int]:
        _require_staff(kiosk)
        if not kiosk.sync.ask():
            raise Problem(409, "usage", "this kiosk has no server to sync with; start it with --server")
        return "", 202

    @staff.get("/corrections")
    def corrections() -> Response:
        _require_staff(kiosk)
        return jsonify(kiosk.corrections.to_json())

    return staff


def _token() -> str | None:
    return request.cookies.get(COOKIE)


def _with_cookie(token: str) -> Response:
    response = Response(status=204)
    # A browser names its origin with every POST; what came over TLS goes over nothing else.
    secure = request.headers.get("Origin", "").startswith("https://")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Strict", secure=secure, path="/")
    return response


def _require_staff(kiosk: Kiosk) -> None:
    if not kiosk.pin.is_staff(_token()):
        raise Problem(403, "pin", "staff only: enter the PIN first")
    kiosk.pin.prolong(_token())
