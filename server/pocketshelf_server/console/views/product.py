"""``/console/product?id=…``: one product, with what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, request

from pocketshelf_server.catalogue import Change
from pocketshelf_server.catalogue.browse import log_of
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.console.shards.generations import PublishedShard, published_shards
from pocketshelf_server.http.problems import Problem

__all__ = ["add"]

MOST_ID = 4096
SIMILAR = 6


@dataclass(frozen=True)
class Event:
    """A change, and the first generation that has it.

    Attributes:
        generation: None while it waits to be published.
        made: seconds since 1970 of that generation.
    """

    change: Change
    generation: int | None
    made: float | None
    first: bool


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/product")
    def product() -> Response:
        product_id = request.args.get("id", "")
        if not product_id or len(product_id) > MOST_ID or "\0" in product_id:
            raise Problem(404, "there is no such product; look for it in the catalogue")
        found = desk.catalogue.get([product_id]).get(product_id)
        with desk.catalogue.reading() as view:
            log = log_of(view, product_id)
            oldest = view.number("compacted")
        if found is None and not log:
            raise Problem(404, "there is no such product; look for it in the catalogue")
        shards = published_shards(desk.site, desk.config.shards)
        similar = [
            hit
            for hit in (
                desk.service.search(found.vectors[0].astype("float32"), SIMILAR + 1, None, True)
                if found
                else []
            )
            if hit.product_id != product_id
        ]
        return page(
            "product.html",
            "catalogue",
            status=200 if found else 404,
            product=found,
            product_id=product_id,
            history=_events(log, shards),
            compacted=oldest,
            similar=similar[:SIMILAR],
        )


def _events(log: list[Change], shards: list[PublishedShard]) -> list[Event]:
    generations = sorted((g for shard in shards for g in shard.generations), key=lambda g: g.sequence)
    events = []
    for place, change in enumerate(log):
        having = next((g for g in generations if g.sequence >= change.sequence), None)
        events.append(
            Event(
                change,
                having.sequence if having else None,
                having.made if having else None,
                place == len(log) - 1,
            )
        )
    return events
