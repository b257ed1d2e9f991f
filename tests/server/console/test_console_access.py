"""Who gets into the console, and what stops the others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from console_browser import Clock, csrf_of, post, sign_in
from flask import Flask
from flask.testing import FlaskClient

from pocketshelf.errors import CatalogueError
from pocketshelf_server.cli import main
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.site import Site

PAGES = [
    "/", "/console/catalogue", "/console/product?id=p000", "/console/picture?id=p000&side=96",
    "/console/shards", "/console/shards/changes?shard=all", "/console/devices", "/console/fallback",
    "/console/imports", "/console/imports/job", "/console/keys", "/console/keys/findings",
    "/console/imports/failures.csv?id=1", "/console/imports/run?id=1",
]  # fmt: skip
POSTS = ["/console/imports/start", "/console/imports/publish", "/console/imports/cancel"]


def admin_token(site: Site) -> str:
    return site.token_path.read_text().strip()


def test_signed_out_every_page_leads_to_the_sign_in_form(app: Flask) -> None:
    client = app.test_client()
    assert 'data-test="signin"' in client.get("/").get_data(as_text=True)
    for path in PAGES[1:]:
        answer = client.get(path)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/?next=/console/"), path
        assert b"p000" not in answer.data.replace(path.encode(), b"") or answer.status_code == 303
    for path in [*POSTS, "/console/catalogue/photo", "/console/signout"]:
        assert client.post(path).status_code == 401, path


def test_every_route_of_the_console_is_in_this_file(app: Flask) -> None:
    """A page that is added is a page that these tests must know."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")}
    known = {path.partition("?")[0] for path in PAGES} | set(POSTS)
    others = {"/console/signin", "/console/signout", "/console/catalogue/photo", "/console/<path:rest>",
              "/assets/<version>/<path:name>"}  # fmt: skip
    assert rules == known | others


def test_programs_get_the_problem_document_that_they_always_got(app: Flask) -> None:
    answer = app.test_client().get("/", headers={"Accept": "application/json"})
    assert answer.status_code == 404 and answer.content_type == "application/problem+json"
    assert app.test_client().get("/console/keys/x", headers={"Accept": "application/json"}).status_code == 303


def test_the_admin_token_signs_in_to_read(app: Flask, shop: Site) -> None:
    client = app.test_client()
    answer = sign_in(client, f" {admin_token(shop)}\n", next="/console/keys")
    assert answer.headers["Location"] == "/console/keys"
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("pocketshelf_console="))
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    assert admin_token(shop) not in str(answer.headers)
    page = client.get("/").get_data(as_text=True)
    assert 'data-test="role"' in page and "viewer" in page


def test_the_cookie_is_secure_where_a_trusted_proxy_tells_of_tls(shop: Site) -> None:
    from pocketshelf_server.catalogue import open_catalogue
    from pocketshelf_server.console import Console
    from pocketshelf_server.http import create_app

    catalogue = open_catalogue(shop)
    console = Console(shop, catalogue)
    for proxies, wanted in ((1, True), (0, False)):
        client = create_app(shop, catalogue, None, proxies, [console]).test_client()
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
        form = {"csrf": csrf_of(client.get("/", headers=headers)), "token": admin_token(shop)}
        cookies = client.post("/console/signin", data=form, headers=headers).headers.getlist("Set-Cookie")
        assert any(c.startswith("pocketshelf_console=") and ("Secure" in c) == wanted for c in cookies), (
            proxies
        )
    catalogue.close()


@pytest.mark.parametrize(
    "where", ["//evil.example/", "https://evil.example", "/v1/changes", "/console/\\evil"]
)
def test_nobody_is_sent_elsewhere_by_signing_in(app: Flask, shop: Site, where: str) -> None:
    assert sign_in(app.test_client(), admin_token(shop), next=where).headers["Location"] == "/"


