"""``/console/catalogue``: the products, as a grid with search and filters."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from pocketshelf_server.catalogue.browse import Filter, browse, facets
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page, piece
from pocketshelf_server.http.bodies import number_of
from pocketshelf_server.http.problems import Problem

__all__ = ["PAGE", "add"]

PAGE = 24
MOST_TEXT = 200
MOST_PAGES = 1_000_000


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/catalogue")
    def catalogue() -> Response:
        wanted, asked = _wanted()
        number = number_of(request.args, "page", 1, 1, MOST_PAGES)
        with desk.catalogue.reading() as view:
            found = browse(view, wanted, PAGE, (number - 1) * PAGE)
            sorting = facets(view, Filter(wanted.text, wanted.category))
            categories = view.categories()
        values: dict[str, Any] = {
            "found": found,
            "facets": sorting,
            "categories": categories,
            "asked": asked,
            "number": number,
            "pages": max(1, -(-found.count // PAGE)),
            "photo_search": desk.photos is not None,
        }
        if request.headers.get("HX-Request"):
            return piece("catalogue-found.html", **values)
        return page("catalogue.html", "catalogue", **values)


def _wanted() -> tuple[Filter, dict[str, Any]]:
    """What is looked for, and the same as the query has it."""
    asked = {name: request.args.get(name, "").strip() for name in ("q", "category", "attribute")}
    if any(len(text) > MOST_TEXT or "\0" in text or _lone(text) for text in asked.values()):
        raise Problem(422, f"search for at most {MOST_TEXT} characters")
    name, sign, value = asked["attribute"].partition(":")
    attribute = (name, value) if sign else None
    return Filter(asked["q"], asked["category"] or None, attribute), asked


def _lone(text: str) -> bool:
    """Whether there is half of a character in it, which no database takes."""
    return any("\ud800" <= character <= "\udfff" for character in text)
