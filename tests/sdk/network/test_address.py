"""Addresses that people type: what is one, what is none, and that no password is told of either."""

from __future__ import annotations

import base64

import pytest

from pocketshelf.errors import UsageError
from pocketshelf.network.address import server_address, split_credentials


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://localhost",
        "https://shop.example/pocket/shelf",
        "https://käse.example",
        "https://user:secret@shop.example",
        "HTTP://SHOP.EXAMPLE",
    ],
)
def test_an_address_is_taken_without_the_slash_at_its_end(text: str) -> None:
    assert server_address(text) == server_address(text + "/") == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "shop.example",
        "shop.example:8000",
        "localhost:8000",
        "file:///etc/passwd",
        "ftp://shop.example",
        "http://",
        "http:///path",
        "http://:8000",
        "http://shop.example:0",
        "http://shop.example:65536",
        "http://shop.example:port",
        "http://shop example",
        "http://shop.example\n",
        "http://shop\x1b[2J.example",
        "http://shop.exam\u202eple",
        "http://[::1",
        "http://[nonsense]",
        "http://-shop-.example",
        "http://" + "a" * 64 + ".example",
        "http://a..example",
        "https://shop.example/?q=1",
        "https://shop.example/#part",
    ],
)
def test_what_is_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is no server's address") as caught:
        server_address(text)
    assert str(caught.value).isprintable() and "https://shop.example" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "user:hunter2@shop.example",
        "http://user:hunter2@shop.example:port",
        "http://user:hunter2/@shop.example",
        "http://user:hunter2#x@shop.example",
        "http://user:x@hunter2@",
        "ftp://hunter2@shop.example",
        "http://user:hunter2@shop example",
    ],
)
def test_the_password_of_a_malformed_address_is_not_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        server_address(text)
    assert "hunter2" not in str(caught.value)


def test_credentials_become_a_header() -> None:
    url, header = split_credentials("https://us%40er:p%3Aw@shop.example:8443/v1/search")
    assert url == "https://shop.example:8443/v1/search"
    assert header == "Basic " + base64.b64encode(b"us@er:p:w").decode()
    assert split_credentials("https://shop.example/a") == ("https://shop.example/a", None)