def test_ten_wrong_tokens_slow_their_address_and_no_other(app: Flask, shop: Site) -> None:
    client = app.test_client()
    for _ in range(10):
        answer = sign_in(client, "wrong")
        assert answer.status_code == 403 and "no token of this site" in answer.get_data(as_text=True)
    slowed = sign_in(client, admin_token(shop))
    assert slowed.status_code == 429 and int(slowed.headers["Retry-After"]) <= 61
    assert "Too many wrong tokens" in slowed.get_data(as_text=True)
    form = {"csrf": csrf_of(client.get("/")), "token": admin_token(shop)}
    other = client.post("/console/signin", data=form, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 303


def test_a_right_token_wipes_the_wrong_ones_out(app: Flask, shop: Site) -> None:
    client = app.test_client()
    for _ in range(3):
        for _ in range(9):
            sign_in(client, "wrong")
        assert sign_in(client, admin_token(shop)).status_code == 303
        client.delete_cookie("pocketshelf_console")


def test_signing_in_from_another_sites_page_is_refused(app: Flask, shop: Site) -> None:
    client = app.test_client()
    form = {"csrf": csrf_of(client.get("/")), "token": admin_token(shop)}
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                    {"Origin": "http://localhost:81"}):  # fmt: skip
        assert client.post("/console/signin", data=form, headers=headers).status_code == 403, headers
    assert client.post("/console/signin", data={**form, "csrf": "0" * 64}).status_code == 403
    client.delete_cookie("pocketshelf_signin")
    assert client.post("/console/signin", data=form).status_code == 403
    assert app.test_client().get("/console/keys").status_code == 303


@pytest.mark.parametrize("path", [*POSTS, "/console/catalogue/photo", "/console/signout"])
def test_a_forged_form_does_nothing(operator: FlaskClient, path: str) -> None:
    for fields in ({"csrf": "0" * 32}, {"csrf": ""}, {"csrf": "é"}):
        assert post(operator, path, **fields).status_code == 403
    assert post(operator, path, origin="http://evil.example").status_code == 403
    assert operator.get("/console/imports").status_code == 200


@pytest.mark.parametrize("path", POSTS)
def test_who_only_reads_may_change_nothing_and_sees_no_button(viewer: FlaskClient, path: str) -> None:
    page = viewer.get("/console/imports").get_data(as_text=True)
    assert path not in page and 'data-test="read-only"' in page
    answer = post(viewer, path)
    assert answer.status_code == 403 and "This session only reads" in answer.get_data(as_text=True)


