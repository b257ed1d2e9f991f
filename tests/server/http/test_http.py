"""The endpoints: what they answer, and every way in which a request can be wrong."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from server_answers import is_problem, picture
from server_products import DIMENSION, SPACE, ColourPhotos, make_product

from pocketshelf.formats.product_rules import MAX_TEXT, MAX_VECTORS
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.http import create_app
from pocketshelf_server.http.bodies import MAX_CATEGORIES
from pocketshelf_server.http.changes import MAX_CHANGES
from pocketshelf_server.site import Site


def vector_of(product_id: str, category: str) -> list[float]:
    return make_product(product_id, 0, category).vectors[0].astype(float).tolist()


def search(client: FlaskClient, **body: Any) -> Any:
    given = {"vector": vector_of("p003", "Apple"), "space": SPACE.name, **body}
    return client.post("/v1/search", json=given)


def test_search_finds_the_product_itself(client: FlaskClient) -> None:
    answer = search(client, k=3).get_json()
    assert answer["space"] == SPACE.name
    assert answer["hits"][0] == {
        "product_id": "p003",
        "score": 1.0,
        "title": "Title p003",
        "category": "Apple",
    }
    assert len(answer["hits"]) == 3


def test_a_full_search_tells_image_and_attributes(client: FlaskClient) -> None:
    (hit,) = search(client, k=1, full=True).get_json()["hits"]
    assert set(hit) == {"product_id", "score", "title", "category", "image", "attributes"}
    assert hit["attributes"]["rank"] == 3
    for wrong in ("yes", 1, None):
        assert search(client, full=wrong).status_code == 422


def test_search_takes_int8_as_base64(client: FlaskClient) -> None:
    coded = base64.b64encode(make_product("p003", 0, "Apple").vectors.tobytes()).decode()
    assert search(client, vector=coded).get_json() == search(client).get_json()


def test_search_within_categories(client: FlaskClient) -> None:
    hits = search(client, categories=["Pear", "Nothing"], k=1000).get_json()["hits"]
    assert {hit["category"] for hit in hits} == {"Pear"} and len(hits) == 20
    assert search(client, categories=["Nothing"]).get_json()["hits"] == []


def test_unknown_categories_are_reported(client: FlaskClient) -> None:
    answer = search(client, categories=["Zebra", "Pear", "Äpfel"]).get_json()
    assert answer["unknown_categories"] == ["Zebra", "Äpfel"] and answer["hits"]
    assert "unknown_categories" not in search(client, categories=["Pear"]).get_json()
    assert "unknown_categories" not in search(client).get_json()
    form = {"photo": (picture((200, 10, 10)), "a.png"), "categories": ["Pear", "pear"]}
    assert client.post("/v1/search/photo", data=form).get_json()["unknown_categories"] == ["pear"]


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"space": "another"}, 409, "another"),
        ({"space": None}, 422, "space"),
        ({"vector": None}, 422, "vector"),
        ({"vector": []}, 422, "0 numbers"),
        ({"vector": [1.0] * (DIMENSION + 1)}, 422, f"{DIMENSION + 1} numbers"),
        ({"vector": [1.0] * 100_000}, 422, "must be a list"),
        ({"vector": [0] * DIMENSION}, 422, "zero"),
        ({"vector": ["1"] * DIMENSION}, 422, "numbers only"),
        ({"vector": [True] * DIMENSION}, 422, "numbers only"),
        ({"vector": [[1.0]] * DIMENSION}, 422, "numbers only"),
        ({"vector": [10**400] * DIMENSION}, 422, "float64"),
        ({"vector": "not base64!"}, 422, "base64"),
        ({"vector": "AAAA"}, 422, "3 numbers"),
        ({"vector": "é"}, 422, "base64"),
        ({"k": 0}, 422, "'k'"),
        ({"k": 10**9}, 422, "1000"),
        ({"k": 1.5}, 422, "'k'"),
        ({"k": True}, 422, "'k'"),
        ({"categories": []}, 422, "categories"),
        ({"categories": "Apple"}, 422, "categories"),
        ({"categories": ["x"] * 1001}, 422, "1000"),
        ({"categories": ["a\0b"]}, 422, "no name"),
        ({"categories": ["\ud800"]}, 422, "no name"),
        ({"categories": [""]}, 422, "no name"),
        ({"extra": 1}, 422, "extra"),
    ],
)
def test_a_wrong_field_is_a_4xx_that_names_it(
    client: FlaskClient, change: dict, status: int, word: str
) -> None:
    assert is_problem(search(client, **change), status, word)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client: FlaskClient, number: str) -> None:
    body = f'{{"space": "{SPACE.name}", "vector": [{",".join([number] * DIMENSION)}]}}'
    assert is_problem(
        client.post("/v1/search", data=body, content_type="application/json"), 422, "NaN or infinity"
    )


def test_tiny_numbers_are_fine(client: FlaskClient) -> None:
    assert search(client, vector=[1e-300] * DIMENSION).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_json_object(client: FlaskClient, body: bytes) -> None:
    assert is_problem(client.post("/v1/search", data=body, content_type="application/json"), 400)


def test_other_faults_are_problems_too(client: FlaskClient) -> None:
    assert is_problem(client.post("/v1/search", data="{}"), 415)
    assert is_problem(client.post("/v1/search", data=b"x" * 2_000_000, content_type="application/json"), 413)
    assert is_problem(client.get("/nowhere"), 404)
    refused = client.get("/v1/search")
    assert is_problem(refused, 405) and "POST" in refused.headers["Allow"]


def test_an_error_of_ours_is_a_500_without_its_text(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("pocketshelf_server.search.service.SearchService.search", break_)
    response = search(client)
    assert is_problem(response, 500) and b"secret" not in response.data


def test_photo_search(client: FlaskClient) -> None:
    form = {
        "photo": (picture((200, 10, 10)), "a.png"),
        "k": "2",
        "categories": ["Apple", "Pear"],
        "box": "0,0,10,10",
    }
    answer = client.post("/v1/search/photo", data=form).get_json()
    hits = answer["hits"]
    # A device judges by that; who sends a photo judges nothing.
    assert "catalogue" in search(client).get_json() and "catalogue" not in answer
    assert len(hits) == 2 and {hit["category"] for hit in hits} <= {"Apple", "Pear"}


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({}, 415, "photo"),
        ({"k": "1"}, 415, "photo"),
        ({"photo": (io.BytesIO(b"no image"), "a.jpg")}, 422, "not an image"),
        ({"photo": (io.BytesIO(b""), "a.jpg")}, 422, ""),
        ({"photo": (picture((1, 2, 3)), "a.png"), "k": "-1"}, 422, "'k'"),
        ({"photo": (picture((1, 2, 3)), "a.png"), "k": "99999999999999"}, 422, "'k'"),
        ({"photo": (picture((1, 2, 3)), "a.png"), "box": "1,2,3"}, 422, "'box'"),
        ({"photo": (picture((1, 2, 3)), "a.png"), "box": "0,0,nan,5"}, 422, "'box'"),
        ({"photo": (picture((1, 2, 3)), "a.png"), "box": "0,0,0,5"}, 422, "'box'"),
        ({"photo": (picture((1, 2, 3)), "a.png"), "top_k": "5"}, 422, "top_k"),
    ],
)
def test_a_photo_search_that_is_wrong(client: FlaskClient, form: dict, status: int, word: str) -> None:
    # Streams are read by the first request that sends them.
    form = {k: (io.BytesIO(v[0].getvalue()), v[1]) if isinstance(v, tuple) else v for k, v in form.items()}
    assert is_problem(client.post("/v1/search/photo", data=form), status, word)


def test_photos_can_be_refused(filled_site: Site) -> None:
    """Without models, and where the shop does not want photos at all."""
    config = filled_site.config()
    config.photo_search = False
    catalogue = open_catalogue(filled_site)
    without = create_app(filled_site, catalogue)
    filled_site.write_config(config)
    for app in (without, create_app(filled_site, catalogue, ColourPhotos())):
        form = {"photo": (picture((1, 2, 3)), "a.png")}
        assert is_problem(app.test_client().post("/v1/search/photo", data=form), 404, "/v1/search")
    catalogue.close()


def target_url(site: Site, kind: str = "snapshot") -> str:
    path = next(site.targets.glob(f"all/*.{kind}*"))
    return f"/v1/targets/all/{path.name}"


def test_targets_have_etags_ranges_and_never_change(client: FlaskClient, filled_site: Site) -> None:
    url = target_url(filled_site)
    whole = client.get(url)
    digest = re.search("[0-9a-f]{64}", url)
    assert digest and whole.headers["ETag"] == f'"{digest.group()}"'
    assert (
        "immutable" in whole.headers["Cache-Control"] and "max-age=31536000" in whole.headers["Cache-Control"]
    )
    assert client.get(url, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304
    part = client.get(url, headers={"Range": "bytes=10-19", "If-Range": whole.headers["ETag"]})
    assert (part.status_code, part.data) == (206, whole.data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.data)}"
    rest = client.get(url, headers={"Range": f"bytes={len(whole.data) - 5}-"})
    assert rest.data == whole.data[-5:]
    changed = client.get(url, headers={"Range": "bytes=10-19", "If-Range": '"other"'})
    assert (changed.status_code, changed.data) == (200, whole.data)
    head = client.head(url)
    assert (head.data, head.content_length) == (b"", len(whole.data))
    assert is_problem(client.get(url, headers={"Range": f"bytes={len(whole.data)}-"}), 416)


def test_metadata_is_cached_by_its_version(client: FlaskClient) -> None:
    assert "immutable" in client.get("/v1/metadata/1.root.json").headers["Cache-Control"]
    timestamp = client.get("/v1/metadata/timestamp.json")
    assert timestamp.headers["Cache-Control"] == "no-cache"
    version = json.loads(timestamp.data)["signed"]["meta"]["snapshot.json"]["version"]
    assert client.get(f"/v1/metadata/{version}.snapshot.json").status_code == 200
    again = client.get("/v1/metadata/timestamp.json", headers={"If-None-Match": timestamp.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "url",
    [
        "/v1/metadata/2.root.json",
        "/v1/metadata/root.json",
        "/v1/metadata/..%2f..%2fconfig.json",
        "/v1/metadata/.lock",
        "/v1/targets/all/manifest.json",
        "/v1/targets/../../keys/admin.token",
        "/v1/targets/..%2f..%2fkeys%2fadmin.token",
        f"/v1/targets/{'0' * 64}.x",
        f"/v1/targets/all/{'0' * 64}.%00",
        f"/v1/targets/{'a/' * 500}{'0' * 64}.x",
        f"/v1/targets/all/{'0' * 64}.{'x' * 400}",
    ],
)
def test_nothing_but_published_files_is_served(client: FlaskClient, url: str) -> None:
    assert is_problem(client.get(url), 404)


def test_metrics_count_by_route_not_by_path(client: FlaskClient, filled_site: Site) -> None:
    search(client)
    client.get(target_url(filled_site))
    client.get("/nowhere/at/all")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'pocketshelf_requests_total{method="POST",route="/v1/search",status="200"} 1.0' in text
    assert 'route="/v1/targets/<path:name>",status="200"} 1.0' in text
    assert 'route="none",status="404"} 1.0' in text and "nowhere" not in text
    assert "pocketshelf_catalogue_sequence 60.0" in text and "pocketshelf_index_sequence 60.0" in text


def test_the_document_names_every_route(client: FlaskClient) -> None:
    document = client.get("/v1/openapi.json").get_json()
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    rules = client.application.url_map.iter_rules()
    served = {
        (re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_openapi_matches_this_site(client: FlaskClient, tmp_path: Path) -> None:
    document = client.get("/v1/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    numbers = document["components"]["schemas"]["Vector"]["oneOf"][0]
    assert (numbers["minItems"], numbers["maxItems"]) == (DIMENSION, DIMENSION)


def test_the_bounds_of_the_document_are_those_of_the_code(client: FlaskClient) -> None:
    paths = client.get("/v1/openapi.json").get_json()["paths"]
    search, changes = (
        paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        for path in ("/v1/search", "/v1/changes")
    )
    assert search["categories"]["maxItems"] == MAX_CATEGORIES
    assert changes["changes"]["maxItems"] == MAX_CHANGES
    assert paths["/v1/changes"]["get"]["parameters"][1]["schema"]["maximum"] == MAX_CHANGES
    upsert, delete = (each["properties"] for each in changes["changes"]["items"]["oneOf"])
    assert upsert["vectors"]["maxItems"] == upsert["pictures"]["maxItems"] == MAX_VECTORS
    texts = [upsert[name] for name in ("product_id", "title", "category", "image")] + [delete["product_id"]]
    assert {text["maxLength"] for text in texts} == {MAX_TEXT}
