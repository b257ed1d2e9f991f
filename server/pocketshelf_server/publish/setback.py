"""Noticing that a site would go backwards: an older catalogue, history or metadata was restored.

A number that was public once must never mean another content: a device that has it would miss changes
without a word; and metadata of an older version it refuses. Nothing but the site's own files is looked at:
what was signed, what ``published.sqlite`` remembers, and the names of files that are still there. So a whole
site that was restored to an older state on an empty disk shows nothing; only a device's store does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf_server.publish.history import History
from pocketshelf_server.site import Site
from pocketshelf_server.trust import SignedRepository

__all__ = ["Known", "known_numbers", "require_forward", "setbacks"]

# Beyond it a number is not ours: it is a thief's, and no reason to follow him there.
LARGEST = 2**53
SEQUENCE = re.compile(r"[0-9a-f]{64}\.(?:snapshot|delta-\d{1,19})-(\d{1,19})\.sqlite\.gz")
VERSIONS = {role: re.compile(rf"(\d{{1,19}})\.{role}\.json") for role in ("targets", "snapshot")}
REMEDY = "if an older backup was restored, run `pocketshelf-server publish SITE --jump-ahead`"


@dataclass(frozen=True)
class Known:
    """The highest numbers that some file of the site shows to have been public.

    Attributes:
        sequence: of the catalogue; 0 if none is known.
        versions: of the metadata, by role.
    """

    sequence: int
    versions: dict[str, int]


def known_numbers(site: Site, history: History, repository: SignedRepository) -> Known:
    """What must be exceeded.

    Raises:
        StoreError: the metadata is missing or damaged.
    """
    sequences = (*_signed(repository).values(), *history.sequences().values())
    versions = {role: _known_version(site, history, role) for role in ("targets", "snapshot", "timestamp")}
    return Known(_highest((*sequences, *_in_names(site.targets, SEQUENCE))), versions)


def setbacks(site: Site, sequence: int, history: History, repository: SignedRepository) -> Iterator[str]:
    """Every sign that the site would go backwards, in words.

    Args:
        sequence: the catalogue's.

    Raises:
        StoreError: the metadata is missing or damaged.
    """
    known, published = known_numbers(site, history, repository), history.sequences()
    if sequence < known.sequence:
        yield f"the catalogue is at number {sequence}, but {known.sequence} was public already"
    for shard, signed in sorted(_signed(repository).items()):
        if published.get(shard, -1) < signed:
            yield f"published.sqlite does not know generation {signed} of shard {shard!r}, which is signed"
    for status in repository.status():
        if status.version < known.versions.get(status.role, 0):
            newest = known.versions[status.role]
            yield f"the metadata of {status.role} is at version {status.version}, but there was {newest}"


def require_forward(site: Site, sequence: int, history: History, repository: SignedRepository) -> None:
    """Refuse to publish what devices would refuse, or would take for something else.

    Raises:
        StoreError: the site would go backwards; the message names the way forward.
    """
    if found := list(setbacks(site, sequence, history, repository)):
        raise StoreError(f"{site.folder} would go backwards: {'; '.join(found)}; {REMEDY}")


def _signed(repository: SignedRepository) -> dict[str, int]:
    """The newest signed sequence of each shard."""
    newest: dict[str, int] = {}
    for target in repository.signed():
        number = target.custom.get("sequence")
        if isinstance(number, int) and number < LARGEST:
            newest[target.shard] = max(number, newest.get(target.shard, -1))
    return newest


def _known_version(site: Site, history: History, role: str) -> int:
    numbers = [history.number(role)]
    if role in VERSIONS:  # A publisher that was killed leaves a file of the next version.
        numbers += [number - 1 for number in _in_names(site.metadata, VERSIONS[role])]
    return _highest(numbers)


def _in_names(folder: Path, pattern: re.Pattern[str]) -> Iterator[int]:
    for path in folder.rglob("*.*"):
        if match := pattern.fullmatch(path.name):
            yield int(match.group(1))


def _highest(numbers: Iterable[int]) -> int:
    return max((number for number in numbers if number < LARGEST), default=0)
