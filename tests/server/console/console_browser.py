"""A browser as far as the console's tests need one: it fills forms in."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def csrf_of(page: Any) -> str:
    """What the first form of a page brings against forgery."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.get_data(as_text=True))
    assert found is not None, page.get_data(as_text=True)
    return found[1]


def sign_in(client: FlaskClient, token: str, **more: str) -> Any:
    """Fill the form in, as a browser does."""
    form = {"csrf": csrf_of(client.get("/")), "token": token, **more}
    return client.post("/console/signin", data=form, headers={"Origin": "http://localhost"})


def post(client: FlaskClient, path: str, origin: str = "http://localhost", **fields: Any) -> Any:
    """Send a form of the signed-in page, with its token against forgery unless ``fields`` has one."""
    fields.setdefault("csrf", csrf_of(client.get("/console/imports")))
    return client.post(path, data=fields, headers={"Origin": origin})
