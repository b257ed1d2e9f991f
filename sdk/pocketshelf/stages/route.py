"""Routing: which categories of a store are searched for a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pocketshelf.errors import UsageError

__all__ = ["MassRouter", "Router", "filled", "named_categories", "named_category"]


class Router(Protocol):
    """The stage that chooses the categories to search."""

    def route(self, probabilities: Mapping[str, float], available: Iterable[str]) -> list[str]:
        """Those of the ``available`` categories to search, likeliest first."""


@dataclass(frozen=True)
class MassRouter:
    """The default `Router`: the likeliest categories until they hold enough of the probability.

    The mass is measured among the categories that store and model share. Categories of the store that the
    model does not know are always searched: nothing speaks against them. Where the model is unsure, because
    it puts most of its probability on categories that the store lacks, or none stands out, everything is
    searched.

    Attributes:
        mass: share of the probability to cover.
        at_least, at_most: bounds on the number of known categories searched.
        sure: share of all probability that the shared categories must have, and the likeliest of them of
            theirs.
    """

    mass: float = 0.9
    at_least: int = 3
    at_most: int = 8
    sure: float = 0.3

    def route(self, probabilities: Mapping[str, float], available: Iterable[str]) -> list[str]:
        """See `Router`."""
        names = list(available)
        known = sorted((n for n in names if n in probabilities), key=lambda n: (-probabilities[n], n))
        total, covered = sum(probabilities[name] for name in known), 0.0
        if not known or total < self.sure or probabilities[known[0]] < self.sure * total:
            return known + [name for name in names if name not in probabilities]
        chosen: list[str] = []
        for name in known[: self.at_most]:
            if len(chosen) >= self.at_least and covered >= self.mass * total:
                break
            chosen.append(name)
            covered += probabilities[name]
        return chosen + [name for name in names if name not in probabilities]


def filled(
    routed: list[str], probabilities: Mapping[str, float], counts: Mapping[str, int], wanted: int
) -> list[str]:
    """The routed categories, and the next likely ones until they hold ``wanted`` products together.

    Who asks for ten hits gets ten, also where the likely categories are small.

    Args:
        counts: category → number of its products.
    """
    chosen, held = list(routed), sum(counts.get(name, 0) for name in routed)
    others = sorted((n for n in counts if n not in chosen), key=lambda n: (-probabilities.get(n, 0.0), n))
    for name in others:
        if held >= wanted:
            break
        chosen.append(name)
        held += counts[name]
    return chosen


def named_categories(asked: str | Sequence[str], available: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """The categories that were asked for by name (none of "auto" and "all"), and whether it was "all".

    Raises:
        UsageError: there is none of a name, or a name stands beside "auto" or "all".
        TypeError: a name is no text.
    """
    names = list(asked) if isinstance(asked, Iterable) and not isinstance(asked, str) else [asked]
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"category is 'auto', 'all', the name of one, or a list of names, not {asked!r}")
    if len(names) > 1 and not {"auto", "all"}.isdisjoint(names):
        raise UsageError("the categories 'auto' and 'all' stand alone; leave out the others, or these")
    if names in (["auto"], ["all"], []):
        return (), names == ["all"]
    known = list(available)
    return tuple(dict.fromkeys(named_category(name, known) for name in names)), False


def named_category(name: str, available: Iterable[str]) -> str:
    """The category that ``name`` means: exactly, else whatever its letters' case.

    Raises:
        UsageError: there is none, or several; the message lists those there are.
    """
    names = list(available)
    if name in names:
        return name
    alike = [other for other in names if other.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    raise UsageError(
        f"unknown category {name!r}; this store has {', '.join(names) or 'none'} (or 'auto', 'all')"
    )
