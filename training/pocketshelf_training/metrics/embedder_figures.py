"""Every figure of an embedder on a data set: retrieval, categories, attributes, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pocketshelf.formats.answer import Answer, Embedded
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy, mean_with_interval
from pocketshelf_training.metrics.ranking import Ranking, rank
from pocketshelf_training.predict.searches import Search
from pocketshelf_training.predict.subject import Subject

__all__ = ["KS", "Answers", "Labelled", "Searched", "label_all", "search_all", "vector_of"]

KS = (1, 5, 10, 20)
# Samples, and a few words for the progress line, to an answer each.
Answers = Callable[[Sequence[Sample], str], list[Answer]]


@dataclass(frozen=True)
class Searched:
    """A search with each query's ranking."""

    search: Search
    rankings: list[Ranking]
    unreadable: int

    @property
    def figures(self) -> dict[str, Figure]:
        """Recall at `KS` pictures, and mean average precision; a bad photo is a miss."""
        first = np.array([ranking.first for ranking in self.rankings])
        figures = {f"R@{k}": mean_with_interval((first < k).astype(float)) for k in KS}
        return figures | {"mAP": mean_with_interval([ranking.precision for ranking in self.rankings])}

    @property
    def by_category(self) -> dict[str, tuple[int, float]]:
        """Category → photos, R@1; nothing where the queries have no categories."""
        hits: dict[str, list[bool]] = {}
        for sample, ranking in zip(self.search.queries, self.rankings, strict=True):
            if sample.category:
                hits.setdefault(sample.category, []).append(ranking.first == 0)
        return {name: (len(of), float(np.mean(of))) for name, of in sorted(hits.items())}


@dataclass(frozen=True)
class Labelled:
    """What the heads say of a split.

    Attributes:
        samples: those whose category the model knows; ``places`` of it in the ranking of categories,
            from 0, and ``said``: the likeliest category; both -1 and "" for a bad photo.
        unknown: photos whose category the model does not have.
        attributes: name → balanced accuracy, of heads that the data set has labels for.
    """

    samples: list[Sample]
    places: np.ndarray
    said: list[str]
    sure: np.ndarray
    unknown: int
    attributes: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Figure]:
        """Top-1 and top-2, a bad photo is a miss; nothing without photos."""
        if not len(self.places):
            return {}
        good = self.places >= 0
        return {f"top-{k}": mean_with_interval((good & (self.places < k)).astype(float)) for k in (1, 2)}

    @property
    def by_category(self) -> dict[str, tuple[int, float]]:
        """Category → photos, top-1."""
        names = np.array([sample.category for sample in self.samples], object)
        return {
            str(name): (int((names == name).sum()), float((self.places[names == name] == 0).mean()))
            for name in sorted(set(names))
        }


def search_all(searches: Sequence[Search], answers: Answers) -> list[Searched]:
    """Rank every search's gallery for its queries."""
    return [_search(search, answers) for search in searches]


def _search(search: Search, answers: Answers) -> Searched:
    asked = answers(search.queries, "queries") if search.itself is None else None
    gallery = answers(search.gallery, "gallery")
    queries = [gallery[i] for i in search.itself or []] if asked is None else asked
    rankings = rank(
        [vector_of(answer) for answer in queries],
        [str(sample.identity) for sample in search.queries],
        [vector_of(answer) for answer in gallery],
        [str(sample.identity) for sample in search.gallery],
        search.itself,
    )
    bad = [answer for answer in (*queries, *(gallery if asked is not None else ())) if not _good(answer)]
    return Searched(search, rankings, len(bad))


def label_all(subject: Subject, samples: Sequence[Sample], answers: Answers) -> Labelled:
    """What the category and attribute heads say of those ``samples`` of which anything is known."""
    heads = {n: labels for n, labels in subject.attributes.items() if any(n in s.attributes for s in samples)}
    asked = [s for s in samples if s.category or any(name in s.attributes for name in heads)]
    found = answers(asked, "labels") if asked else []
    pairs = list(zip(asked, found, strict=True))
    known = [(s, answer) for s, answer in pairs if s.category in subject.categories]
    places = np.array([_place(subject.categories, s, answer) for s, answer in known], int)
    return Labelled(
        [sample for sample, _ in known],
        places,
        [_said(subject.categories, answer) for _, answer in known],
        np.array([answer.categories.max() if isinstance(answer, Embedded) else 0.0 for _, answer in known]),
        sum(bool(sample.category) for sample in asked) - len(known),
        {name: figure for name, labels in heads.items() if (figure := _attribute(name, labels, pairs))},
    )


def _attribute(name: str, labels: Sequence[str], pairs: Sequence[tuple[Sample, Answer]]) -> Figure | None:
    """Balanced accuracy over the photos whose label the head has; a bad photo is a miss."""
    known = [(s.attributes[name], a) for s, a in pairs if s.attributes.get(name) in labels]
    if not known:
        return None
    truth = np.array([labels.index(label) for label, _ in known])
    said = np.array([int(a.attributes[name].argmax()) if _good(a) else -1 for _, a in known])  # type: ignore[union-attr]
    return balanced_accuracy(truth, said)


def _good(answer: Answer) -> bool:
    return isinstance(answer, Embedded) and bool(np.isfinite(answer.vector).all())


def vector_of(answer: Answer) -> np.ndarray | None:
    """Of an answer that can be ranked; None of a bad photo's."""
    return answer.vector if isinstance(answer, Embedded) and _good(answer) else None


def _place(categories: Sequence[str], sample: Sample, answer: Answer) -> int:
    if not isinstance(answer, Embedded) or not _good(answer):
        return -1
    order = np.argsort(-answer.categories, kind="stable")
    return int(np.flatnonzero(order == categories.index(str(sample.category)))[0])


def _said(categories: Sequence[str], answer: Answer) -> str:
    return categories[int(answer.categories.argmax())] if isinstance(answer, Embedded) else ""
