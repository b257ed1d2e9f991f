"""Figures of outfit matching: pairwise AUC, fill in the blank, recall of the right partner.

A way to score is a matrix (n, n): row, the garment asked about; column, the garment that may go with it.
Distractors are garments of the partner's own group worn by others, trousers for trousers and skirts for
skirts, so that no figure is reached by knowing groups.

Intervals are percentile bootstraps over photos, so that the pairs of one photo stay together; each resample
takes the questions of another seed, so that the draw of distractors is in them, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.outfits.pairing import Outfits

__all__ = ["CHOICES", "Questions", "auc", "figures_of", "questions"]

CHOICES = 4
PLACES = 10
SEEDS = 5
RESAMPLES = 1000


@dataclass(frozen=True)
class Questions:
    """What one seed asks.

    Attributes:
        pairs: int (m, 2), worn together.
        strangers: int (m,): of the second's group, worn by another.
        blanks: (the others of the photo, [the right one, three of its group]) of each.
    """

    pairs: np.ndarray
    strangers: np.ndarray
    blanks: list[tuple[np.ndarray, np.ndarray]]


def questions(outfits: Outfits, seed: int) -> Questions:
    """The pairs, each with a stranger, and a blank for each garment; where there are too few others, none."""
    rng = np.random.default_rng(seed)
    groups, photos = outfits.garments.groups, outfits.photos
    rows_of = {group: np.flatnonzero(groups == group) for group in np.unique(groups)}

    def others(row: int) -> np.ndarray:
        rows = rows_of[groups[row]]
        return rows[photos[rows] != photos[row]]

    pairs = np.array([(i, j) for i, j in outfits.pairs if len(others(j))], int).reshape(-1, 2)
    strangers = np.array([rng.choice(others(j)) for j in pairs[:, 1]], int)
    blanks = [
        (rows[rows != j], np.r_[j, rng.choice(others(j), CHOICES - 1, replace=False)])
        for rows in outfits.worn
        for j in rows
        if len(others(j)) >= CHOICES - 1
    ]
    return Questions(pairs, strangers, blanks)


def auc(right: np.ndarray, wrong: np.ndarray) -> float:
    """The chance that one of ``right`` (n,) stands above one of ``wrong`` (m,); ties count half."""
    n, m = len(right), len(wrong)
    ranks = rankdata(np.concatenate([right, wrong]))
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def filled(scores: np.ndarray, blanks: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Of each blank whether the right choice has the best mean score with the rest; ties share."""
    means = np.array([scores[np.ix_(rest, choices)].mean(0) for rest, choices in blanks])
    best = means == means.max(axis=1, keepdims=True)
    return best[:, 0] / best.sum(axis=1)


def found(scores: np.ndarray, outfits: Outfits, pairs: np.ndarray) -> np.ndarray:
    """Of each pair whether the partner is among the first `PLACES` of its group; ties by chance."""
    groups = outfits.garments.groups
    hits = []
    for i, j in pairs:
        row = scores[i, groups == groups[j]]
        above, level = int((row > scores[i, j]).sum()), int((row == scores[i, j]).sum())
        hits.append(np.clip((PLACES - above) / level, 0.0, 1.0))
    return np.array(hits)


def figures_of(
    scores: Sequence[np.ndarray], outfits: Outfits, resamples: int = RESAMPLES
) -> dict[str, Figure]:
    """AUC, FITB and R@10, means over seeds, with intervals over photos and seeds.

    Args:
        scores: (n, n) of each seed's fit; one alone serves for all seeds' questions. The diagonal and the
            garments of one photo's own role are never looked at.
    """
    asked = [questions(outfits, seed) for seed in range(SEEDS)]
    given = [scores[seed % len(scores)] for seed in range(SEEDS)]
    hits = [found(each, outfits, asked[0].pairs) for each in scores]
    right = [filled(each, one.blanks) for each, one in zip(given, asked, strict=True)]
    aucs = [_auc(each, one, np.arange(len(one.pairs))) for each, one in zip(given, asked, strict=True)]
    draws = _draws(outfits, asked[0], resamples)
    drawn = list(enumerate(draws))
    return {
        "AUC": _figure(
            aucs, [_auc(given[n % SEEDS], asked[n % SEEDS], rows) for n, (rows, _) in drawn], outfits
        ),
        "FITB": _figure(
            [r.mean() for r in right], [right[n % SEEDS][rows].mean() for n, (_, rows) in drawn], outfits
        ),
        "R@10": _figure(
            [h.mean() for h in hits], [hits[n % len(hits)][rows].mean() for n, (rows, _) in drawn], outfits
        ),
    }


def _draws(outfits: Outfits, asked: Questions, resamples: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Resampled photos, as rows of the pairs and of the blanks; which these are does not hang on the seed."""
    of_pairs = outfits.photos[asked.pairs[:, 0]]
    of_blanks = outfits.photos[np.array([choices[0] for _, choices in asked.blanks], int)]
    photos = np.unique(of_pairs)
    pairs = [np.flatnonzero(of_pairs == photo) for photo in photos]
    blanks = [np.flatnonzero(of_blanks == photo) for photo in photos]
    rng = np.random.default_rng(0)
    chosen = [rng.integers(0, len(photos), len(photos)) for _ in range(resamples)]
    return [
        (np.concatenate([pairs[p] for p in some]), np.concatenate([blanks[p] for p in some]))
        for some in chosen
    ]


def _auc(scores: np.ndarray, asked: Questions, rows: np.ndarray) -> float:
    i, j = asked.pairs[rows].T
    return auc(scores[i, j], scores[i, asked.strangers[rows]])


def _figure(seeds: Sequence[float], values: Sequence[float], outfits: Outfits) -> Figure:
    low, high = np.percentile(values, [2.5, 97.5])
    return Figure(float(np.mean(seeds)), float(low), float(high), len(outfits.worn))
