"""Figures of purification: of which pictures are kept, and of what a model learns from them."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pocketshelf_training.metrics.intervals import Figure, mean_with_interval
from pocketshelf_training.mine.categories.figures.noise import Mix, Noisy, noisy
from pocketshelf_training.mine.categories.figures.photos import NAMES, Photo
from pocketshelf_training.mine.categories.purify.agreement import Bounds, Judged, judged
from pocketshelf_training.mine.categories.purify.purify import Fault, Rules, Verdict, purified
from pocketshelf_training.mine.vectors import Embedded

__all__ = [
    "SEEDS",
    "Seen",
    "chosen",
    "fault_figures",
    "heads",
    "over_seeds",
    "purity_figures",
    "rule_figures",
    "verdicts_on",
]

SEEDS = 5
# Photos that are asked for faults.
FAULTS = 500
# The 97.5 percentile of Student's t with four degrees of freedom.
STUDENT = 2.776
AGREEMENT = (0.0, 0.003, 0.01, 0.02, 0.05, 0.1)
DISTANCE = (1.2, 1.3, 1.4, 1.5, 1.6, 9.0)
NEIGHBOURS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
# On the part where bounds are chosen: the purity that they must reach.
WANTED = 0.96
# The bound on neighbours that is shown beside what ships, which has none.
TRIED = 0.05
OPEN = Bounds(0.0, 1e9, 0.0)


@dataclass(frozen=True)
class Seen:
    """The pool of photos as one network sees it."""

    pool: Sequence[Photo]
    embedded: Embedded
    prints: np.ndarray

    def judged(self, mixed: Noisy, seed: int) -> Judged:
        return judged(self.embedded.vectors[mixed.rows], mixed.given, len(NAMES), seed)


def over_seeds(values: Sequence[float]) -> Figure:
    """The mean of one share a seed, with Student's 95 % interval."""
    sample = np.asarray(values, float)
    half = STUDENT * float(sample.std(ddof=1)) / np.sqrt(len(sample)) if len(sample) > 1 else 0.0
    mean = float(sample.mean())
    return Figure(mean, max(mean - half, 0.0), min(mean + half, 1.0), len(sample))


def chosen(seen: Seen, mix: Mix, seeds: int = SEEDS) -> dict[str, Any]:
    """The five bounds that keep most good pictures at a purity of `WANTED`, on the part to choose by.

    A bound that alone drops more right labels than wrong ones is not worth it: it is opened, and the others
    are chosen anew.
    """
    parts = [noisy(seen.pool, "choose", mix, seed) for seed in range(seeds)]
    said = [seen.judged(mixed, seed) for seed, mixed in enumerate(parts)]
    grid: dict[str, tuple[float, ...]] = {
        "agreement": AGREEMENT,
        "distance": DISTANCE,
        "neighbours": NEIGHBOURS,
    }
    opened: dict[str, float] = {}
    while True:
        best = _best(grid, parts, said)
        worth = _worth(Bounds(*best[0][:3]), parts, said)
        poor = [name for name, share in worth.items() if share < 0.5 and len(grid[name]) > 1]
        if not poor:
            break
        name = min(poor, key=lambda each: worth[each])
        opened[name] = round(worth[name], 3)
        grid[name] = (getattr(OPEN, name),)
    return {
        "pictures": len(parts[0].rows),
        "opened": opened,
        "worth": {name: round(share, 3) for name, share in worth.items()},
        "best": [
            {**vars(Bounds(*bounds)), "purity": round(purity, 4), "kept": round(kept, 4)}
            for *bounds, purity, kept in best
        ],
    }


def _best(
    grid: Mapping[str, Sequence[float]], parts: Sequence[Noisy], said: Sequence[Judged]
) -> list[tuple[float, ...]]:
    """The five best: agreement, distance, neighbours, purity, share of the good kept."""
    rows: list[tuple[float, ...]] = []
    for values in itertools.product(*grid.values()):
        within = [each.within(Bounds(*values)) for each in said]
        purity = np.mean([_purity(w, each.good) for w, each in zip(within, parts, strict=True)])
        kept = np.mean([_kept(w, each.good) for w, each in zip(within, parts, strict=True)])
        rows.append((*values, float(purity), float(kept)))
    enough = [row for row in rows if row[3] >= WANTED] or rows
    return sorted(enough, key=lambda row: -row[4])[:5]


def _worth(bounds: Bounds, parts: Sequence[Noisy], said: Sequence[Judged]) -> dict[str, float]:
    """Of the pictures that each bound alone drops, the share of wrong labels; 1 where it drops none."""
    found = {}
    for name in vars(bounds):
        without = replace(bounds, **{name: getattr(OPEN, name)})
        alone = [each.within(without) & ~each.within(bounds) for each in said]
        wrong = np.concatenate([~p.good[rows] for p, rows in zip(parts, alone, strict=True)])
        found[name] = float(wrong.mean()) if len(wrong) else 1.0
    return found


def verdicts_on(seen: Seen, mixed: Noisy) -> list[Verdict]:
    """By all rules, as the command has them, but for faults of photos."""
    embedded = replace(
        seen.embedded,
        pictures=[seen.embedded.pictures[row] for row in mixed.rows],
        vectors=seen.embedded.vectors[mixed.rows],
        shares=seen.embedded.shares[mixed.rows],
    )
    return purified(embedded, mixed.given, NAMES, seen.prints[mixed.rows], Rules())


def _purity(kept: np.ndarray, good: np.ndarray) -> float:
    return float(good[kept].mean()) if kept.any() else 1.0


