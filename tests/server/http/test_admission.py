"""Who is counted as one caller, and whom the limits keep out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from flask.testing import FlaskClient
from server_products import DIMENSION, SPACE, ColourPhotos

from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.http import create_app
from pocketshelf_server.http.admission import caller
from pocketshelf_server.site import Site

SEARCH = {"vector": [1.0] * DIMENSION, "space": SPACE.name}


@contextmanager
def limited(site: Site, proxies: int = 0, **limits: int) -> Iterator[FlaskClient]:
    config = site.config()
    for name, value in limits.items():
        setattr(config, name, value)
    site.write_config(config)
    with closing(open_catalogue(site)) as catalogue:
        yield create_app(site, catalogue, ColourPhotos(), trusted_proxies=proxies).test_client()


def from_address(address: str, forwarded: str | None = None, token: str | None = None) -> dict:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return {"environ_base": {"REMOTE_ADDR": address}, "headers": headers}


def test_guesses_of_a_token_never_lock_its_owner_out(filled_site: Site) -> None:
    """Not even from the owner's own address, and the guesser is slowed down."""
    token = filled_site.token_path.read_text().strip()
    with limited(filled_site, changes_per_minute=3) as client:
        statuses = [
            client.get("/v1/changes", **from_address("1.2.3.4", token="guess")).status_code for _ in range(6)
        ]
        assert statuses == [401, 401, 401, 429, 429, 429]
        assert client.get("/v1/changes", **from_address("1.2.3.4", token=token)).status_code == 200
        assert client.get("/v1/changes", **from_address("5.6.7.8", token="guess")).status_code == 401


def test_the_token_has_one_limit_from_all_addresses(filled_site: Site) -> None:
    token = filled_site.token_path.read_text().strip()
    with limited(filled_site, changes_per_minute=2) as client:
        statuses = [
            client.get("/v1/changes", **from_address(f"1.2.3.{n}", token=token)).status_code for n in range(3)
        ]
    assert statuses == [200, 200, 429]


def test_searches_are_limited_by_address(filled_site: Site) -> None:
    with limited(filled_site, searches_per_minute=2, photos_per_minute=1) as client:
        for address, status in (("1.1.1.1", 200), ("1.1.1.1", 200), ("1.1.1.1", 429), ("2.2.2.2", 200)):
            answer = client.post("/v1/search", json=SEARCH, **from_address(address))
            assert answer.status_code == status
        photo = [client.post("/v1/search/photo", **from_address("1.1.1.1")).status_code for _ in range(2)]
        assert photo == [415, 429]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "same"),
    [
        # Nobody is trusted: whatever a client writes, its own address counts.
        (0, ("9.9.9.1", "9.9.9.2"), True),
        # What the one proxy adds counts, not what the client wrote before it.
        (1, ("8.8.8.1, 7.7.7.7", "8.8.8.2, 7.7.7.7"), True),
        (1, ("8.8.8.8, 7.7.7.1", "8.8.8.8, 7.7.7.2"), False),
        # Two proxies: the second from the end.
        (2, ("6.6.6.1, 8.8.8.8, 7.7.7.7", "6.6.6.2, 8.8.8.8, 7.7.7.7"), True),
        (2, ("8.8.8.1, 7.7.7.7", "8.8.8.2, 7.7.7.7"), False),
        # Who comes past the proxies has fewer entries; then the connection's own address counts.
        (2, ("8.8.8.1", "8.8.8.2"), True),
    ],
)
def test_behind_proxies_the_trusted_hop_counts(
    filled_site: Site, proxies: int, forwarded: tuple[str, str], same: bool
) -> None:
    with limited(filled_site, proxies, searches_per_minute=1) as client:
        statuses = [
            client.post("/v1/search", json=SEARCH, **from_address("10.0.0.1", header)).status_code
            for header in forwarded
        ]
    assert statuses == [200, 429 if same else 200]


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3.4:5678", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
        ("", ""),
        (None, ""),
        (":", ""),
        ("x" * 1000, "x" * 100),
    ],
)
def test_a_caller_is_an_address_or_an_ipv6_network(address: str | None, counts_as: str) -> None:
    assert caller(address) == counts_as
