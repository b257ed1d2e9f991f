"""A server's address, as a person types it: checked before anything is asked."""

from __future__ import annotations

import base64
import ipaddress
import re
from urllib.parse import SplitResult, unquote, urlsplit

from pocketshelf.errors import UsageError
from pocketshelf.printable import printable

__all__ = ["is_public", "server_address", "split_credentials"]

_HOST = re.compile(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?", re.I
)
_EXAMPLE = "it must look like https://shop.example or http://192.168.1.5:8000"


def server_address(text: str) -> str:
    """``text`` without a slash at its end, once it can be the address of a server.

    Raises:
        UsageError: it cannot; the message says why, and tells no password.
    """
    problem = _problem(text)
    if problem is not None:
        # What stands before an @ may be a password, wherever a malformed address has it.
        shown = printable(("…@" if "@" in text else "") + text.rpartition("@")[2])[:200]
        raise UsageError(f"{shown!r} is no server's address ({problem}); {_EXAMPLE}")
    return text.rstrip("/")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's: not this machine's, and of no private network.

    Raises:
        ValueError: it is no IP address.
    """
    found = ipaddress.ip_address(address)
    return (getattr(found, "ipv4_mapped", None) or found).is_global


def _problem(text: str) -> str | None:
    if printable(text) != text or any(character.isspace() for character in text):
        return "there is a space or an invisible character in it"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "its host or its port cannot be read"
    if parts.scheme not in ("http", "https"):
        return "it does not begin with http:// or https://"
    if port == 0 or not _is_host(parts):
        return "its host or its port is none"
    if parts.query or parts.fragment or text.endswith(("?", "#")):
        return "it has a query or a fragment"
    return None


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:  # IPv6: urlsplit has checked what stands in brackets.
        return True
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        return False
    return len(name) <= 253 and _HOST.fullmatch(name) is not None


def split_credentials(url: str) -> tuple[str, str | None]:
    """``url`` without its ``user:password@``, and those as a header (RFC 7617); None where there are none."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    token = base64.b64encode(unquote(userinfo).encode()).decode("ascii")
    return parts._replace(netloc=host).geturl(), f"Basic {token}"
