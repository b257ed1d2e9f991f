"""Every figure of an embedder on a data set: retrieval, categories, attributes, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pocketshelf.stages.embed import Embedding
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy, mean_with_interval, recalls
from pocketshelf_training.metrics.ranking import Ranking, rank
from pocketshelf_training.predict.model import Model
from pocketshelf_training.predict.searches import Search

__all__ = ["KS", "Labelled", "Predict", "Searched", "label_all", "rank_search", "search_all", "vector_of"]

KS = (1, 5, 10, 20)
# Samples, and a few words for the progress line, to an embedding each; None of a photo that cannot be read.
Predict = Callable[[Sequence[Sample], str], Sequence[Embedding | None]]


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
        return recalls(first, KS) | {
            "mAP": mean_with_interval([ranking.precision for ranking in self.rankings])
        }

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
            from 0, ``likeliest``: the first of it, and ``confidence``, its probability; -1, "" and 0 for a
            bad photo.
        unknown: photos whose category the model does not have.
        attributes: name → balanced accuracy, of heads that the data set has labels for.
    """

    samples: list[Sample]
    places: np.ndarray
    likeliest: list[str]
    confidence: np.ndarray
    unknown: int
    attributes: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, Figure]:
        """Top-1 and top-2, a bad photo is a miss; nothing without photos."""
        if not len(self.places):
            return {}
        good = self.places >= 0
        return {f"top-{k}": mean_with_interval(good & (self.places < k)) for k in (1, 2)}

    @property
    def by_category(self) -> dict[str, tuple[int, float]]:
        """Category → photos, top-1."""
        names = np.array([sample.category for sample in self.samples], object)
        return {
            str(name): (int((names == name).sum()), float((self.places[names == name] == 0).mean()))
            for name in sorted(set(names))
        }


def search_all(searches: Sequence[Search], predict: Predict) -> list[Searched]:
    """Rank every search's gallery for its queries."""
    return [_search(search, predict) for search in searches]


def _search(search: Search, predict: Predict) -> Searched:
    asked = predict(search.queries, "queries") if search.itself is None else None
    gallery = predict(search.gallery, "gallery")
    queries = asked if asked is not None else [gallery[i] for i in search.itself or []]
    every = queries if asked is None else (*queries, *gallery)
    rankings = rank_search(search, list(map(vector_of, queries)), list(map(vector_of, gallery)))
    return Searched(search, rankings, sum(vector_of(embedding) is None for embedding in every))


def rank_search(
    search: Search, queries: list[np.ndarray | None], gallery: list[np.ndarray | None]
) -> list[Ranking]:
    """A ranking for each query; the vectors as `pocketshelf_training.metrics.ranking.rank` takes them."""
    labels, pictures = ([str(s.identity) for s in samples] for samples in (search.queries, search.gallery))
    return rank(queries, labels, gallery, pictures, search.itself)


def label_all(model: Model, samples: Sequence[Sample], predict: Predict) -> Labelled:
    """What the category and attribute heads say of those ``samples`` of which anything is known."""
    heads = {n: labels for n, labels in model.attributes.items() if any(n in s.attributes for s in samples)}
    asked = [s for s in samples if s.category or any(name in s.attributes for name in heads)]
    pairs = list(zip(asked, predict(asked, "labels") if asked else [], strict=True))
    known = [(s, _by_probability(embedding)) for s, embedding in pairs if s.category in model.categories]
    return Labelled(
        [sample for sample, _ in known],
        np.array([[*ranked].index(str(s.category)) if ranked else -1 for s, ranked in known], int),
        [next(iter(ranked), "") for _, ranked in known],
        np.array([next(iter(ranked.values()), 0.0) for _, ranked in known]),
        sum(bool(sample.category) for sample in asked) - len(known),
        {name: figure for name, labels in heads.items() if (figure := _attribute(name, labels, pairs))},
    )


def _attribute(
    name: str, labels: Sequence[str], pairs: Sequence[tuple[Sample, Embedding | None]]
) -> Figure | None:
    """Balanced accuracy over the photos whose label the head has; a bad photo is a miss."""
    known = [(s.attributes[name], e) for s, e in pairs if s.attributes.get(name) in labels]
    if not known:
        return None
    truth = np.array([labels.index(label) for label, _ in known])
    good = [embedding if vector_of(embedding) is not None else None for _, embedding in known]
    return balanced_accuracy(truth, np.array([e.attributes[name].argmax() if e else -1 for e in good]))


def vector_of(embedding: Embedding | None) -> np.ndarray | None:
    """Of an embedding that can be ranked; None of a bad photo's."""
    return embedding.vector if embedding is not None and np.isfinite(embedding.vector).all() else None


def _by_probability(embedding: Embedding | None) -> dict[str, float]:
    """Categories, likeliest first; of equals in the model's order. Nothing of a bad photo."""
    if embedding is None or vector_of(embedding) is None:
        return {}
    return dict(sorted(embedding.categories.items(), key=lambda item: -item[1]))
