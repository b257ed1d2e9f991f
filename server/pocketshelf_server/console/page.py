"""Renders the console's templates. Every value is escaped wherever it stands; an unknown name is an error."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pocketshelf.page.asset_files import asset_url
from pocketshelf_server.console.access.sessions import Session

__all__ = ["page", "piece"]

THEMES = ("light", "dark")
NAVIGATION = (
    ("overview", "/", "Overview", "house"),
    ("catalogue", "/console/catalogue", "Catalogue", "layout-grid"),
    ("shards", "/console/shards", "Generations", "layers"),
    ("devices", "/console/devices", "Devices", "smartphone"),
    ("fallback", "/console/fallback", "Fallback", "chart-line"),
    ("imports", "/console/imports", "Imports", "file-up"),
    ("keys", "/console/keys", "Keys", "key-round"),
)
STEPS = ((86_400 * 2, 86_400, "days"), (3_600 * 2, 3_600, "hours"), (120, 60, "minutes"), (0, 1, "seconds"))


def page(template: str, room: str = "", status: int = 200, **values: Any) -> Response:
    """A whole page.

    Args:
        room: the entry of the navigation that it belongs to.
    """
    return _response(template, status, room=room, navigation=NAVIGATION, **values)


def piece(template: str, status: int = 200, **values: Any) -> Response:
    """A part of a page, which htmx puts into its place."""
    return _response(template, status, **values)


def _response(template: str, status: int, **values: Any) -> Response:
    session: Session | None = g.get("console_session")
    theme = request.cookies.get("theme")
    known = {
        "session": session,
        "csrf": session.csrf if session else "",
        "role": session.token.role.value if session else "",
        "may_change": session is not None and session.token.role.changes,
        "theme": theme if theme in THEMES else "",
        "health": g.get("console_health", ()),
        "has_picture": g.get("console_has_picture"),
    }
    text = _environment().get_template(template).render({**known, **values})
    return Response(text, status, content_type="text/html; charset=utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=_number, size=_size, share=_share, ago=_ago, moment=_moment, plain=_plain, breakable=_breakable
    )
    made.globals.update(asset_url=asset_url, icon=_icon, address=_address, now=lambda: datetime.now(UTC))
    return made


def _icon(name: str, more: str = "") -> Markup:
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        more, asset_url("icons.svg"), name
    )


def _address(path: str, **query: Any) -> str:
    """An address with those of ``query`` that are something."""
    wanted = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(wanted)}" if wanted else path


def _number(value: int) -> str:
    """12,480"""
    return f"{value:,}"


def _size(count: int) -> str:
    """Bytes for people: 3.4 MB"""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"


def _ago(seconds: float | None) -> str:
    """How long ago a time (seconds since 1970) is."""
    if seconds is None:
        return "at an unknown time"
    past = datetime.now(UTC).timestamp() - seconds
    if past < 5:
        return "just now"
    for least, step, name in STEPS:
        if past >= least:
            return f"{past / step:.0f} {name} ago"
    raise AssertionError


def _moment(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _breakable(text: str) -> Markup:
    """A path of categories, which may go on in a new line behind each slash."""
    return Markup("/<wbr>").join(text.split("/"))


def _plain(value: Any) -> str:
    """An attribute's value as a line."""
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)
