"""What a request of a device tells: that one has synced from where, was updated, or asked the full catalogue.

Devices name what they have by two headers, which hold numbers alone:

    Pocketshelf-Sequence: 42                      with timestamp.json: the shelf's sequence
    Pocketshelf-Local: searches=12 recall=0.61    with a search: how many searches since it last asked, this
                                                  one among them, and how good it takes its own answer to be
"""

from __future__ import annotations

import math
import re

from flask import Request, Response

from pocketshelf_server.console.activity.tally import Tally

__all__ = ["listen"]

SEQUENCE = re.compile(r"[0-9]{1,18}")
LOCAL = re.compile(r"searches=([0-9]{1,6})(?: recall=([01](?:\.[0-9]{1,6})?))?")
TIMESTAMP = "/v1/metadata/timestamp.json"
TARGETS = "/v1/targets/"
# One device cannot outweigh the others by a number that nobody checks.
MOST_SEARCHES = 1000


def listen(tally: Tally, request: Request, response: Response) -> None:
    """Count what an answered request tells; nothing of who sent it."""
    path = request.path
    if request.method == "GET" and response.status_code in (200, 206, 304):
        if path == TIMESTAMP:
            given = request.headers.get("Pocketshelf-Sequence", "")
            tally.count("sync", str(int(given)) if SEQUENCE.fullmatch(given) else "")
        elif path.startswith(TARGETS) and response.status_code == 200:
            kind = path.rpartition("/")[2].partition(".")[2].partition("-")[0]
            if kind in ("snapshot", "delta"):
                tally.count("update", kind)
    elif request.method == "POST" and response.status_code == 200:
        if path == "/v1/search":
            _search(tally, request.headers.get("Pocketshelf-Local", ""))
        elif path == "/v1/search/photo":
            tally.count("search", "photo")


def _search(tally: Tally, told: str) -> None:
    tally.count("search", "vector")
    match = LOCAL.fullmatch(told)
    if match is None:
        return
    searches = min(max(1, int(match[1])), MOST_SEARCHES)
    tally.count("told", "searches", times=searches)
    tally.count("told", "asked")
    if match[2] is not None and math.isfinite(recall := float(match[2])):
        tally.count("recall", value=min(1.0, recall))
