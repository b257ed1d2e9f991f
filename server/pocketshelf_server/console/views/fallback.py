"""``/console/fallback``: how often devices asked the full catalogue, and what they held of their answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pocketshelf_server.console.activity.series import activity
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.http.bodies import number_of

__all__ = ["add"]


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/fallback")
    def fallback() -> Response:
        days = number_of(request.args, "days", 14, 1, 365)
        desk.tally.flush()
        return page("fallback.html", "fallback", days=days, activity=activity(desk.activity, days))
