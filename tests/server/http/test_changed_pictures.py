"""A picture that comes through ``/v1/changes`` is taken in as an import takes it: with its colours, too."""

from __future__ import annotations

import base64
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from server_products import SPACE, ColourPhotos, embed_by_colour

from drawn_prints import cover, write_covers
from pocketshelf.closely import FeaturesWanted
from pocketshelf_server.catalogue import SqliteCatalogue, open_catalogue
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.http import create_app
from pocketshelf_server.site import Site

pytest.importorskip("cv2")


def change(site: Site, wish: FeaturesWanted, *items: dict[str, Any]) -> None:
    token = site.token_path.read_text().strip()
    with closing(open_catalogue(site)) as catalogue:
        client = create_app(site, catalogue, ColourPhotos(), wish=wish).test_client()
        answer = client.post(
            "/v1/changes",
            json={"space": SPACE.name, "changes": list(items)},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 200, answer.get_json()


def upsert(path: Path, **more: Any) -> dict[str, Any]:
    picture = base64.b64encode(path.read_bytes()).decode()
    return {
        "op": "upsert",
        "product_id": "0",
        "title": "Cover 0",
        "category": "Other things",
        "pictures": [picture],
        **more,
    }


def test_a_change_comes_to_what_an_import_comes_to(filled_site: Site, tmp_path: Path) -> None:
    path = write_covers(tmp_path / "catalogue.csv", range(1))
    change(filled_site, FeaturesWanted(True), upsert(tmp_path / "0.png"))
    imported = SqliteCatalogue.create(tmp_path / "imported.sqlite", SPACE)
    Importer(imported, lambda: embed_by_colour, tmp_path, closely=FeaturesWanted(True)).run(path)
    with closing(open_catalogue(filled_site)) as catalogue, closing(imported):
        one, other = catalogue.get(["0"])["0"], imported.get(["0"])["0"]
        assert (one.vectors == other.vectors).all()
        assert one.attributes == other.attributes and "palette" in one.attributes
        with catalogue.reading() as view, imported.reading() as beside:
            features = view.prints(["0"])
            assert features == beside.prints(["0"]) and len(features["0"]) > 1000


def test_colours_that_are_stated_stay_and_features_are_kept_where_they_are_wished_for(
    filled_site: Site, tmp_path: Path
) -> None:
    cover(0).save(tmp_path / "0.png")
    change(
        filled_site, FeaturesWanted(False), upsert(tmp_path / "0.png", attributes={"palette": "ff0000:100"})
    )
    with closing(open_catalogue(filled_site)) as catalogue:
        assert catalogue.get(["0"])["0"].attributes == {"palette": "ff0000:100"}
        assert catalogue.looked_at(["0"]) == set()
    change(filled_site, FeaturesWanted(True), upsert(tmp_path / "0.png"))
    with closing(open_catalogue(filled_site)) as catalogue:
        assert catalogue.looked_at(["0"]) == {"0"}