def _kept(kept: np.ndarray, good: np.ndarray) -> float:
    return float(kept[good].mean())


def purity_figures(
    mixes: Sequence[Noisy], kept: Sequence[np.ndarray], pool: Sequence[Photo]
) -> dict[str, Any]:
    """Purity before and after, shares kept of good, of moved labels, of strangers; by label and kind."""
    kinds = np.array([each.kind for each in pool])
    both = list(zip(mixes, kept, strict=True))
    of_kind = {
        str(kind): [keep[m.stranger & (kinds[m.rows] == kind)].mean() for m, keep in both]
        for kind in np.unique(kinds[kinds != "clothing"])
    }
    return {
        "pictures": len(mixes[0].rows),
        "before": over_seeds([m.good.mean() for m, _ in both]),
        "after": over_seeds([_purity(keep, m.good) for m, keep in both]),
        "good kept": over_seeds([_kept(keep, m.good) for m, keep in both]),
        "moved kept": over_seeds([keep[~m.good & ~m.stranger].mean() for m, keep in both]),
        "strangers kept": {kind: over_seeds(shares) for kind, shares in of_kind.items()},
        "labels": {name: _of_label(both, number) for number, name in enumerate(NAMES)},
    }


def _of_label(both: Sequence[tuple[Noisy, np.ndarray]], label: int) -> dict[str, Figure]:
    own = [(m, keep, m.given == label) for m, keep in both]
    return {
        "before": over_seeds([m.good[of].mean() for m, _, of in own]),
        "after": over_seeds([_purity(keep & of, m.good) for m, keep, of in own]),
        "good kept": over_seeds([keep[m.good & of].mean() for m, keep, of in own]),
    }


def rule_figures(seen: Seen, mixes: Sequence[Noisy]) -> dict[str, dict[str, Figure]]:
    """Purity after and share of the good kept by each bound alone, and with that on neighbours."""
    ours = Bounds()
    said = [seen.judged(mixed, seed) for seed, mixed in enumerate(mixes)]
    ways = {
        "agreement and distance, which ship": ours,
        "agreement alone": replace(OPEN, agreement=ours.agreement),
        "distance alone": replace(OPEN, distance=ours.distance),
        f"neighbours alone, {TRIED:g}": replace(OPEN, neighbours=TRIED),
        f"all three, neighbours {TRIED:g}": replace(ours, neighbours=TRIED),
    }
    return {
        way: {
            "after": over_seeds(
                [_purity(s.within(bounds), m.good) for s, m in zip(said, mixes, strict=True)]
            ),
            "good kept": over_seeds(
                [_kept(s.within(bounds), m.good) for s, m in zip(said, mixes, strict=True)]
            ),
        }
        for way, bounds in ways.items()
    }


def fault_figures(pool: Sequence[Photo], fault: Fault) -> dict[str, Any]:
    """Of good garments of the part to measure with, how many are said to be faulty photos, and of what."""
    garments = [each for each in pool if each.part == "measure" and each.label >= 0]
    some = [garments[row] for row in np.random.default_rng(0).permutation(len(garments))[:FAULTS]]
    faults = [fault(each.path) for each in some]
    said = Counter(part.rsplit(" ", 1)[0] for each in faults if each for part in each.split(", "))
    return {"photos": len(some), "faulty": sum(map(bool, faults)), "said": dict(said.most_common())}


def heads(
    seen: Seen, mixes: Sequence[Noisy], kept: Sequence[np.ndarray], log: Callable[[str], None]
) -> dict[str, dict[str, Figure]]:
    """Accuracy on split val of heads on frozen features, by what they learnt from; intervals over photos."""
    from sklearn.exceptions import ConvergenceWarning

    labels = np.array([each.label for each in seen.pool])
    asked = np.flatnonzero(np.array([each.part for each in seen.pool]) == "val")
    asked = asked[labels[asked] >= 0]
    found: dict[str, dict[str, Figure]] = {}
    for name, make in _heads().items():
        right: dict[str, list[np.ndarray]] = {"raw labels": [], "purified labels": [], "true labels": []}
        for seed, (mixed, keep) in enumerate(zip(mixes, kept, strict=True)):
            ways = {
                "raw labels": (mixed.rows, mixed.given),
                "purified labels": (mixed.rows[keep], mixed.given[keep]),
                "true labels": (mixed.rows[~mixed.stranger], labels[mixed.rows[~mixed.stranger]]),
            }
            for way, (rows, given) in ways.items():
                with warnings.catch_warnings():  # So many epochs are wanted, converged or not.
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    model = make(seed).fit(seen.embedded.vectors[rows], given)
                right[way].append(model.predict(seen.embedded.vectors[asked]) == labels[asked])
            log(f"{name}, seed {seed}")
        means = {way: np.mean(of, axis=0) for way, of in right.items()}
        found[name] = {
            **{way: mean_with_interval(each) for way, each in means.items()},
            "purified - raw": mean_with_interval(means["purified labels"] - means["raw labels"]),
        }
    return found


def _heads() -> dict[str, Callable[[int], Any]]:
    """By name; their settings are scikit-learn's, or were fixed before anything was measured."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline

    def on_components(head: Any, seed: int) -> Any:
        return make_pipeline(PCA(128, whiten=True, random_state=seed), head)

    return {
        "linear": lambda seed: on_components(LogisticRegression(max_iter=1000), seed),
        "MLP of 256": lambda seed: on_components(
            MLPClassifier((256,), max_iter=60, tol=0.0, n_iter_no_change=60, random_state=seed), seed
        ),
    }
