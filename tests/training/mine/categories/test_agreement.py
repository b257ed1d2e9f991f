"""Wrong labels among points around centres are found; what cannot be judged harms nobody."""

from __future__ import annotations

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf_training.mine.categories.purify.agreement import Bounds, judged
from pocketshelf_training.mine.categories.purify.classes import Classes, calibrated
from pocketshelf_training.mine.categories.purify.purify import (
    ALONE,
    BUNDLE,
    FAR,
    FAULT,
    FEW,
    OTHER,
    TWIN,
    Rules,
    Verdict,
    purified,
)
from pocketshelf_training.mine.vectors import Embedded, embedded_of

NAMES = ("A", "B", "C")
CENTRES = np.eye(3, 16)


def points(each: int = 40, seed: int = 0) -> tuple[Embedded, np.ndarray]:
    return blobs(CENTRES, each, 0.15, seed), np.repeat(np.arange(3), each)


def prints(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(1, 2**63, (count, 2), dtype=np.uint64)


def ruled(embedded: Embedded, labels: np.ndarray, **more) -> list[Verdict]:
    found = more.pop("prints", prints(len(labels)))
    return purified(embedded, labels, NAMES, found, more.pop("rules", Rules()), **more)


@pytest.mark.parametrize("seed", range(3))
def test_moved_labels_are_found_and_good_ones_kept(seed: int) -> None:
    embedded, truth = points(each=80, seed=seed)
    given = truth.copy()
    moved = np.random.default_rng(seed).permutation(len(truth))[:72]
    given[moved] = (given[moved] + 1) % 3
    kept = np.array([not each.rule for each in ruled(embedded, given)])
    good = given == truth
    assert good[kept].mean() >= 0.97 and kept[good].mean() >= 0.9


def test_a_stranger_is_far_and_says_so() -> None:
    embedded, labels = points()
    vectors = embedded.vectors.copy()
    vectors[0] = -np.eye(3, 16)[0] + np.eye(16)[9]
    strange = embedded_of(embedded.pictures, vectors, embedded.shares, embedded.categories)
    verdict = ruled(strange, labels)[0]
    assert verdict.rule == FAR and "times as far" in verdict.why


def test_the_reason_names_the_likelier_label() -> None:
    embedded, labels = points()
    labels[0] = 2
    verdict = ruled(embedded, labels)[0]
    assert verdict.rule in (OTHER, FAR, ALONE)
    said = judged(embedded.vectors, labels, 3)
    assert said.shares[0].argmax() == 0 and said.agreement[0] < 0.15 and said.neighbours[0] < 0.1


def test_shares_sum_to_one_and_are_as_sure_as_they_are_right() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 3000)
    scores = rng.normal(size=(3000, 3))
    scores[np.arange(3000), labels] += 1.0
    shares = calibrated(scores * 50, labels, np.ones(3000, bool))
    assert np.allclose(shares.sum(1), 1)
    assert abs(shares.max(1).mean() - (shares.argmax(1) == labels).mean()) < 0.03


def test_classes_are_those_of_scikit_learn() -> None:
    from sklearn.covariance import LedoitWolf
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    embedded, labels = points()
    rows = embedded.vectors.astype(float)
    means = np.stack([rows[labels == n].mean(0) for n in range(3)])
    covariance = LedoitWolf(assume_centered=True).fit(rows - means[labels])
    theirs = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=covariance)
    classes = Classes.fit(rows, labels, 3)
    centred = (rows[:, None] - means[None]) @ np.linalg.cholesky(covariance.precision_)
    assert np.allclose(classes.distances(rows), (centred**2).sum(2), rtol=1e-4)
    said = classes.scores(classes.distances(rows)).argmax(1)
    assert (said == theirs.fit(rows, labels).predict(rows)).mean() > 0.98


def test_one_category_alone_is_judged_by_distance() -> None:
    embedded, labels = points()
    rows = labels == 0
    one = embedded_of(
        [embedded.pictures[n] for n in np.flatnonzero(rows)],
        embedded.vectors[rows],
        embedded.shares[rows],
        embedded.categories,
    )
    verdicts = purified(one, labels[rows], NAMES[:1], prints(40), Rules())
    assert sum(not each.rule for each in verdicts) >= 36 and {each.rule for each in verdicts} <= {"", FAR}


def test_few_pictures_are_said_to_be_too_few() -> None:
    embedded, labels = points()
    keep = np.concatenate([np.arange(80), np.arange(80, 84)])
    some = embedded_of(
        [embedded.pictures[n] for n in keep], embedded.vectors[keep], embedded.shares[keep], ["x"]
    )
    verdicts = ruled(some, labels[keep])
    assert {each.rule for each in verdicts[80:]} == {FEW}
    assert verdicts[80].why == "C has 4 pictures, 10 are needed" and FEW not in {
        v.rule for v in verdicts[:80]
    }


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_picture(count: int) -> None:
    empty = embedded_of(
        points()[0].pictures[:count], np.ones((count, 4)), np.ones((count, 1), np.float32), ["x"]
    )
    verdicts = purified(empty, np.zeros(count, int), NAMES, prints(count), Rules())
    assert [each.rule for each in verdicts] == [FEW] * count


def test_twins_leave_the_best_found_and_of_two_labels_the_likelier() -> None:
    embedded, labels = points()
    found = prints(len(labels))
    found[5] = found[2]  # Both are A's.
    found[50] = found[3]  # B's, and A's.
    vectors = embedded.vectors.copy()
    vectors[50] = 0.2 * CENTRES[1] + 0.8 * CENTRES[0]
    strange = embedded_of(embedded.pictures, vectors, embedded.shares, embedded.categories)
    verdicts = ruled(strange, labels, prints=found, rules=Rules(Bounds(0.0, 1e9, 0.0)))
    assert [n for n, each in enumerate(verdicts) if each.rule == TWIN] == [5, 50]
    assert verdicts[5].why == "as 2.jpg" and verdicts[50].why == "as 3.jpg"


def test_a_fault_of_the_photo_is_said_as_it_is() -> None:
    embedded, labels = points()
    verdicts = ruled(embedded, labels, fault=lambda path: "too dark" if path.name == "7.jpg" else "")
    assert (verdicts[7].rule, verdicts[7].why) == (FAULT, "too dark")
    assert FAULT not in {each.rule for n, each in enumerate(verdicts) if n != 7}


def test_the_bundles_own_word_counts_where_it_knows_both() -> None:
    embedded, labels = points()
    shares = np.tile(np.float32([0.01, 0.99]), (len(labels), 1))
    knows = embedded_of(embedded.pictures, embedded.vectors, shares, ["a", "B"])
    rules = [each.rule for each in ruled(knows, labels)]
    assert set(rules[:40]) <= {BUNDLE, FAR, OTHER, ALONE} and BUNDLE in rules[:40]
    assert BUNDLE not in rules[40:], "B is what it says, and C it does not know"
