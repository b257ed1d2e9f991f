"""The names that a kiosk goes by: those of loopback, of what it listens on, and further ones."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Iterator

__all__ = [
    "Names",
    "certified_names",
    "is_everywhere",
    "is_loopback",
    "machine_addresses",
    "machine_names",
    "own_names",
]

LOOK_AGAIN_S = 30.0
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("", "0.0.0.0", "::")
# Documentation's addresses (RFC 5737, RFC 3849): nothing is sent there.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


class Names:
    """The names of a kiosk while it runs: the machine's addresses may change.

    Args:
        hosts, names: see `own_names`.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        names: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hosts, self._further, self._clock = tuple(hosts), tuple(names), clock
        self._names, self._looked = own_names(self._hosts, self._further), clock()

    def __contains__(self, name: str) -> bool:
        name = name.rstrip(".").casefold()
        if name not in self._names and self._clock() > self._looked + LOOK_AGAIN_S:
            self._looked = self._clock()
            self._names = own_names(self._hosts, self._further)
        return name in self._names


def own_names(hosts: Iterable[str], names: Iterable[str] = ()) -> frozenset[str]:
    """The names that a request may call the kiosk by.

    Args:
        hosts: what it listens on; where that is every address of the machine, all of them are its own.
        names: further ones.
    """
    found = [*LOOPBACK, *names]
    for host in hosts:
        found += machine_names() if is_everywhere(host) else [host]
    return frozenset(name.strip("[]").rstrip(".").casefold() for name in found if name)


def certified_names(hosts: Iterable[str], names: Iterable[str] = ()) -> frozenset[str]:
    """Those of `own_names` that a certificate is for: IPv6 addresses change with the day."""
    return frozenset(name for name in own_names(hosts, names) if ":" not in name)


def machine_names() -> list[str]:
    """This machine's names and addresses, as far as they can be told without asking anyone."""
    host = socket.gethostname()
    return list(dict.fromkeys([host, f"{host.split('.')[0]}.local", *machine_addresses()]))


def machine_addresses() -> list[str]:
    """Its addresses on networks, the one that it would send from first; loopback's are left out."""
    found = [*_sending(), *_named(socket.gethostname())]
    return [address for address in dict.fromkeys(found) if not is_loopback(address)]


def _sending() -> Iterator[str]:
    # A datagram socket that is connected sends nothing, and knows the address that it would send from.
    for family, far in _FAR:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                yield str(probe.getsockname()[0]).partition("%")[0]
        except OSError:
            continue


def _named(host: str) -> Iterator[str]:
    try:
        for info in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP):
            yield str(info[4][0]).partition("%")[0]
    except OSError:
        return


def is_everywhere(host: str) -> bool:
    """Whether ``host`` stands for every address of the machine."""
    return host.strip("[]") in _EVERYWHERE


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches ``host``."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
