"""Products that no training saw: known vectors give known figures."""

from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.pages.unseen import Row, measured, rows_of, samples_of

# Item → the angle of its gallery picture in degrees.
GALLERY = {"a": 0, "b": 30, "c": 90}


def at(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


def samples() -> list[Sample]:
    shown = [Sample(Path(f"g{angle}"), "train", "shop", item, "upper") for item, angle in GALLERY.items()]
    queries = [(5, "a", "test"), (20, "a", "test"), (80, "c", "test"), (40, "a", "val")]
    return shown + [Sample(Path(f"q{d}"), split, "street", item, "upper") for d, item, split in queries]


def vector(path: Path) -> np.ndarray:
    return at(float(path.name[1:]))


def test_known_vectors_give_known_figures() -> None:
    found = measured(Row("angles", vector, vector), samples(), "test")
    assert found["queries"] == 3 and found["gallery"] == 3
    assert found["R@1"].value == pytest.approx(2 / 3) and found["R@5"].value == 1.0
    assert found["mAP"].value == pytest.approx((1 + 0.5 + 1) / 3)
    assert found["categories"] == {"upper": {"queries": 3, "R@1": pytest.approx(2 / 3)}}


def test_the_split_says_which_are_asked() -> None:
    row = Row("angles", vector, vector)
    assert measured(row, samples(), "val")["R@1"].value == 0.0
    assert measured(row, samples(), "all")["queries"] == 4
    with pytest.raises(UsageError, match="no queries of split train"):
        measured(row, samples(), "train")


def test_what_cannot_be_is_named() -> None:
    with pytest.raises(UsageError, match="--row plain: write NAME=MODEL"):
        rows_of(["plain"])
    with pytest.raises(UsageError, match="lite9"):
        rows_of(["x=imagenet:lite9"])
    with pytest.raises(UsageError, match="--set toys: there are shop"):
        samples_of("toys", None)
