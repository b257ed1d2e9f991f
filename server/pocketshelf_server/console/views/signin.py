"""``/`` for who is signed out, signing in and out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from pocketshelf_server.console.access.forms import STALE, require_csrf
from pocketshelf_server.console.access.guard import COOKIE
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.http.admission import caller
from pocketshelf_server.http.problems import Problem

__all__ = ["MOST_BYTES", "add", "sign_in_page"]

MOST_BYTES = 4096
BEFORE = "pocketshelf_signin"
WRONG = "That is no token of this site, or it has expired."


def sign_in_page(
    desk: Desk, status: int = 200, error: str = "", wait: str = "", onward: str = ""
) -> Response:
    """The form, with a cookie that goes with it."""
    cookie = request.cookies.get(BEFORE) or desk.sign_in.cookie()
    response = page(
        "signin.html",
        status=status,
        error=error,
        onward=_own(onward),
        configured=bool(desk.tokens.all()),
        form_csrf=desk.sign_in.expected(cookie),
    )
    _set(response, BEFORE, cookie)
    if wait:
        response.headers["Retry-After"] = wait
    return response


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes."""

    @blueprint.post("/console/signin")
    def sign_in() -> AnyResponse:
        onward = request.form.get("next", "")
        try:
            require_csrf(request, desk.sign_in.expected(request.cookies.get(BEFORE, "")))
        except Problem:
            return sign_in_page(desk, 403, STALE.capitalize() + ".", onward=onward)
        who = caller(request.remote_addr)
        try:
            desk.guesses.check(who)  # Counted before the look, so that many at once are counted as well.
        except Problem as slow:
            wait = slow.headers["Retry-After"]
            return sign_in_page(
                desk, 429, f"Too many wrong tokens from this address; wait {wait} s.", wait, onward
            )
        token = desk.tokens.find(request.form.get("token", ""))
        if token is None:
            return sign_in_page(desk, 403, WRONG, onward=onward)
        desk.guesses.forgive(who)
        desk.sessions.close(request.cookies.get(COOKIE))
        response = redirect(_own(onward) or "/", 303)
        _set(response, COOKIE, desk.sessions.open(token))
        response.delete_cookie(BEFORE, path="/")
        return response

    @blueprint.post("/console/signout")
    def sign_out() -> AnyResponse:
        desk.sessions.close(request.cookies.get(COOKIE))
        response = redirect("/", 303)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=request.is_secure)
        response.headers["Clear-Site-Data"] = '"cache"'
        return response


def _set(response: AnyResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", httponly=True, samesite="Strict", secure=request.is_secure)


def _own(address: str) -> str:
    """``address`` if it is a page of the console's, else nothing: nobody is sent elsewhere."""
    plain = address.isascii() and address.isprintable() and "\\" not in address
    return address if plain and address.startswith("/console/") and len(address) < 500 else ""
