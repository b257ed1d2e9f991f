"""What a catalogue's reading lost, for people: of many lines of one cause few are told, the rest counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pocketshelf.catalogue import RowProblem

__all__ = ["FEW", "Losses", "told"]

# So many lines of one cause are told one by one.
FEW = 3
# Kinds of causes that are kept apart; a file that is wrong in more ways than these is told line by line.
MOST_KINDS = 1000
_MISSING = re.compile(r".*: no such file in (?P<folder>.*)", re.DOTALL)
# What differs between two lines of one cause: what they quote, their numbers, and a name in front.
_OWN = re.compile(r"""'[^']{0,300}'|"[^"]{0,300}"|[0-9]+|^[^ ]{1,300}: """)


class Losses:
    """Problems as they are found, of which some are told at once, and the rest in the end."""

    def __init__(self) -> None:
        self._missing: list[RowProblem] = []
        self._kinds: dict[str, list[RowProblem]] = {}
        self._more: dict[str, int] = {}

    def line(self, problem: RowProblem) -> str | None:
        """What is told of ``problem`` now; None where `rest` counts it."""
        # Of pictures that are not there, there may be as many as there are lines.
        if _MISSING.fullmatch(problem.problem):
            self._missing.append(problem)
            return None
        kind = _OWN.sub("", problem.problem)
        if kind not in self._kinds and len(self._kinds) >= MOST_KINDS:
            return str(problem)
        alike = self._kinds.setdefault(kind, [])
        if len(alike) < FEW:
            alike.append(problem)
            return str(problem)
        self._more[kind] = self._more.get(kind, 0) + 1
        return None

    def rest(self) -> Iterator[str]:
        """The lines in the end: a cause each, and one for all pictures that are not there."""
        for kind, count in self._more.items():
            yield f"and {count} more like {self._kinds[kind][0]}"
        if len(self._missing) <= FEW:
            yield from map(str, self._missing)
            return
        match = _MISSING.fullmatch(self._missing[0].problem)
        folder = match["folder"] if match else ""
        yield (
            f"{len(self._missing)} pictures are not in {folder}, the first on {self._missing[0]}; "
            "name the folder that the catalogue's pictures start from with --images"
        )


def told(problems: Iterable[RowProblem]) -> Iterator[str]:
    """The lines of all ``problems``."""
    losses = Losses()
    for problem in problems:
        line = losses.line(problem)
        if line is not None:
            yield line
    yield from losses.rest()
