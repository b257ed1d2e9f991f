"""``/console/shards``: generations and their sizes; ``/console/shards/changes``: what changed between two."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.console.shards.differences import difference
from pocketshelf_server.console.shards.generations import published_shards
from pocketshelf_server.http.bodies import number_of
from pocketshelf_server.http.problems import Problem

__all__ = ["add"]

MOST_SEQUENCE = 2**62


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes."""

    @blueprint.get("/console/shards")
    def shards() -> Response:
        return page(
            "shards.html",
            "shards",
            shards=published_shards(desk.site, desk.config.shards),
            sequence=desk.catalogue.sequence(),
            signed={status.role: status for status in desk.repository.status()},
            retain=desk.config.retain,
        )

    @blueprint.get("/console/shards/changes")
    def changes() -> Response:
        name = request.args.get("shard", "")
        shard = next((s for s in published_shards(desk.site, desk.config.shards) if s.name == name), None)
        if shard is None:
            raise Problem(404, "no shard of that name is published")
        base = number_of(request.args, "from", shard.generations[-1].sequence, 0, MOST_SEQUENCE)
        to = number_of(request.args, "to", shard.latest.sequence, 0, MOST_SEQUENCE)
        if base > to:
            base, to = to, base
        found = difference(desk.site, desk.catalogue, name, base, to)
        return page("changes.html", "shards", shard=shard, base=base, to=to, found=found)
