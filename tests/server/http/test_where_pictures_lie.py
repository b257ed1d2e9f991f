"""Pictures that were fetched by address, came in many archives, or moved with the site are shown."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from server_products import DIMENSION, SPACE, make_product

from pocketshelf.catalogue.download import default_cache
from pocketshelf.catalogue.pictures import fetched_name
from pocketshelf_server.__main__ import main
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.console.folders import pictures_of
from pocketshelf_server.console.record import Record
from pocketshelf_server.making import make_site
from pocketshelf_server.site import Site

ADDRESS = "https://cdn.example/img.php?id="


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path / "site", SPACE)


def has(site: Site, *images: str) -> list[bool]:
    with closing(pictures_of(site, site.config())) as pictures:
        return [pictures.has(image) for image in images]


def test_what_was_fetched_is_shown_by_its_address_alone(site: Site, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    Image.new("RGB", (40, 30)).save(kept / fetched_name(f"{ADDRESS}1"), "JPEG")
    assert has(site, f"{ADDRESS}1") == [False]
    Record(site.folder / "imports.sqlite").name_fetched(kept)
    assert has(site, f"{ADDRESS}1", f"{ADDRESS}2") == [True, False]


def test_an_import_that_downloads_says_where_to(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    row = {"product_id": "a", "title": "A", "category": "C", "vectors": [[1.0] + [0.0] * (DIMENSION - 1)]}
    (tmp_path / "c.jsonl").write_text(json.dumps(row))
    main(["import", str(site.folder), str(tmp_path / "c.jsonl")])
    assert default_cache() not in Record(site.folder / "imports.sqlite").folders()
    main(["import", str(site.folder), str(tmp_path / "c.jsonl"), "--download"])
    assert default_cache() in Record(site.folder / "imports.sqlite").folders()


def test_a_hundred_archives_and_none_is_forgotten_nor_when_the_site_moves(site: Site, tmp_path: Path) -> None:
    record = Record(site.folder / "imports.sqlite")
    for number in range(100):
        folder = site.unpacked / f"zip-{number}"
        folder.mkdir(parents=True)
        (folder / f"{number}.jpg").write_bytes(b"a picture")
        record.end(record.begin("import", "c.csv", "anna", folder), "done")
    inner = site.unpacked / "zip-inner" / "all of them"
    inner.mkdir(parents=True)
    (inner / "inner.jpg").write_bytes(b"a picture")
    names = ["0.jpg", "50.jpg", "99.jpg", "inner.jpg"]
    assert has(site, *names, "else.jpg") == [True, True, True, True, False]
    moved = Site(site.folder.rename(tmp_path / "moved"))
    assert has(moved, *names, "else.jpg") == [True, True, True, True, False]


def test_doctor_says_how_pictures_by_address_come(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_catalogue(site)) as catalogue:
        catalogue.apply([Upsert(replace(make_product("p0"), image=f"{ADDRESS}1"))])
    capsys.readouterr()
    main(["doctor", str(site.folder), "--json"])
    (found,) = [
        each for each in json.loads(capsys.readouterr().out)["findings"] if each["topic"] == "pictures"
    ]
    assert found["state"] == "advice" and "--download" in found["remedy"]
