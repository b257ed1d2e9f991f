"""The page of what was kept and what was dropped, with pictures and reasons; one file, without a network."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from pocketshelf.errors import PhotoError
from pocketshelf.files import atomic_write
from pocketshelf.page.templating import environment
from pocketshelf.page.thumbnails import Gallery, data_url
from pocketshelf_training.mine.categories.outcome import Outcome, summary

__all__ = ["SHOWN", "close_calls", "in_turn", "write_report"]

SHOWN = 50
# Of each category that is kept.
SAMPLES = 12
# Dropped ones that were nearly kept.
CLOSE = 21
SIDE, QUALITY = 168, 72
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Shot:
    """A picture on the page; ``url`` is empty where there is none to show."""

    outcome: Outcome
    url: str


def write_report(
    path: Path, outcomes: Sequence[Outcome], source: str, command: str, shown: int = SHOWN
) -> None:
    """Write the page.

    Args:
        source: where the candidates come from, in words.
        command: how the page is made again.
        shown: dropped pictures on it, at most, of all rules in turn.
    """
    sdk = environment()
    assert sdk.loader is not None
    own = sdk.overlay(loader=ChoiceLoader([sdk.loader, FileSystemLoader(_TEMPLATES)]))
    dropped = list(itertools.islice(in_turn(outcomes), shown))
    text = own.get_template("categories.html").render(
        said=summary(outcomes),
        dropped=_by_rule(dropped),
        close=[_shot(each) for each in close_calls(outcomes)],
        dropped_shown=len(dropped),
        kept=[(name, [_shot(each) for each in some]) for name, some in _samples(outcomes)],
        source=source,
        command=command,
        gallery=Gallery(None),
        style=Markup((_TEMPLATES / "categories.css").read_text(encoding="utf-8")),
    )
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def in_turn(outcomes: Sequence[Outcome]) -> Iterator[Outcome]:
    """Those dropped: one of each rule after the other, of each category in turn; of each the surest first."""
    rules: dict[str, dict[str, list[Outcome]]] = {}
    for each in sorted(outcomes, key=lambda each: each.verdict.agreement):
        if not each.kept:
            rules.setdefault(each.verdict.rule, {}).setdefault(each.candidate.category, []).append(each)
    return _round_robin([_round_robin([iter(some) for some in of.values()]) for of in rules.values()])


def close_calls(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those dropped although the model believed their label most."""
    judged = [each for each in outcomes if each.verdict.rule and each.verdict.agreement]
    return sorted(judged, key=lambda each: -each.verdict.agreement)[:CLOSE]


def _round_robin(sources: Sequence[Iterator[Outcome]]) -> Iterator[Outcome]:
    pending = list(sources)
    while pending:
        for source in list(pending):
            each = next(source, None)
            if each is None:
                pending.remove(source)
            else:
                yield each


def _by_rule(dropped: Sequence[Outcome]) -> list[tuple[str, list[Shot]]]:
    rules: dict[str, list[Shot]] = {}
    for each in dropped:
        rules.setdefault(each.verdict.rule, []).append(_shot(each))
    return list(rules.items())


def _samples(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, list[Outcome]]]:
    """Kept ones of each category, spread from the best found to the last."""
    categories: dict[str, list[Outcome]] = {}
    for each in outcomes:
        if each.kept:
            categories.setdefault(each.candidate.category, []).append(each)
    for name, kept in categories.items():
        count = min(SAMPLES, len(kept))
        yield name, [kept[number * len(kept) // count] for number in range(count)]


def _shot(each: Outcome) -> Shot:
    try:
        url = data_url(each.candidate.path, SIDE, QUALITY) if each.candidate.path else ""
    except PhotoError:
        url = ""
    return Shot(each, url)