def test_a_session_ends_when_idle_and_when_old(viewer: FlaskClient, clock: Clock) -> None:
    clock.now += 1790
    assert viewer.get("/console/keys").status_code == 200
    clock.now += 1790
    assert viewer.get("/console/imports/job").status_code == 200  # A page asks for that by itself.
    clock.now += 20
    assert viewer.get("/console/keys").status_code == 303
    assert viewer.get("/console/keys", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/"


def test_a_session_ends_after_twelve_hours_whatever_it_does(viewer: FlaskClient, clock: Clock) -> None:
    for _ in range(26):
        clock.now += 1700
        answer = viewer.get("/console/keys")
    assert answer.status_code == 303


def test_signing_out_ends_the_session_itself(app: Flask, viewer: FlaskClient) -> None:
    cookie = viewer.get_cookie("pocketshelf_console")
    assert cookie is not None
    assert post(viewer, "/console/signout").headers["Location"] == "/"
    again = app.test_client()
    again.set_cookie("pocketshelf_console", cookie.value)
    assert again.get("/console/keys").status_code == 303


def test_a_token_that_is_revoked_or_expires_ends_its_sessions(
    signed_in: Callable[..., FlaskClient], shop: Site
) -> None:
    tokens = ConsoleTokens(shop, None)
    client = signed_in(Role.OPERATOR)
    tokens.revoke("operator-None")
    assert client.get("/console/keys").status_code == 303
    client = signed_in(Role.VIEWER, 1)
    document = json.loads(tokens.path.read_text())
    document["tokens"][0]["expires"] = "2020-01-01T00:00:00+00:00"
    tokens.path.write_text(json.dumps(document))
    assert client.get("/console/keys").status_code == 303


def test_tokens_are_kept_as_digests_for_their_owner_alone(shop: Site) -> None:
    tokens = ConsoleTokens(shop, None)
    token = tokens.make("anna", Role.OPERATOR, 90)
    assert token not in tokens.path.read_text() and tokens.path.stat().st_mode & 0o077 == 0
    found = tokens.find(token)
    assert found is not None and found.role is Role.OPERATOR and tokens.find(token + "x") is None
    for name in ("anna", "admin", "", "a b", "x" * 41):
        with pytest.raises(CatalogueError):
            tokens.make(name, Role.VIEWER)
    with pytest.raises(CatalogueError, match="anna"):
        tokens.revoke("berta")


KING = {"name": "a", "role": "king", "sha256": "0" * 64, "made": "", "expires": None}
DAMAGED = [
    "", "[]", "{", "\x00", '{"format": "x"}',
    json.dumps({"format": "pocketshelf-console-tokens", "version": 1, "tokens": [KING]}),
]  # fmt: skip


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_of_tokens_lets_nobody_in_and_says_so(app: Flask, shop: Site, content: str) -> None:
    (shop.folder / "keys/console-tokens.json").write_text(content)
    answer = app.test_client().get("/")
    assert answer.status_code == 503 and "console-tokens.json" in answer.get_data(as_text=True)


def test_without_any_token_the_page_says_how_to_make_one(tmp_path: Path, shop: Site) -> None:
    from pocketshelf_server.catalogue import open_catalogue
    from pocketshelf_server.console import Console
    from pocketshelf_server.http import create_app

    config = shop.config()
    config.token_sha256 = None
    shop.write_config(config)
    catalogue = open_catalogue(shop)
    client = create_app(shop, catalogue, rooms=[Console(shop, catalogue)]).test_client()
    page = client.get("/").get_data(as_text=True)
    assert "pocketshelf-server token make SITE" in page and 'data-test="signin"' not in page
    catalogue.close()


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_kept_to_itself(operator: FlaskClient, path: str) -> None:
    answer = operator.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = "picture" not in path
    assert answer.headers["Cache-Control"] == ("no-store" if page else "private, max-age=300")
    text = answer.get_data(as_text=True) if page else ""
    assert not re.search(
        r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|https?://", text
    ), path


def test_no_token_is_in_an_address_or_a_page(operator: FlaskClient, shop: Site) -> None:
    for path in PAGES[:1] + PAGES[4:11]:
        text = operator.get(path).get_data(as_text=True)
        assert admin_token(shop) not in text and shop.config().token_sha256 not in text


def test_tokens_are_made_listed_and_revoked_on_the_command_line(
    app: Flask, shop: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    make = [
        "token",
        "make",
        str(shop.folder),
        "--name",
        "anna",
        "--role",
        "operator",
        "--days",
        "9",
        "--json",
    ]
    assert main(make) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["role"] == "operator" and made["expires"] > made["made"]
    assert main(make) == 1 and "revoke it first" in capsys.readouterr().err
    client = app.test_client()
    assert sign_in(client, made["token"]).status_code == 303
    assert main(["token", "list", str(shop.folder)]) == 0
    listed = capsys.readouterr().out
    assert "admin" in listed and "never expires" in listed and "9.0 days left" in listed
    assert made["token"] not in listed
    assert main(["token", "make", str(shop.folder), "--name", "till"]) == 0
    said = capsys.readouterr()
    assert "a viewer" in said.err and len(said.out.strip()) == 43
    assert main(["token", "revoke", str(shop.folder), "anna"]) == 0
    assert client.get("/console/keys").status_code == 303
    assert main(["token", "revoke", str(shop.folder), "anna"]) == 1
    with pytest.raises(SystemExit):
        main(["token", "make", str(shop.folder), "--name", "x", "--role", "king"])
