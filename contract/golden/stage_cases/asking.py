"""Golden cases of asking a server: what is sent, what is taken, when it rests, and how hits are merged."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from unittest.mock import patch

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.errors import ServerError, Unreachable
from pocketshelf.network import http
from pocketshelf.network.http import Reply
from pocketshelf.recall import ServerFallback
from pocketshelf.recall.fallback import Telling
from pocketshelf.recall.merging import merged, overall
from pocketshelf.types import Hit

__all__ = ["asked", "asked_of", "merges", "merges_of", "told", "told_of"]

URL = "https://shop.example/shelf"
HIT = {"product_id": "far", "score": 0.5, "title": "Far", "category": "Red things"}
REPLY = {"status": 200, "content_type": "application/json", "location": None}


SPREAD = {"mean": 0.1, "spread": 0.05}


def telling(**changed: Any) -> str:
    """An answer with three hits that tells of its catalogue."""
    found = [{**HIT, "product_id": str(n)} for n in range(3)]
    told = {
        "nearest": {"mean": 0.6, "spread": 0.1},
        "background": SPREAD,
        "hits": [SPREAD, {"mean": 0, "spread": 0}],
    }
    return json.dumps({"hits": found, "catalogue": {**told, **changed}})


def hits(**changed: Any) -> str:
    """An answer with one hit."""
    return json.dumps({"hits": [{**HIT, **changed}]})


GOOD = {
    "one hit": hits(),
    "with image and attributes": hits(image="a/b.jpg", attributes={"brand": "Acme", "sizes": ["M"], "n": 3}),
    "without a title": hits(title=""),
    "a title of null": hits(title=None),
    "no hits": '{"hits": []}',
    "more than asked for": json.dumps({"hits": [{**HIT, "product_id": str(n)} for n in range(9)]}),
    "further fields": hits(more={"a": [1]}) + "\n",
    "a whole number as score": hits(score=1),
    "it tells of its catalogue, and of some hits": telling(),
    "it tells of no hits": telling(hits=None),
    "it tells of more hits": telling(hits=[SPREAD] * 9),
    "what is beyond the asked hits is not read": json.dumps({"hits": [HIT] * 5 + [7]}),
}
BAD = {
    "a score of 1e999": '{"hits": [{"product_id": "7", "score": 1e999, "category": "y"}]}',
    "a score of 400 digits": '{"hits": [{"product_id": "7", "score": 1%s, "category": "y"}]}' % ("0" * 400),
    "a score that is no number": '{"hits": [{"product_id": "7", "score": NaN, "category": "y"}]}',
    "a score above 1": hits(score=7),
    "a score as text": hits(score="0.9"),
    "a score that is true": hits(score=True),
    "an id that is a number": hits(product_id=7),
    "an id that is empty": hits(product_id=""),
    "an id with a control character": hits(product_id="a\u0007b"),
    "an id that is too long": hits(product_id="x" * 4097),
    "a title that is a list": hits(title=["x"]),
    "a title that is too long": hits(title="x" * 4097),
    "a category that is an object": hits(category={}),
    "no category": '{"hits": [{"product_id": "7", "score": 0.5}]}',
    "attributes that are a list": hits(attributes=[]),
    "a lone surrogate": hits(title="\ud800"),
    "a catalogue that is a list": json.dumps({"hits": [], "catalogue": []}),
    "a catalogue without its background": telling(background=None),
    "a mean beyond a cosine": telling(nearest={"mean": 1.5, "spread": 0.1}),
    "a spread below nothing": telling(hits=[{"mean": 0.1, "spread": -0.1}]),
    "a spread as text": telling(hits=[{"mean": 0.1, "spread": "0.1"}]),
    "hits told of that are an object": telling(hits={}),
    "hits that are an object": '{"hits": {}}',
    "nothing": "{}",
    "a list": "[]",
    "null": "null",
    "no JSON": "hits",
    "nested 1,000 deep": '{"hits": ' + "[" * 1000 + "]" * 1000 + "}",
    "a page": "<html>sign in</html>",
}


def asked() -> list[dict[str, Any]]:
    """Answers to a search of three hits: each is the first of a server that was well a moment ago."""
    found = [{"name": name, "k": 5, "replies": [reply(0, body)]} for name, body in {**GOOD, **BAD}.items()]
    problem = json.dumps({"status": 503, "detail": "busy"})
    others: dict[str, list[dict[str, Any]]] = {
        "away, then left alone for 30 seconds": [
            {"at": 0, "away": True},
            reply(29.5, hits()),
            reply(30.5, hits()),
        ],
        "busy counts as away": [reply(0, problem, status=503), reply(10, hits())],
        "too many requests count as away": [reply(0, "{}", status=429), reply(10, hits())],
        "a refusal does not": [reply(0, '{"detail": "no such space"}', status=409), reply(1, hits())],
        "a broken answer does": [reply(0, "{}"), reply(10, hits()), reply(31, hits())],
        "a redirect is not followed, and counts as away": [
            reply(0, "", status=302, location="http://other.example/"),
            reply(10, hits()),
        ],
        "a captive portal counts as away": [
            reply(0, "welcome", content_type="text/html; charset=utf-8"),
            reply(10, hits()),
        ],
        "511 counts as away": [reply(0, "", status=511), reply(10, hits())],
    }
    return found + [{"name": name, "k": 5, "replies": replies} for name, replies in others.items()]


def reply(at: float, body: str, **changed: Any) -> dict[str, Any]:
    """What a server answers who is asked ``at`` so many seconds."""
    return {"at": at, **REPLY, **changed, "body": body}


class Stub:
    """Stands in for the network, and for the clock."""

    def __init__(self, replies: list[dict[str, Any]]) -> None:
        self.now = 0.0
        self.sent: list[tuple[str, dict[str, str], bytes]] = []
        self.next: dict[str, Any] = {}

    def exchange(self, url: str, headers: dict[str, str], seconds: float, body: bytes, most: int) -> Reply:
        """As `pocketshelf.network.http.exchange`."""
        self.sent.append((url, headers, body))
        if self.next.get("away"):
            raise Unreachable(f"{url}: the server cannot be reached")
        told = self.next
        return Reply(told["status"], "", told["content_type"], told["location"], told["body"].encode())


def asked_of(case: dict[str, Any]) -> dict[str, Any]:
    """For each time: whether the server was asked, and its hits, or "error"."""
    stub, answers = Stub(case["replies"]), []
    server = ServerFallback(URL, clock=lambda: stub.now)
    for each in case["replies"]:
        stub.now, stub.next, before = each["at"], each, len(stub.sent)
        answer: dict[str, Any]
        with patch.object(http, "exchange", stub.exchange):
            try:
                found = server.search(np.array([0.6, 0.8], np.float32), "space", (), case["k"])
                answer = {"hits": [hit.to_json(full=True) for hit in found]}
                if found.catalogue is not None:
                    answer["told"] = asdict(found.catalogue)
            except ServerError:
                answer = {"error": True}
        answers.append({"asked": len(stub.sent) > before, **answer})
    return {"answers": answers}


def told() -> list[dict[str, Any]]:
    """Queries, and what else is asked with them."""
    vector = np.random.default_rng(1541).normal(size=12)
    vector = pack((vector / np.linalg.norm(vector)).astype(np.float32))
    plain: dict[str, Any] = {
        "vector": vector,
        "space": "space-1",
        "categories": [],
        "k": 10,
        "full": False,
        "searches": 1,
        "recall": None,
    }
    return [
        {"name": "all categories", **plain},
        {"name": "some categories", **plain, "categories": ["Röcke", "Shoes"], "k": 3},
        {"name": "with images and attributes", **plain, "full": True, "searches": 7, "recall": 0.12345},
    ]


def told_of(case: dict[str, Any]) -> dict[str, Any]:
    """The address, the body as JSON, and the headers that say something."""
    stub = Stub([])
    stub.next = reply(0, '{"hits": []}')
    server = ServerFallback(URL, full=case["full"])
    with patch.object(http, "exchange", stub.exchange):
        Telling(server, case["searches"], case["recall"]).search(
            unpack(case["vector"]), case["space"], tuple(case["categories"]), case["k"]
        )
    ((url, headers, body),) = stub.sent
    return {"url": url, "body": json.loads(body), "headers": headers}


def merges() -> list[dict[str, Any]]:
    """Local hits and a server's, and what came of asking about each region of a photo."""
    local = [["a", 0.9], ["b", 0.8], ["c", 0.7], ["d", 0.7]]
    found = [["x", 0.85], ["b", 0.81], ["0", 0.7], ["y", 0.2]]
    lists: dict[str, Any] = {
        "each once, the local one where both have it": (local, found, 10),
        "as many as asked for": (local, found, 3),
        "nothing here": ([], found, 3),
        "nothing there": (local, [], 3),
        "equal ones by their ids": ([["z", 0.5], ["é", 0.5]], [["𝒳", 0.5], ["～", 0.5], ["A", 0.5]], 10),
    }
    states = [[False, False], [False, "unavailable"], ["unavailable", True], [True], []]
    return [
        {"name": name, "local": near, "server": far, "k": k, "asked": states[i % len(states)]}
        for i, (name, (near, far, k)) in enumerate(lists.items())
    ]


def merges_of(case: dict[str, Any]) -> dict[str, Any]:
    """(id, score, source), best first, and the photo's one word about asking."""
    near, far = ([Hit(key, score, "", "") for key, score in case[side]] for side in ("local", "server"))
    hits = merged(near, far, case["k"])
    return {
        "hits": [[hit.product_id, hit.score, hit.source] for hit in hits],
        "fallback": overall(case["asked"]),
    }
