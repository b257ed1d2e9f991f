"""Leave-products-out over draws, on drawn things."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from test_enrolment_fit import grocery

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.pages import left_out
from pocketshelf_training.pages.left_out import mean_of_draws

__all__ = ["grocery"]


def run(*given: str) -> int:
    parser = argparse.ArgumentParser()
    left_out.add_arguments(parser)
    return left_out.run(parser.parse_args(given))


def test_draws_are_measured_and_averaged(
    grocery: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = load_checkpoint(checkpoint)
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, again.kind, again.config, again.state, {**again.meta, "left_out": ["p0"]})
    options = [f"--data={grocery}", f"--cache={tmp_path / 'cache'}", "--split=val", "--json"]
    assert run(f"--draw={checkpoint}", f"--draw={other}", *options) == 0
    said = capsys.readouterr().out
    found = json.loads(said[said.index("{\n") :])
    assert [draw["left_out"] for draw in found["draws"]] == [2, 1]
    assert [draw["photos"] + draw["known_photos"] for draw in found["draws"]] == [5, 5]
    assert found["draws"][1]["rows"]["plain"]["own"] == 1.0, "one product alone is always found"
    assert set(found["means"]) == {"plain", "enrolled", "enrolled, at a point"}
    plain, priced = (found["means"][row]["known"]["value"] for row in ("plain", "enrolled, at a point"))
    assert priced >= plain - left_out.COST, "the price is chosen on val, which is the split asked here"


def test_a_training_that_left_nothing_out_is_refused(grocery: Path, checkpoint: Path, tmp_path: Path) -> None:
    again = load_checkpoint(checkpoint)
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, again.kind, again.config, again.state, {**again.meta, "left_out": []})
    with pytest.raises(UsageError, match="its training left no product out"):
        run(f"--draw={other}", f"--data={grocery}", f"--cache={tmp_path / 'cache'}", "--split=val")


def test_the_interval_is_student_s() -> None:
    found = mean_of_draws([0.4, 0.5, 0.6])
    assert found.value == pytest.approx(0.5)
    assert found.high == pytest.approx(0.5 + 4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert mean_of_draws([0.4]).low == 0.4


def test_what_is_fitted_a_seed_is_measured_without_a_training(
    grocery: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, set[str]]] = []

    def features(model: str, root: str | None, hidden: set[str]) -> Callable[[Sample], np.ndarray]:
        asked.append((model, hidden))

        def embed(sample: Sample) -> np.ndarray:
            seed = int(str(sample.identity)[1:]) if model.startswith("lda") else 0
            drawn = np.random.default_rng(seed).normal(size=8).astype(np.float32)
            return drawn / np.linalg.norm(drawn)

        return embed

    monkeypatch.setattr(left_out, "features_of", features)
    monkeypatch.setattr(left_out, "SHARE", 0.5)
    rows = ["--row=all alike=imagenet:lite0@224", "--row=told apart=lda:lite0@224", "--seeds=3"]
    assert run(*rows, f"--data={grocery}", "--split=val", "--json") == 0
    said = capsys.readouterr().out
    found = json.loads(said[said.index("{\n") :])
    assert [draw["name"] for draw in found["draws"]] == ["seed 0", "seed 1", "seed 2"]
    assert found["means"]["told apart, plain"]["all"]["value"] == 1.0
    assert found["means"]["all alike, plain"]["all"]["value"] < 1.0
    hidden = [hidden for model, hidden in asked if model.startswith("lda")]
    assert [len(each) for each in hidden] == [draw["left_out"] for draw in found["draws"]]
    assert len({tuple(sorted(each)) for each in hidden}) > 1, "each seed leaves others out"


def test_a_row_that_is_not_fitted_here_is_refused(grocery: Path) -> None:
    with pytest.raises(UsageError, match="write NAME=imagenet:lite0@224 or NAME=lda:lite0@224"):
        run("--row=one=models/universal", f"--data={grocery}")
