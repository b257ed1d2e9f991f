"""``/console/catalogue/photo``: search by a photo, which is read in a bounded process and not kept."""

from __future__ import annotations

import threading

from flask import Blueprint, Response, request

from pocketshelf.errors import PhotoError
from pocketshelf.types import Hit
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.http.lengths import NO_PHOTOS
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.photos import PhotoLost, PhotosBusy

__all__ = ["add"]

HITS = 24


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""
    parsing = threading.Lock()  # As at /v1/search/photo: one form at a time.

    @blueprint.post("/console/catalogue/photo")
    def search_photo() -> Response:
        if desk.photos is None:
            raise Problem(404, NO_PHOTOS)
        try:
            with desk.photos.place() as embedder:
                with parsing:
                    sent = request.files.get("photo")
                    photo = sent.stream.read() if sent else b""
                if not photo:
                    return _answer([], "Choose a photo first.", 422)
                vector = embedder.embed(photo)
        except PhotosBusy as busy:
            response = _answer([], f"{busy}.", 503)
            response.headers["Retry-After"] = str(busy.retry_after)
            return response
        except (PhotoError, PhotoLost) as error:
            return _answer([], str(error).removeprefix("photo: "), 422)
        return _answer(desk.service.search(vector, HITS, None, full=True), "", 200)


def _answer(hits: list[Hit], error: str, status: int) -> Response:
    return page("photo.html", "catalogue", status=status, hits=hits, error=error)
