"""What is published of a bundle: the results page, the model card and the settings that are chosen on val."""

import argparse
import json
import re
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle
from pocketshelf_training.__main__ import COMMANDS
from pocketshelf_training.metrics.average_precision import Boxes
from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.pages import card, results, run, tune
from pocketshelf_training.pages.page import table


def evaluate(bundle, real_photos, tmp_path, *options: str) -> dict:
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    page = tmp_path / "page.md"
    fixed = [f"--bundle={bundle.folder}", f"--data={real_photos}", f"--cache={tmp_path / 'cache'}"]
    assert run.run(parser.parse_args([*fixed, f"--write={page}", *options])) == 0
    assert page.read_text().startswith("# Results")
    return json.loads(page.with_suffix(".json").read_text())


def test_the_results_of_a_bundle(bundle, real_photos, tmp_path, capsys):
    found = evaluate(bundle, real_photos, tmp_path)
    assert list(found["grocery"]) == ["val", "test"]
    ways = found["grocery"]["test"]
    assert list(ways) == ["whole", "detection"]
    assert ways["whole"]["R@1"] == [1.0, 1.0, 1.0, 5]
    # The model says red of red and yellow, green of green and turquoise; blue things are hats to it.
    assert ways["whole"]["category top-1"][0] == pytest.approx(4 / 5)
    assert found["clothing"]["val"]["top-1"][0] == pytest.approx(2 / 3)  # the red hat is missed
    assert found["exact"]["val"]["int8"]["photo → training photos"]["mAP"][3] == 5
    int8, by_float = found["street"].values()
    assert (int8["map50"], int8["photos"], int8["groups"]) == (1.0, 1, {"upper": 1.0})
    assert by_float["photos"] == 1
    assert found["files"]["embedder.fake"] == bundle.embedder_path.stat().st_size
    assert "| test (5) | whole | 1.000 (1.000 to 1.000) |" in capsys.readouterr().out


def test_the_embedder_alone_is_asked_both_ways(real_photos, checkpoint, tmp_path):
    found = results.exact_figures(real_photos, checkpoint, "test", tmp_path / "cache")
    assert list(found) == ["street → shop", "photo → training photos"]
    for figures in found.values():
        assert list(figures) == ["R@1", "R@5", "R@10", "R@20", "mAP"]
        assert figures["R@20"].value == 1.0 and figures["R@1"].photos == 5


def test_only_the_splits_that_are_asked_for(bundle, real_photos, tmp_path):
    found = evaluate(bundle, real_photos, tmp_path, "--splits=val")
    assert list(found["grocery"]) == list(found["exact"]) == ["val"]


def test_a_photo_that_cannot_be_read_is_a_miss(bundle, real_photos, tmp_path, capsys):
    samples = results.grocery.photos("test", real_photos)
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    samples[0] = type(samples[0])(bad, "test", "street", samples[0].identity, samples[0].category)
    encoder = Encoder.open(bundle)
    with results.grocery_store(encoder, real_photos) as store:
        found = results.grocery_figures(store, encoder, samples, whole=False)
    assert found["R@10"].value == pytest.approx(4 / 5) and "bad.jpg" in capsys.readouterr().err


def test_the_card_publishes_the_results(bundle, real_photos, tmp_path, capsys):
    found = evaluate(bundle, real_photos, tmp_path)
    parser = argparse.ArgumentParser()
    card.add_arguments(parser)
    args = parser.parse_args([f"--bundle={bundle.folder}", f"--results={tmp_path / 'page.json'}"])
    assert card.run(args) == 0
    text = (bundle.folder / "CARD.md").read_text()
    assert "| grocery test, whole: R@1 | 1.000 (1.000 to 1.000) | 5 |" in text
    accuracy, low, high, _ = found["clothing"]["val"]["top-1"]
    assert f"| clothing val, ten labels: top-1 | {accuracy:.3f} ({low:.3f} to {high:.3f}) | 3 |" in text
    assert "| street val, mAP@0.5 over ten groups, int8, `pocketshelf detect` | 1.000 | 1 |" in text
    assert "(seed 3)" in text and "(seed 5)" in text and "First 256 pixels, then 320." in text
    assert f"Space `{bundle.space}`" in text and "`embedder.fake` | 0.00 | 64 x 64 | int8 |" in text


def test_the_card_s_commands_exist():
    commands = re.findall(r"^ +pocketshelf-train (.+)$", card.TEMPLATE.read_text(), re.MULTILINE)
    assert commands
    for given in commands:
        words = given.split()
        assert words[0] in COMMANDS or " ".join(words[:2]) in COMMANDS, given


def test_tune_writes_what_it_chose(bundle, real_photos, capsys):
    parser = argparse.ArgumentParser()
    tune.add_arguments(parser)
    args = parser.parse_args([f"--bundle={bundle.folder}", f"--data={real_photos}"])
    before = load_checkpoint(bundle.folder / "detector.npz")
    assert tune.run(args) == 0
    out = capsys.readouterr()
    chosen = json.loads(out.out)
    detector = load_bundle(bundle.folder).detector
    assert detector is not None
    assert (detector.score_threshold, detector.frame_weight) == tuple(chosen.values())
    assert chosen["score_threshold"] == min(tune.THRESHOLDS)  # all find the shirt: the first of equals
    record = load_checkpoint(bundle.folder / "detector.npz")
    named = {group: list(names) for group, names in detector.categories.items()}
    assert named and set(named) <= set(detector.groups)
    assert record.meta == {**before.meta, **chosen, "categories": named}
    assert all((record.state[name] == value).all() for name, value in before.state.items())
    assert out.err.count("frame weight") == len(tune.WEIGHTS)


def test_the_threshold_with_the_best_f1():
    """Half of the boxes are found at 0.5, where nothing is wrong; the rest at 0.2, with wrong ones."""
    truth = {Path("a"): Boxes(np.array([[0, 0, 10, 10], [20, 20, 30, 30]]), ["upper", "upper"])}
    far = [[50, 50, 60, 60], [60, 60, 70, 70], [80, 80, 90, 90]]
    boxes = np.concatenate([truth[Path("a")].boxes, far])
    found = {Path("a"): Boxes(boxes, ["upper"] * 5, np.array([0.5, 0.2, 0.2, 0.2, 0.2]))}
    assert tune.f1(truth, found, 0.15) == pytest.approx(2 * 2 / (5 + 2))
    assert tune.f1(truth, found, 0.4) == pytest.approx(2 * 1 / (1 + 2))
    assert tune.f1(truth, found, 0.6) == 0
    truth[Path("b")] = Boxes(boxes[:1], ["hat"])
    assert tune.f1(truth, found, 0.4) == pytest.approx((2 / 3 + 0) / 2)


def test_of_equal_weights_the_smaller():
    assert tune.best_weight({0.0: 0.5, 0.3: 0.75, 0.7: 0.75}) == 0.3
    assert tune.best_weight({0.0: 0.8, 0.3: 0.75}) == 0.0


def test_tables_keep_numbers_to_the_right():
    assert table(["name", ">AP"], [["hat", 0.5], ["bag", "–"]]).splitlines() == [
        "| name | AP |",
        "|---|---:|",
        "| hat | 0.5 |",
        "| bag | – |",
    ]
