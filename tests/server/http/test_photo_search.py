"""Photo search with the bundle that ships, by the commands and over HTTP."""

from __future__ import annotations

import base64
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
from PIL import Image

from drawn_things import COLOURS, draw_thing
from patience import eventually
from pocketshelf_server.cli import main


@contextmanager
def serving(folder: Path, bundle: Path, catalogue: Path) -> Iterator[str]:
    """The address of a server process over the products of ``catalogue``."""
    site, models = str(folder / "site"), ["--bundle", str(bundle)]
    assert main(["init", site, *models]) == 0
    assert main(["import", site, str(catalogue), *models]) == 0
    command = [sys.executable, "-m", "pocketshelf_server", "serve", site, "--port", "0", *models]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.wait(20)


def search(url: str, photo: bytes, **form: str) -> tuple[int, dict[str, Any]]:
    """Status and answer of a search with ``photo``."""
    fields = {"photo": ("photo.jpg", photo), **form}
    answer = urllib3.request("POST", f"{url}/v1/search/photo", fields=fields, timeout=30)
    return answer.status, json.loads(answer.data)


def enrol(url: str, site: Path, product_id: str, picture: bytes) -> None:
    """Make a product of its picture, over HTTP."""
    space = json.loads(urllib3.request("GET", f"{url}/healthz", timeout=60).data)["space"]
    change = {"op": "upsert", "product_id": product_id, "category": "Things"}
    change |= {"pictures": [base64.b64encode(picture).decode()]}
    headers = {"Authorization": f"Bearer {(site / 'keys/admin.token').read_text().strip()}"}
    body = {"space": space, "changes": [change]}
    answer = urllib3.request("POST", f"{url}/v1/changes", json=body, headers=headers, timeout=60)
    assert answer.status == 200, answer.data


def as_jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def test_a_drawn_photo_finds_its_product(trained_bundle: Path, shop: Path, tmp_path: Path) -> None:
    """The whole frame, and a box of a photo that shows two things side by side."""
    red, blue = draw_thing(COLOURS["red"][0]), draw_thing(COLOURS["blue"][0])
    both = Image.new("RGB", (2 * red.width, red.height), "white")
    both.paste(red, (0, 0))
    both.paste(blue, (red.width, 0))
    with serving(tmp_path, trained_bundle, shop / "catalogue.csv") as url:
        status, answer = search(url, as_jpeg(red), k="3")
        assert status == 200 and len(answer["hits"]) == 3
        assert answer["hits"][0]["product_id"] == "red"
        assert answer["hits"][0]["score"] > max(0.8, answer["hits"][1]["score"] + 0.1)
        for x, name in ((0, "red"), (red.width, "blue")):
            box = f"{x},0,{red.width},{red.height}"
            _, answer = search(url, as_jpeg(both), k="1", box=box)
            assert answer["hits"][0]["product_id"] == name
        status, problem = search(url, as_jpeg(both), box="5000,0,10,10")
        assert status == 422 and "outside" in problem["detail"]
        enrol(url, tmp_path / "site", "yellow", as_jpeg(draw_thing((250, 220, 30))))
        yellow = as_jpeg(draw_thing((250, 220, 30)))
        # An index looks for changes once a second.
        eventually(lambda: search(url, yellow, k="1")[1]["hits"][0]["product_id"] == "yellow")
        _, answer = search(url, yellow, k="1")
        assert answer["hits"][0]["product_id"] == "yellow" and answer["hits"][0]["score"] > 0.98


def test_real_photos_find_their_products(real_photos: Path, trained_bundle: Path, tmp_path: Path) -> None:
    """One test photo each of ten products, against the pictures of all 81."""
    folder = real_photos / "grocery"
    with (folder / "photos.csv").open(newline="", encoding="utf-8") as stream:
        photos = {row["product_id"]: row["photo"] for row in csv.DictReader(stream) if row["split"] == "test"}
    ranks: list[int | None] = []
    with serving(tmp_path, trained_bundle, folder / "products.csv") as url:
        for product_id in sorted(photos, key=int)[::8][:10]:
            status, answer = search(url, (folder / photos[product_id]).read_bytes(), k="5")
            assert status == 200 and len(answer["hits"]) == 5
            found = [hit["product_id"] for hit in answer["hits"]]
            ranks.append(found.index(product_id) if product_id in found else None)
    assert len(ranks) == 10 and ranks.count(0) >= 7, ranks
