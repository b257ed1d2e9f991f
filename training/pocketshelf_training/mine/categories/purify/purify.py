"""Which candidates keep their label, and what speaks against each of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pocketshelf_training.mine.categories.purify.agreement import Bounds, Judged, judged
from pocketshelf_training.mine.categories.purify.twins import BITS, twins
from pocketshelf_training.mine.vectors import Embedded

__all__ = ["RULES", "Fault", "Rules", "Verdict", "purified"]

# What is wrong with the photo itself, in words; empty if nothing is.
Fault = Callable[[Path], str]
FAULT, TWIN, FEW = "low quality", "same picture", "too few to judge"
OTHER, FAR, ALONE, BUNDLE = "looks like another", "far from all", "unlike its nearest", "known as another"
RULES = (FAULT, TWIN, FEW, OTHER, FAR, ALONE, BUNDLE)


@dataclass(frozen=True)
class Rules:
    """What a picture must meet.

    Attributes:
        bits: of 128, up to which two pictures are one.
        least: pictures that a category needs to be judged.
        known: from which probability the bundle's own word counts, where it knows both categories.
    """

    bounds: Bounds = field(default_factory=Bounds)
    bits: int = BITS
    least: int = 10
    known: float = 0.95


@dataclass(frozen=True)
class Verdict:
    """About one picture.

    Attributes:
        rule: of `RULES`, that dropped it; empty if it is kept.
        why: in words.
        agreement: the probability of its label; 0 where it was not judged.
    """

    rule: str = ""
    why: str = ""
    agreement: float = 0.0


def purified(
    embedded: Embedded,
    labels: np.ndarray,
    names: Sequence[str],
    prints: np.ndarray,
    rules: Rules,
    fault: Fault | None = None,
) -> list[Verdict]:
    """A verdict on each of n pictures, which stand best first within each category.

    Args:
        labels: int (n,), numbers of ``names``.
        prints: uint64 (n, 2), see `pocketshelf_training.mine.categories.purify.twins`.
        fault: says what is wrong with a photo.
    """
    verdicts: dict[int, Verdict] = {}
    _faults(embedded, fault, verdicts)
    for label in range(len(names)):
        _twins(_open(labels == label, verdicts), prints, rules, verdicts, embedded)
    _too_few(labels, names, rules, verdicts)
    rows = _open(np.ones(len(labels), bool), verdicts)
    if len(rows):
        said = judged(embedded.vectors[rows], labels[rows], len(names))
        _disagreeing(rows, said, names, rules.bounds, verdicts)
        _contradicted(embedded, labels, names, rules.known, verdicts)
        # Of one picture with two labels, the likelier one stays.
        sure = np.zeros(len(labels))
        sure[rows] = said.agreement
        left = _open(np.ones(len(labels), bool), verdicts)
        _twins(left[np.argsort(-sure[left], kind="stable")], prints, rules, verdicts, embedded)
        for row in _open(np.ones(len(labels), bool), verdicts):
            verdicts[int(row)] = Verdict(agreement=float(sure[row]))
    return [verdicts.get(row, Verdict()) for row in range(len(labels))]


def _open(rows: np.ndarray, verdicts: dict[int, Verdict]) -> np.ndarray:
    """Those of ``rows``, bool (n,), without a verdict."""
    return np.array([row for row in np.flatnonzero(rows) if int(row) not in verdicts], int)


def _faults(embedded: Embedded, fault: Fault | None, verdicts: dict[int, Verdict]) -> None:
    for row, picture in enumerate(embedded.pictures if fault else ()):
        if said := fault(picture.path) if fault else "":
            verdicts[row] = Verdict(FAULT, said)


def _twins(
    order: np.ndarray, prints: np.ndarray, rules: Rules, verdicts: dict[int, Verdict], embedded: Embedded
) -> None:
    for row, first in zip(order, twins(prints[order], rules.bits), strict=True):
        if first >= 0:
            name = embedded.pictures[int(order[first])].name
            verdicts[int(row)] = Verdict(TWIN, f"as {name}")


def _too_few(labels: np.ndarray, names: Sequence[str], rules: Rules, verdicts: dict[int, Verdict]) -> None:
    for label, name in enumerate(names):
        rows = _open(labels == label, verdicts)
        if len(rows) < rules.least:
            for row in rows:
                verdicts[int(row)] = Verdict(
                    FEW, f"{name} has {len(rows)} pictures, {rules.least} are needed"
                )


def _disagreeing(
    rows: np.ndarray, said: Judged, names: Sequence[str], bounds: Bounds, verdicts: dict[int, Verdict]
) -> None:
    agreement = said.agreement
    for place, row in enumerate(rows):
        sure = float(agreement[place])
        best = int(said.shares[place].argmax())
        if said.distance[place] > bounds.distance:
            why = f"{said.distance[place]:.2f} times as far from the middle of its category as usual"
            verdicts[int(row)] = Verdict(FAR, why, sure)
        elif sure < bounds.agreement:
            why = f"{names[best]} {said.shares[place, best]:.2f}, its own label {sure:.2f}"
            verdicts[int(row)] = Verdict(OTHER, why, sure)
        elif said.neighbours[place] < bounds.neighbours:
            why = f"{100 * said.neighbours[place]:.0f} % of the nearest pictures have its label"
            verdicts[int(row)] = Verdict(ALONE, why, sure)


def _contradicted(
    embedded: Embedded, labels: np.ndarray, names: Sequence[str], known: float, verdicts: dict[int, Verdict]
) -> None:
    """Where the bundle knows a picture's category by name, but is sure that it shows another of them."""
    places = {name.casefold(): number for number, name in enumerate(embedded.categories)}
    of = [places.get(name.casefold(), -1) for name in names]
    both = [place for place in of if place >= 0]
    for row in _open(np.ones(len(labels), bool), verdicts):
        own = of[labels[row]]
        if own < 0 or len(both) < 2:
            continue
        shares = embedded.shares[row]
        best = max(both, key=lambda place: shares[place])
        if best != own and shares[best] >= known:
            why = f"the bundle says {embedded.categories[best]} {shares[best]:.2f}"
            verdicts[int(row)] = Verdict(BUNDLE, why)
