"""The figures on points whose truth is known: wrong labels, purity, heads, and the page made of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.mine.categories.figures import measure
from pocketshelf_training.mine.categories.figures.doubles import TRIED
from pocketshelf_training.mine.categories.figures.noise import MIXES, noisy
from pocketshelf_training.mine.categories.figures.page import TITLES, page
from pocketshelf_training.mine.categories.figures.photos import NAMES, Photo, photos
from pocketshelf_training.mine.vectors import embedded_of

EACH, STRANGERS = 60, 60


@pytest.fixture(scope="module")
def seen() -> measure.Seen:
    """Ten labels around centres, a third of each in every part, and strangers around others."""
    centres = np.eye(10, 160)
    known = blobs(centres, EACH, 0.06)
    others = blobs(np.eye(160)[20:80], 1, 0.06, seed=1)
    parts = ("choose", "measure", "val")
    pool = [Photo(Path(f"{n}"), "clothing", n // EACH, parts[n % 3]) for n in range(10 * EACH)]
    pool += [
        Photo(Path(f"s{n}"), ("grocery", "pattern")[n // 30], -1, parts[n % 2], frozenset({n % 10}))
        for n in range(STRANGERS)
    ]
    pictures = [*known.pictures, *others.pictures]
    vectors = np.concatenate([known.vectors, others.vectors])
    prints = np.random.default_rng(2).integers(1, 2**63, (len(pool), 2), dtype=np.uint64)
    return measure.Seen(
        pool, embedded_of(pictures, vectors, np.zeros((len(pool), 0), np.float32), ()), prints
    )


@pytest.mark.parametrize("mix", MIXES)
@pytest.mark.parametrize("part", ["choose", "measure", "val"])
def test_so_many_labels_are_wrong_as_is_said(seen: measure.Seen, part: str, mix) -> None:
    mixed = noisy(seen.pool, part, mix, 3)
    assert abs(mixed.good.mean() - (1 - mix.moved - mix.strangers)) < 0.01
    assert abs(mixed.stranger.mean() - mix.strangers) < 0.01 and not mixed.good[mixed.stranger].any()
    for row, given in zip(mixed.rows, mixed.given, strict=True):
        assert given not in seen.pool[row].barred
        assert seen.pool[row].part == part or seen.pool[row].label < 0
    again = noisy(seen.pool, part, mix, 3)
    assert (again.rows == mixed.rows).all() and (again.given == mixed.given).all()
    assert (noisy(seen.pool, part, mix, 4).rows != mixed.rows).any()


def test_strangers_to_choose_by_are_not_those_to_measure_with(seen: measure.Seen) -> None:
    mixes = {part: noisy(seen.pool, part, MIXES[0], 0) for part in ("choose", "measure")}
    first, second = ({int(row) for row in mix.rows[mix.stranger]} for mix in mixes.values())
    assert first and second and not first & second


def test_figures_are_those_counted_by_hand(seen: measure.Seen) -> None:
    mixes = [noisy(seen.pool, "measure", MIXES[0], seed) for seed in range(2)]
    kept = [np.arange(len(mix.rows)) % 3 > 0 for mix in mixes]
    found = measure.purity_figures(mixes, kept, seen.pool)
    after = [sum(m.good[k]) / sum(k) for m, k in zip(mixes, kept, strict=True)]
    good = [sum(m.good & k) / sum(m.good) for m, k in zip(mixes, kept, strict=True)]
    assert found["after"].value == pytest.approx(np.mean(after))
    assert found["good kept"].value == pytest.approx(np.mean(good))
    assert set(found["strangers kept"]) == {"grocery", "pattern"} and set(found["labels"]) == set(NAMES)


def test_an_interval_over_seeds_is_students() -> None:
    from scipy.stats import t

    values = [0.9, 0.92, 0.95, 0.91, 0.93]
    low, high = t.interval(0.95, 4, np.mean(values), np.std(values, ddof=1) / np.sqrt(5))
    assert measure.over_seeds(values)[:3] == pytest.approx((np.mean(values), low, high), abs=1e-4)


def test_the_page_says_what_was_measured(seen: measure.Seen) -> None:
    mixes = [noisy(seen.pool, "measure", MIXES[0], seed) for seed in range(2)]
    kept = [np.array([not v.rule for v in measure.verdicts_on(seen, mix)]) for mix in mixes]
    purity = measure.purity_figures(mixes, kept, seen.pool)
    assert purity["after"].value > 0.93 and purity["good kept"].value > 0.85
    learnt = measure.heads(seen, mixes, kept, lambda line: None)
    assert learnt["linear"]["purified labels"].value >= learnt["linear"]["raw labels"].value
    shares = {str(bits): {"grey": 0.5} for bits in TRIED}
    doubles = {"photos": 3, "found": shares, "said to be doubles": {str(bits): 0.01 for bits in TRIED}}
    figures = {
        "machine": "a machine",
        "commit": "abc",
        "bundle": "universal",
        "purity": {name: {mix.said: purity for mix in MIXES} for name in TITLES},
        "heads": {name: {MIXES[0].said: learnt} for name in ("imagenet", "universal")},
        "rules": measure.rule_figures(seen, mixes),
        "chosen": measure.chosen(seen, MIXES[0], 1),
        "doubles": {"bits": 8, "choose": doubles, "measure": doubles},
        "faults": {"photos": 9, "faulty": 2, "said": {"too dark": 2}, "commit": "abc"},
        "report": {"shown": 50, "right": 47, "close": 9, "close right": 4},
    }
    text = page(figures)
    assert not re.findall(r"\{[a-z_]+\}", text.replace("{query}", "")), "every part is filled in"
    assert (
        "Of the 50 dropped photos" in text
        and "its 9 close calls 4" in " ".join(text.split())
        and "too dark 2" in text
        and "| yes |" in text
    )
    json.dumps(plain(figures))
    assert isinstance(purity["after"], Figure)


def test_real_photos_are_dealt_as_the_page_says(real_photos: Path, tmp_path: Path) -> None:
    pool = photos(real_photos, tmp_path)
    parts = [each.part for each in pool if each.label >= 0]
    assert parts.count("val") == 341 and 0.27 < parts.count("choose") / (len(parts) - 341) < 0.33
    strangers = [each for each in pool if each.label < 0]
    assert {each.kind for each in strangers} == {"street crop", "grocery", "shop picture", "pattern"}
    assert all(each.path.is_file() for each in strangers) and len(strangers) > 1000
    shoes = [each for each in strangers if NAMES.index("Shoes") in each.barred]
    assert shoes and all(each.kind in ("street crop", "shop picture") for each in shoes)
