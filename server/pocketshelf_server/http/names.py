"""By which names a site is asked: a page that rebinds its own name to this machine reads nothing here.

A browser sends the name that it looked up. Nobody outside can have an address, a name without a dot, or one
that ends as names of a private network do, so these are always taken. Of others the site cannot know which
are its own: where ``"names"`` (config.json, `serve --name`) says them, every other one is refused. Where
nothing says them, such a name is refused to what comes as a browser from this machine or its network, past no
proxy: devices send nothing of what makes a browser, and whatever the internet reaches is no secret.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from pocketshelf.network.address import is_public
from pocketshelf_server.http.problems import Problem

__all__ = ["OwnNames"]

# Names that nobody registers: RFC 6761, 6762, 8375, ICANN's "internal", and what routers and offices use.
PRIVATE_ENDS = (
    "localhost", "local", "internal", "home.arpa", "lan", "home", "corp", "intranet", "private",
    "localdomain",
)  # fmt: skip
# What browsers send and devices do not. Pages of some can do without: names that are said leave no gap.
BROWSERS = ("Sec-Fetch-Site", "Origin", "Referer", "Cookie")
log = logging.getLogger("pocketshelf.server")


class OwnNames:
    """The names of a site.

    Args:
        names: all that it has beside local ones; None where nobody has said.
        behind_proxies: whether requests come by trusted proxies, which know their names themselves.
    """

    def __init__(self, names: Iterable[str] | None, behind_proxies: bool = False) -> None:
        self._said = names is not None
        self._names = {_plain(name) for name in (*(names or ()), socket.gethostname())}
        self._behind_proxies = behind_proxies

    def check(self, headers: Headers, address: str | None) -> None:
        """Refuse a request that came by another name.

        Args:
            address: who asks, as the connection says.

        Raises:
            Problem: 421.
        """
        host = headers.get("Host")
        if host is None or self._is_own(name := _name_of(host)):
            return
        if self._said or (not self._behind_proxies and _is_near(address) and _is_browser(headers)):
            log.warning("refused what asked for another name than the site's: %s", name[:100])
            raise Problem(
                421, f"this site does not go by the name {name[:100]!r}; `serve --name` or \"names\" in "
                "config.json allows it",
            )  # fmt: skip

    def _is_own(self, name: str) -> bool:
        return name in self._names or "." not in name or _is_address(name) or _is_private_name(name)


def _plain(name: str) -> str:
    name = name.strip("[]").rstrip(".").casefold()
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _name_of(host: str) -> str:
    try:
        return _plain(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return host.casefold()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_private_name(name: str) -> bool:
    return name.endswith(tuple(f".{end}" for end in PRIVATE_ENDS))


def _is_near(address: str | None) -> bool:
    try:
        return not is_public((address or "").partition("%")[0])
    except ValueError:
        return True


def _is_browser(headers: Headers) -> bool:
    return any(name in headers for name in BROWSERS) or headers.get("User-Agent", "").startswith("Mozilla/")
