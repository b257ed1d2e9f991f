"""Changes of the catalogue by HTTP: what is made, logged, refused and limited."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from server_answers import is_problem, picture
from server_products import DIMENSION, SPACE

from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.http import create_app
from pocketshelf_server.http.admission import RateLimit
from pocketshelf_server.http.problems import Problem
from pocketshelf_server.site import Site


def changes(client: FlaskClient, site: Site, *items: Any, token: str | None = None, **body: Any) -> Any:
    token = site.token_path.read_text().strip() if token is None else token
    given = {"space": SPACE.name, "changes": list(items), **body}
    return client.post("/v1/changes", json=given, headers={"Authorization": f"Bearer {token}"})


def upsert(product_id: str, **more: Any) -> dict[str, Any]:
    vectors = [np.eye(DIMENSION)[0].tolist()]
    return {
        "op": "upsert",
        "product_id": product_id,
        "category": "Fig",
        "title": "A fig",
        "vectors": vectors,
        **more,
    }


def test_changes_are_made_and_logged(client: FlaskClient, filled_site: Site) -> None:
    answer = changes(
        client, filled_site, upsert("new", attributes={"price": 2}), {"op": "delete", "product_id": "p000"}
    )
    assert answer.get_json() == {"upserted": 1, "deleted": 1, "unchanged": 0, "sequence": 62}
    token = filled_site.token_path.read_text().strip()
    log = client.get("/v1/changes?since=60&limit=5", headers={"Authorization": f"Bearer {token}"}).get_json()
    assert [(c["product_id"], c["kind"]) for c in log["changes"]] == [("new", "upsert"), ("p000", "delete")]
    assert (log["sequence"], log["oldest"]) == (62, 0)
    again = changes(client, filled_site, upsert("new", attributes={"price": 2})).get_json()
    assert (again["unchanged"], again["sequence"]) == (1, 62)


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"op": "rename", "product_id": "a"}, "op"),
        ("delete", "object"),
        ({"op": "delete"}, "product_id"),
        ({"op": "delete", "product_id": "a", "title": "x"}, "title"),
        ({"op": "delete", "product_id": "a" * 4097}, "4096 characters"),
        (upsert("a", category=""), "category"),
        (upsert("a", title=5), "title"),
        (upsert("a", vectors=[]), "vectors"),
        (upsert("a", vectors=[[1.0]]), "1 numbers"),
        (upsert("a", vectors=[["x"] * DIMENSION]), "numbers only"),
        (upsert("a", attributes=[]), "attributes"),
        (upsert("a\x00b"), "NUL"),
        (upsert("a" * 5000), "product_id"),
        (upsert("\ud800"), "stored"),
        (upsert("a", attributes={"deep": json.loads("[" * 16 + "]" * 16)}), "deeper"),
        (upsert("a", attributes={"n": 2**63}), "63 bits"),
        (upsert("a", attributes={"n": 10**400}), "63 bits"),
        (upsert("a", attributes={"n": float("nan")}), "not finite"),
        (upsert("a", attributes={"\ud800": 1}), "stored"),
        (upsert("a\nb"), "control character"),
        (upsert("a", category="\x9b31m"), "control character"),
        (upsert("a", image="\x1b.jpg"), "control character"),
    ],
)
def test_one_wrong_change_leaves_everything_as_it_was(
    client: FlaskClient, filled_site: Site, item: Any, word: str
) -> None:
    answer = changes(client, filled_site, upsert("good"), item)
    assert is_problem(answer, 422, word) and b"changes[1]" in answer.data
    assert client.get("/healthz").get_json()["sequence"] == 60


def test_a_bad_change_costs_itself_where_the_good_ones_are_kept(
    client: FlaskClient, filled_site: Site
) -> None:
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    items = [upsert("good"), upsert("bad", attributes={"deep": deep}), "delete", upsert("fine")]
    answer = changes(client, filled_site, *items, keep_good=True)
    assert answer.status_code == 200 and answer.get_json()["upserted"] == 2
    refused = answer.get_json()["refused"]
    assert [entry["change"] for entry in refused] == [1, 2] and "nested" in refused[0]["detail"]
    nothing = changes(client, filled_site, "delete", keep_good=True).get_json()
    assert (nothing["upserted"], len(nothing["refused"])) == (0, 1)
    assert is_problem(changes(client, filled_site, upsert("x"), keep_good=1), 422, "keep_good")


def as_base64(stream: io.BytesIO) -> str:
    return base64.b64encode(stream.getvalue()).decode()


def test_changes_take_pictures_as_well_as_vectors(client: FlaskClient, filled_site: Site) -> None:
    red, blue = as_base64(picture((200, 10, 10))), as_base64(picture((10, 10, 200)))
    both = upsert("both", pictures=[red, blue])
    alone = {key: value for key, value in upsert("alone", pictures=[blue]).items() if key != "vectors"}
    assert changes(client, filled_site, both, alone).get_json()["upserted"] == 2
    catalogue = open_catalogue(filled_site)
    stored = catalogue.get(["both", "alone"])
    catalogue.close()
    assert len(stored["both"].vectors) == 3 and len(stored["alone"].vectors) == 1
    np.testing.assert_array_equal(stored["both"].vectors[2], stored["alone"].vectors[0])


@pytest.mark.parametrize(
    ("pictures", "word"),
    [
        (["not base64!"], "pictures[0] must be"),
        ([5], "pictures[0] must be"),
        ("x", "'pictures' must be a list"),
        ([as_base64(io.BytesIO(b"no image"))], "pictures[0]: "),
        ([""] * 33, "1 to 32"),
        ([""] * 101, "101 pictures"),
    ],
)
def test_a_wrong_picture_leaves_everything_as_it_was(
    client: FlaskClient, filled_site: Site, pictures: Any, word: str
) -> None:
    answer = changes(client, filled_site, upsert("good"), upsert("bad", pictures=pictures))
    assert is_problem(answer, 422, word)
    assert client.get("/healthz").get_json()["sequence"] == 60


def test_without_models_pictures_are_refused_and_vectors_are_not(filled_site: Site) -> None:
    catalogue = open_catalogue(filled_site)
    client = create_app(filled_site, catalogue).test_client()
    answer = changes(client, filled_site, upsert("a", pictures=[as_base64(picture((1, 2, 3)))]))
    assert is_problem(answer, 422, "embeds no pictures")
    assert changes(client, filled_site, upsert("a")).status_code == 200
    catalogue.close()


def test_changes_need_the_token(client: FlaskClient, filled_site: Site) -> None:
    for response in (changes(client, filled_site, upsert("x"), token="wrong"), client.get("/v1/changes")):
        assert is_problem(response, 401) and response.headers["WWW-Authenticate"] == "Bearer"
    assert is_problem(changes(client, filled_site, upsert("x"), space="other"), 409)
    config = filled_site.config()
    config.token_sha256 = None
    filled_site.write_config(config)
    catalogue = open_catalogue(filled_site)
    closed = create_app(filled_site, catalogue).test_client()
    assert is_problem(changes(closed, filled_site, upsert("x")), 403)
    catalogue.close()


def test_changes_are_limited_in_rate(filled_site: Site) -> None:
    config = filled_site.config()
    config.changes_per_minute = 1
    filled_site.write_config(config)
    catalogue = open_catalogue(filled_site)
    client = create_app(filled_site, catalogue).test_client()
    assert is_problem(client.get("/v1/changes"), 401)
    refused = client.get("/v1/changes")
    assert is_problem(refused, 429) and 1 <= int(refused.headers["Retry-After"]) <= 61
    catalogue.close()


def test_the_rate_limit_refills_evenly_and_by_caller() -> None:
    now = [0.0]
    limit = RateLimit(2, clock=lambda: now[0])
    limit.check("a")
    limit.check("a")
    limit.check("b")
    with pytest.raises(Problem) as caught:
        limit.check("a")
    assert (caught.value.status, caught.value.headers) == (429, {"Retry-After": "31"})
    now[0] = 31
    limit.check("a")
    with pytest.raises(Problem):
        limit.check("a")
