"""``/console/keys``: roles and when they expire, the console's tokens, and what `doctor` finds."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

from flask import Blueprint, Response, request

from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page, piece
from pocketshelf_server.doctor import Case, Finding, examine

__all__ = ["add"]

LOOK_AGAIN_SECONDS = 60.0


class Examination:
    """`doctor`'s findings: it reads every signed file, so it looks at most once a minute, one at a time."""

    def __init__(self, desk: Desk) -> None:
        self._site, self._pictures = desk.site, desk.pictures
        self._guard = threading.Lock()
        self._due, self._found = 0.0, list[Finding]()

    def findings(self) -> list[Finding]:
        """What it finds now, or found a moment ago; what needs doing first."""
        with self._guard:
            if time.monotonic() >= self._due:
                found = examine(Case(self._site, pictures=self._pictures))
                self._found = sorted(found, key=lambda f: ("wrong", "advice", "good").index(f.state))
                self._due = time.monotonic() + LOOK_AGAIN_SECONDS
            return self._found


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes."""
    examination = Examination(desk)

    @blueprint.get("/console/keys")
    def keys() -> Response:
        now = datetime.now(UTC)
        return page(
            "keys.html",
            "keys",
            statuses=desk.repository.status(),
            present=now,
            tokens=[(token, token.days_left(now)) for token in desk.tokens.all()],
            expiry_days=desk.config.expiry_days,
        )

    @blueprint.get("/console/keys/findings")
    def findings() -> Response:
        found = examination.findings()
        if request.headers.get("HX-Request"):
            return piece("findings.html", findings=found)
        return page("findings-page.html", "keys", findings=found)
