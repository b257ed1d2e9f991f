"""A console over a small shop with real pictures, and browsers that are signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from console_browser import Clock, sign_in
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from server_products import SPACE, ColourPhotos, make_product

from pocketshelf.formats import Product
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.console import Console
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.sessions import Sessions
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.http import create_app
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site

HOSTILE = {
    "evil": "<script>alert(1)</script>",
    "long": "Sehr langer Titel " * 17,
    "emoji": "👟🔥 Sneaker 🌈",
    "rtl": "قميص أزرق",
    "a/b?c&d=e#f%": "Odd id",
    "untitled": "",
}


def titled(product_id: str, title: str, category: str = "Odd") -> Product:
    made = make_product(product_id, 0, category)
    return Product(product_id, 0, category, title, None, made.vectors, {"colour": "<b>blue</b>"})


@pytest.fixture
def shop(tmp_path: Path) -> Site:
    """60 products, pictures of two of them, titles of every kind; published twice."""
    site = make_site(tmp_path / "site", SPACE)
    pictures = site.folder / "pictures"
    pictures.mkdir()
    for name, colour in (("p000", (200, 10, 10)), ("p001", (10, 10, 200))):
        Image.new("RGB", (400, 300), colour).save(pictures / f"{name}.jpg")
    catalogue = open_catalogue(site)
    names = ("Apple", "Pear", "Plum")
    made = [
        make_product(f"p{i:03d}", 0, names[i % 3], colour=("red", "blue")[i % 2], rank=i) for i in range(60)
    ]
    catalogue.apply([Upsert(product) for product in made])
    publish_site(site)
    catalogue.apply([Upsert(titled(key, title)) for key, title in HOSTILE.items()])
    catalogue.apply([Delete("p059"), Upsert(make_product("p058", 1, "Apple", colour="red"))])
    publish_site(site)
    catalogue.close()
    return site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def console(shop: Site, clock: Clock) -> Iterator[Console]:
    catalogue = open_catalogue(shop)
    made = Console(shop, catalogue, ColourPhotos(), sessions=Sessions(clock=clock))
    yield made
    made.close()
    catalogue.close()


@pytest.fixture
def app(shop: Site, console: Console) -> Iterator[Flask]:
    catalogue = open_catalogue(shop)
    yield create_app(shop, catalogue, ColourPhotos(), rooms=[console])
    catalogue.close()


@pytest.fixture
def signed_in(app: Flask, shop: Site) -> Callable[..., FlaskClient]:
    """Browsers: of the admin token, or of a new token of a role."""

    def enter(role: Role | None = None, days: int | None = None) -> FlaskClient:
        token = shop.token_path.read_text().strip()
        if role is not None:
            token = ConsoleTokens(shop, None).make(f"{role}-{days}", role, days)
        client = app.test_client()
        assert sign_in(client, token).status_code == 303
        return client

    return enter


@pytest.fixture
def viewer(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    return signed_in()


@pytest.fixture
def operator(signed_in: Callable[..., FlaskClient]) -> FlaskClient:
    return signed_in(Role.OPERATOR)
