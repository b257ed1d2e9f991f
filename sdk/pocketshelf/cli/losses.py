"""What a catalogue's reading lost, for people: many lines of one cause become one that names the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pocketshelf.catalogue import RowProblem

__all__ = ["FEW", "is_missing_picture", "told"]

# So many missing pictures are told one by one.
FEW = 3
_MISSING = re.compile(r".*: no such file in (?P<folder>.*)", re.DOTALL)


def is_missing_picture(problem: RowProblem) -> bool:
    """Whether it is that a picture is not there."""
    return _MISSING.fullmatch(problem.problem) is not None


def told(problems: Iterable[RowProblem]) -> Iterator[str]:
    """One line a problem, but one for all pictures that are not there, if there are more than a `FEW`."""
    missing = []
    for problem in problems:
        if is_missing_picture(problem):
            missing.append(problem)
        else:
            yield str(problem)
    if len(missing) <= FEW:
        yield from map(str, missing)
        return
    match = _MISSING.fullmatch(missing[0].problem)
    folder = match["folder"] if match else ""
    yield (
        f"{len(missing)} pictures are not in {folder}, the first on {missing[0]}; "
        "name the folder that the catalogue's pictures start from with --images"
    )
