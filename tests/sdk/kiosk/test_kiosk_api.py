"""The kiosk's addresses, over the drawn shop."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient
from PIL import Image

from pocketshelf.kiosk.desk.lines import Lines
from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.release import release


def test_the_state_says_what_the_page_shows(client: FlaskClient) -> None:
    state = client.get("/api/state").get_json()
    assert state["store"]["products"] == 60 and state["store"]["updated"] and state["store"]["age_s"] >= 0
    assert state["sync"] == {"server": False, "state": "off", "last_success": None, "message": None}
    assert state["warnings"] == [] and state["features"]["outfit"] and state["features"]["barcodes"]
    assert "T-Shirt" in state["categories"] and state["pin"] is False and state["staff"] is True
    colours = dict(next(facet["values"] for facet in state["facets"] if facet["name"] == "colour"))
    assert colours["red"] == 4 and len(colours) <= 12


def test_a_photo_is_searched_and_asked_about_again(client: FlaskClient, street_photo: bytes) -> None:
    found = client.post("/api/search?top_k=5", data=street_photo, content_type="image/jpeg").get_json()
    region = found["regions"][0]
    assert (
        len(region["hits"]) == 5 and region["confidence"] is not None and region["confident"] in (True, False)
    )
    assert region["hits"][0]["picture"] == f"/picture/0/{region['hits'][0]['product_id']}"
    asked = {
        name: region[name] for name in ("vector", "palette", "group", "score", "categories", "attributes")
    }
    again = client.post("/api/again", json={**asked, "top_k": 5}).get_json()
    # The page is told all of the model's categories, so that routing ends in the same ones.
    assert len(region["categories"]) > 5
    assert _ids(again["hits"]) == _ids(region["hits"])
    assert again["confidence"] == pytest.approx(region["confidence"], abs=0.005)
    assert again["confident"] == region["confident"]
    hats = client.post(
        "/api/again", json={**asked, "category": "Hat", "where": {"colour": ["red", "sky"]}}
    ).get_json()
    assert {hit["category"] for hit in hats["hits"]} == {"Hat"}
    assert {hit["attributes"]["colour"] for hit in hats["hits"]} <= {"red", "sky"}


def _ids(hits: list[dict]) -> list[str]:
    return [hit["product_id"] for hit in hits]


def test_where_narrows_a_search(client: FlaskClient, street_photo: bytes) -> None:
    found = client.post("/api/search?where=colour=teal&where=colour=sky", data=street_photo).get_json()
    assert {hit["attributes"]["colour"] for hit in found["regions"][0]["hits"]} == {"teal", "sky"}


def test_a_frame_is_looked_at(client: FlaskClient, street_photo: bytes) -> None:
    seen = client.post("/api/detect?barcodes=1", data=street_photo).get_json()
    assert (seen["width"], seen["height"]) == (320, 240) and seen["barcodes"] == []
    assert seen["regions"] and set(seen["regions"][0]) == {"box", "group", "score"}


def test_what_a_film_shows_is_followed(client: FlaskClient, street_photo: bytes) -> None:
    def frames(film: str, count: int) -> list[list[dict]]:
        path = f"/api/detect?film={film}"
        return [client.post(path, data=street_photo).get_json()["regions"] for _ in range(count)]

    first, *later = frames("a1", 8)
    assert first == [] and later[0], "what is seen twice is there"
    kept = [{region["number"] for region in regions} for regions in later]
    assert kept[0] and all(numbers == kept[0] for numbers in kept)
    assert frames("b2", 1) == [[]], "another page's film begins anew"
    assert frames("a1", 1)[0]


def test_only_so_many_films_are_followed(client: FlaskClient, street_photo: bytes) -> None:
    def seen(film: str) -> list:
        return client.post(f"/api/detect?film={film}", data=street_photo).get_json()["regions"]

    for film in ("first", "first", "second", "third", "fourth", "fifth"):
        seen(film)
    assert seen("first") == [] and seen("fifth") != []


@pytest.mark.parametrize("film", ["", "a b", "../x", "%C3%A4", "x" * 65])
def test_a_films_name_is_plain(client: FlaskClient, street_photo: bytes, film: str) -> None:
    answer = client.post(f"/api/detect?film={film}", data=street_photo)
    assert answer.status_code == 400 and answer.get_json()["error"]["code"] == "usage"


def test_a_product_has_a_page(client: FlaskClient) -> None:
    page = client.get("/api/products/d0000").get_json()
    assert page["title"].startswith("Floral") and page["pictures"] == ["/picture/0/d0000"]
    assert len(page["similar"]) > 0 and "d0000" not in {hit["product_id"] for hit in page["similar"]}
    assert {hit["category"] for hit in page["similar"]} == {"T-Shirt"}
    roles = [partners["role"] for partners in page["goes_with"]]
    assert "lower" in roles and all(partners["hits"] for partners in page["goes_with"])
    assert client.get("/api/products/nobody").status_code == 404


@pytest.mark.parametrize("side", [160, 480, 1200])
def test_pictures_come_in_three_sizes(client: FlaskClient, side: int) -> None:
    answer = client.get(f"/picture/0/d0000?side={side}")
    assert answer.mimetype == "image/jpeg" and max(Image.open(io.BytesIO(answer.data)).size) <= side
    again = client.get(f"/picture/0/d0000?side={side}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/picture/0/nobody",
        "/picture/1/d0000",
        "/picture/0/../../catalogue.csv",
        "/picture/0//etc/passwd",
        "/picture/0/..%2F..%2Fcatalogue.csv",
    ],
)
def test_what_is_no_picture_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_photo_that_cannot_be_read_is_one_clear_line(client: FlaskClient) -> None:
    answer = client.post("/api/search", data=b"no photo")
    error = answer.get_json()["error"]
    assert answer.status_code == 400 and error["code"] == "photo_unreadable" and "\n" not in error["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/search?category=Nothing", b""),
        ("/api/search?where=colour", b"x"),
        ("/api/search?top_k=0", b"x"),
        ("/api/search?whole=yes", b"x"),
    ],
)
def test_wrong_wishes_are_refused(client: FlaskClient, street_photo: bytes, path: str, body: bytes) -> None:
    answer = client.post(path, data=body or street_photo)
    assert answer.status_code == 400 and answer.get_json()["error"]["code"] == "usage"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"vector": "AAAA"},
        {"vector": 3},
        {"vector": "AAAA", "where": {"a": 3}},
        {"vector": "AAAA", "top_k": 0},
        {"vector": "AAAA", "categories": [3]},
    ],
)
def test_a_vector_that_is_none_is_refused(client: FlaskClient, body: dict) -> None:
    answer = client.post("/api/again", json=body)
    assert answer.status_code == 400 and answer.get_json()["error"]["code"] == "usage"


def test_forms_are_not_taken_since_they_would_be_put_on_the_disk(
    client: FlaskClient, street_photo: bytes
) -> None:
    answer = client.post("/api/search", data={"photo": (io.BytesIO(street_photo), "a.jpg")})
    assert answer.status_code == 415


def test_the_worker_is_one_process_that_is_not_this_one(kiosk: Kiosk) -> None:
    assert kiosk.finder.pid is not None and kiosk.clerk is not None and kiosk.clerk.pid != kiosk.finder.pid


def test_a_glance_at_the_shelf_shows_products_with_pictures(client: FlaskClient) -> None:
    products = client.get("/api/shelf?count=5").get_json()["products"]
    assert len(products) == 5 and set(products[0]) == {"product_id", "title", "category", "picture"}
    assert all(client.get(product["picture"]).status_code == 200 for product in products)


def test_a_product_is_named_beside_the_path_where_no_path_can_end_in_its_id(client: FlaskClient) -> None:
    in_path, beside = client.get("/api/products/d0000"), client.get("/api/products?id=d0000")
    assert beside.get_json()["title"] == in_path.get_json()["title"]
    picture = client.get("/picture/0/?id=d0000&side=160")
    assert picture.data == client.get("/picture/0/d0000?side=160").data != b""
    for path in ("/api/products", "/api/products?id=", "/picture/0/", "/served/"):
        assert client.get(path).status_code == 400, path
    assert client.get("/api/products?id=..").status_code == 404
    for name in (".", ".."):
        assert Lines(True).pictures(name, "a.jpg") == [f"/picture/0/?id={name}"]


def test_the_page_and_the_state_name_one_release(client: FlaskClient) -> None:
    assert f'"release": "{release()}"' in client.get("/").text
    assert client.get("/api/state").get_json()["release"] == release()
