"""``/console/devices``: how many syncs there were, and from which versions. No device is known."""

from __future__ import annotations

from flask import Blueprint, Response, request

from pocketshelf_server.console.activity.series import activity, by_age, told_versions
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.console.shards.generations import published_shards
from pocketshelf_server.http.bodies import number_of

__all__ = ["add"]


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/console/devices")
    def devices() -> Response:
        days = number_of(request.args, "days", 14, 1, 365)
        desk.tally.flush()
        found = activity(desk.activity, days)
        shards = published_shards(desk.site, desk.config.shards)
        generations = {g.sequence: g for shard in shards for g in shard.generations}
        versions = told_versions(found.periods, generations)
        newest = max(generations, default=None)
        return page(
            "devices.html",
            "devices",
            days=days,
            activity=found,
            generations=generations,
            newest=newest,
            versions=by_age(versions),
            told=sum(versions.values()) - versions.get("untold", 0),
        )
