"""By which names a site is asked: a page that rebinds its name to the server's address reads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from flask.testing import FlaskClient
from server_products import DIMENSION, SPACE

from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.console import Console
from pocketshelf_server.doctor import Case, keys
from pocketshelf_server.http import create_app
from pocketshelf_server.site import Site

CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0"}
SEARCH = {"vector": [1.0] * DIMENSION, "space": SPACE.name}
LOCAL = (
    "192.168.1.5:8000", "127.0.0.1", "[fd00::5]:8000", "localhost:8000", "shelf", "shelf.local:8000",
    "SHELF.LAN.", "till.shop.internal",
)  # fmt: skip


@contextmanager
def asked(site: Site, names: list[str] | None, *further: str, proxies: int = 0) -> Iterator[FlaskClient]:
    config = site.config()
    config.names = names
    site.write_config(config)
    with closing(open_catalogue(site)) as catalogue, closing(Console(site, catalogue)) as console:
        yield create_app(
            site, catalogue, trusted_proxies=proxies, rooms=[console], names=further
        ).test_client()


def status(client: FlaskClient, host: str, path: str = "/v1/metadata/timestamp.json", **more: object) -> int:
    address = more.pop("address", "192.168.1.77")
    headers = {"Host": host, **dict(more.pop("headers", {}))}  # type: ignore[call-overload]
    given = {"REMOTE_ADDR": address}
    if path == "/v1/search":
        return client.post(path, json=SEARCH, headers=headers, environ_base=given).status_code
    return client.get(path, headers=headers, environ_base=given).status_code


@pytest.mark.parametrize(
    "path", ["/", "/v1/metadata/timestamp.json", "/v1/search", "/metrics", "/v1/pictures"]
)
def test_a_page_that_rebinds_its_name_reads_nothing(filled_site: Site, path: str) -> None:
    with asked(filled_site, None) as client:
        assert status(client, "attacker.example:8000", path, headers=CHROME) == 421
        assert status(client, "attacker.example", path, headers={"Origin": "http://attacker.example"}) == 421
        assert status(client, "192.168.1.5:8000", path, headers=CHROME) != 421


def test_what_a_site_was_asked_by_before_still_reaches_it(filled_site: Site) -> None:
    """Devices by any name; browsers by local ones, past proxies, and over the internet."""
    with asked(filled_site, None) as client:
        assert status(client, "shelf.shop.example:8000") == 200
        assert status(client, "shelf.shop.example:8000", "/v1/search") == 200
        for host in LOCAL:
            assert status(client, host, headers=CHROME) == 200, host
        assert status(client, "shelf.shop.example", headers=CHROME, address="8.8.8.8") == 200
    with asked(filled_site, None, proxies=1) as client:
        assert status(client, "shelf.shop.example", headers=CHROME, address="127.0.0.1") == 200


@pytest.mark.parametrize("proxies", [0, 1])
def test_a_site_that_says_its_names_takes_no_other(filled_site: Site, proxies: int) -> None:
    with asked(filled_site, ["shelf.shop.example"], "läden.example", proxies=proxies) as client:
        for host in (*LOCAL, "Shelf.Shop.Example:8000", "shelf.shop.example.", "xn--lden-loa.example"):
            assert status(client, host, headers=CHROME) == 200, host
        for host in (
            "attacker.example",
            "shelf.shop.example.attacker.example",
            "notlan.",
            "a.b]",
            "x.local.example",
        ):
            expected = 200 if host == "notlan." else 421
            assert status(client, host) == expected, host
        answer = client.get("/healthz", headers={"Host": "attacker.example"})
        assert answer.status_code == 421 and "--name" in answer.json["detail"]
    with asked(filled_site, []) as client:
        assert status(client, "shelf.shop.example") == 421 and status(client, "shelf.local") == 200


def test_doctor_says_where_no_names_are_said(filled_site: Site) -> None:
    (found,) = keys.names(Case(filled_site))
    assert found.state == "advice" and '"names"' in found.remedy
    config = filled_site.config()
    config.names = ["shelf.shop.example"]
    filled_site.write_config(config)
    (found,) = keys.names(Case(filled_site))
    assert found.state == "good" and "shelf.shop.example" in found.text


def test_what_is_no_name_is_wrong_usage(filled_site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("https://shelf.shop.example", "shelf.shop.example:8000", "a b", ""):
        with pytest.raises(SystemExit) as caught:
            main(["serve", str(filled_site.folder), "--name", name])
        assert caught.value.code == 2 and "without a port" in capsys.readouterr().err
