"""Every check, one after the other; what breaks one does not hide what the others find."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

from pocketshelf.errors import PocketshelfError, one_line
from pocketshelf_server.doctor import data, devices, keys, machine
from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.finding import Finding, wrong

__all__ = ["examine"]

Check = Callable[[Case], Iterator[Finding]]
CHECKS: dict[str, Check] = {
    "metadata": keys.rotation,
    "clock": machine.clock,
    "disk": machine.disk,
    "owner": machine.owner,
    "signatures": keys.signatures,
    "keys": keys.keys,
    "token": keys.token,
    "names": keys.names,
    "catalogue": data.catalogue,
    "shards": data.shards,
    "published": data.history,
    "files": data.files,
    "pictures": data.pictures,
    "new devices": devices.new_device,
    "devices": devices.stores,
}


def examine(case: Case) -> list[Finding]:
    """Look at everything; writes nothing."""
    found: list[Finding] = []
    for topic, check in CHECKS.items():
        try:
            found += check(case)
        except (PocketshelfError, OSError, sqlite3.Error) as error:
            # Once is enough for what several checks stumble over.
            if one_line(error) not in (finding.text for finding in found):
                found.append(wrong(topic, one_line(error), _remedy(error)))
    return found


def _remedy(error: Exception) -> str:
    return machine.RUN_AS if isinstance(error, PermissionError) else ""
