"""The console behind the real server: what a stranger's request costs, before and after its head."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from console_browser import sign_in
from flask import Flask
from flask.testing import FlaskClient

from pocketshelf.wsgi import WebServer
from pocketshelf_server.console import Console
from pocketshelf_server.http.lengths import Lengths
from pocketshelf_server.site import Site


@contextmanager
def serving(app: Flask, console: Console, site: Site) -> Iterator[tuple[str, int]]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(
        app, listener, Lengths(site.config(), None, console.doors()), threads=2, connections=20
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield listener.getsockname()
    server.close()
    thread.join(5)


def ask(address: tuple[str, int], path: str, length: int, cookie: str = "") -> tuple[int, str]:
    """The answer to a head whose body never comes."""
    with socket.create_connection(address, timeout=20) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
        head += f"Cookie: pocketshelf_console={cookie}\r\n" if cookie else ""
        connection.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received and (chunk := connection.recv(65536)):
            received += chunk
    return int(received.split()[1]), received.decode("latin-1")


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("pocketshelf_console")
    assert cookie is not None
    return cookie.value


def test_a_long_body_of_a_stranger_is_refused_by_its_head(
    app: Flask, console: Console, shop: Site, viewer: FlaskClient
) -> None:
    with serving(app, console, shop) as address:
        for path in ("/console/imports/start", "/console/catalogue/photo"):
            for cookie in ("", "x" * 43, '"; =,'):
                assert ask(address, path, 200_000, cookie)[0] == 401, (path, cookie)
        assert ask(address, "/console/imports/start", 200_000, cookie_of(viewer))[0] == 403
        for path in ("/console/signin", "/console/signout", "/console/imports/publish", "/console/keys", "/"):
            assert ask(address, path, 200_000, cookie_of(viewer))[0] == 413, path


def test_nobody_sends_more_than_a_form_may_have(
    app: Flask, console: Console, shop: Site, operator: FlaskClient
) -> None:
    with serving(app, console, shop) as address:
        assert ask(address, "/console/imports/start", 10**10, cookie_of(operator))[0] == 413
        assert ask(address, "/console/catalogue/photo", 10**9, cookie_of(operator))[0] == 413


def test_the_console_can_be_turned_off(shop: Site, app: Flask) -> None:
    from pocketshelf_server.catalogue import open_catalogue
    from pocketshelf_server.http import create_app

    catalogue = open_catalogue(shop)
    plain = create_app(shop, catalogue).test_client()
    assert plain.get("/").status_code == 404 and plain.get("/console/keys").status_code == 404
    catalogue.close()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_do_nothing(app: Flask, shop: Site, method: str) -> None:
    client = app.test_client()
    sign_in(client, shop.token_path.read_text())
    for path in ("/", "/console/imports/start", "/console/keys", "/console/signin"):
        assert client.open(path, method=method).status_code in (401, 404, 405), path
