"""``/``: the shelf at a glance."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, g, request

from pocketshelf_server.console.access.guard import COOKIE
from pocketshelf_server.console.activity.series import activity, by_age, told_versions
from pocketshelf_server.console.desk import Desk
from pocketshelf_server.console.page import page
from pocketshelf_server.console.shards.generations import PublishedShard, published_shards
from pocketshelf_server.console.views.signin import sign_in_page
from pocketshelf_server.http.problems import Problem

__all__ = ["add"]

DAYS = 14
CATEGORIES = 10


@dataclass(frozen=True)
class Freshness:
    """How far the devices' shelf is behind the catalogue."""

    made: float | None
    generation: int | None
    waiting: int

    @classmethod
    def of(cls, shards: list[PublishedShard], sequence: int) -> Freshness:
        """By the newest generation of any shard."""
        newest = max((shard.latest for shard in shards), key=lambda g: g.sequence, default=None)
        if newest is None:
            return cls(None, None, sequence)
        return cls(newest.made, newest.sequence, max(0, sequence - newest.sequence))


def add(blueprint: Blueprint, desk: Desk) -> None:
    """Add the route."""

    @blueprint.get("/")
    def home() -> Response:
        if g.console_session is None:
            # A program that asks for what it can read gets the problem document that it always got.
            if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
                raise Problem(404, "no endpoint is here; /v1/openapi.json describes them")
            return sign_in_page(desk, onward=request.args.get("next", ""))
        desk.sessions.find(request.cookies.get(COOKIE))
        return _overview(desk)


def _overview(desk: Desk) -> Response:
    shards = published_shards(desk.site, desk.config.shards)
    with desk.catalogue.reading() as view:
        sequence, categories = view.sequence(), view.categories()
    largest = sorted(categories.items(), key=lambda item: (-item[1], item[0]))
    desk.tally.flush()
    counted = activity(desk.activity, DAYS)
    generations = {g.sequence for shard in shards for g in shard.generations}
    return page(
        "overview.html",
        "overview",
        products=sum(categories.values()),
        categories=largest[:CATEGORIES],
        more_categories=len(largest) - CATEGORIES,
        category_count=len(largest),
        freshness=Freshness.of(shards, sequence),
        sequence=sequence,
        shards=shards,
        activity=counted,
        versions=by_age(told_versions(counted.periods, generations)),
        newest=max(generations, default=None),
        today=activity(desk.activity, 1).total,
        days=DAYS,
        runs=desk.record.runs(5),
        space=desk.catalogue.space,
    )
