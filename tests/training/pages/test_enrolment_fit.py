"""``pocketshelf-train enrolment``: what it writes, and how it chooses."""

import argparse
import csv
from pathlib import Path

import numpy as np
import pytest

from evaluate_shop import COLOURS, draw
from fake_models import make_bundle
from pocketshelf.errors import UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.enrolment import load_enrolment
from pocketshelf_training.embedder import enrolment


@pytest.fixture
def grocery(tmp_path: Path) -> Path:
    """The drawn things as the grocery data set lays them out: a photo each in train and val."""
    folder = tmp_path / "data" / "grocery"
    folder.mkdir(parents=True)
    products, photos = [["product_id", "category", "image"]], [["photo", "product_id", "split"]]
    for number, colour in enumerate(COLOURS):
        draw(colour, 0).save(folder / f"{number}.png")
        products.append([f"p{number}", "Red things", f"{number}.png"])
        for split, shift in (("train", 2), ("val", 3)):
            draw(colour, shift, 230).save(folder / f"{number}-{split}.png")
            photos.append([f"{number}-{split}.png", f"p{number}", split])
    for name, rows in (("products.csv", products), ("photos.csv", photos)):
        with (folder / name).open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    return folder.parent


def run(grocery: Path, checkpoint: Path, out: Path, *options: str) -> int:
    parser = argparse.ArgumentParser()
    enrolment.add_arguments(parser)
    fixed = [f"--model={checkpoint}", f"--data={grocery}", f"--out={out}", f"--cache={out.parent / 'cache'}"]
    return enrolment.run(parser.parse_args([*fixed, *options]))


def test_photos_of_products_left_out_are_not_in_it(
    grocery: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(grocery, checkpoint, tmp_path / "e.npz") == 0
    found = load_enrolment(tmp_path / "e.npz")
    assert found.photos.shape == (3, 16)  # the checkpoint left p1 and p3 of five out
    said = capsys.readouterr().out
    assert said.count("harmonic mean") == len(enrolment.MARGINS)
    assert found.weight in enrolment.WEIGHTS
    assert found.margin in enrolment.MARGINS
    assert found.trained(found.pictures).all() and found.pictures.shape == (3, 16)


def test_a_given_weight_is_taken(grocery: Path, checkpoint: Path, tmp_path: Path) -> None:
    assert run(grocery, checkpoint, tmp_path / "e.npz", "--weight", "0.25") == 0
    given = load_enrolment(tmp_path / "e.npz")
    assert (given.weight, given.margin) == (0.25, 0)
    assert run(grocery, checkpoint, tmp_path / "e.npz", "--margin", "0.08") == 0
    assert load_enrolment(tmp_path / "e.npz").margin == pytest.approx(0.08)
    with pytest.raises(SystemExit) as stop:
        run(grocery, checkpoint, tmp_path / "e.npz", "--weight", "7")
    assert stop.value.code == 2


def test_a_bundle_takes_it_in(grocery: Path, tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "bundle").folder
    options = [f"--data={grocery}", f"--cache={tmp_path / 'cache'}", "--weight=0.5"]
    parser = argparse.ArgumentParser()
    enrolment.add_arguments(parser)
    assert enrolment.run(parser.parse_args([*options, f"--model={folder}"])) == 0
    bundle = load_bundle(folder)
    assert bundle.enrolment_path is not None
    assert load_enrolment(bundle.enrolment_path).photos.shape == (5, 16)
    with pytest.raises(UsageError, match="--out"):
        enrolment.run(parser.parse_args([*options, "--model=x.pt"]))


def test_the_figure_balances_known_and_new_products() -> None:
    new = np.array([False, False, True, True])
    assert enrolment.figure(~new, new)[0] == 0  # all known ones right, no new one
    balanced, said = enrolment.figure(np.array([True, False, True, True]), new)
    assert balanced == pytest.approx(2 * 0.5 * 1 / 1.5)
    assert "0.500 of known products, 1.000 of new ones (2 and 2 val photos)" in said
    assert enrolment.figure(np.array([True, False]), np.zeros(2, bool))[0] == 0.5
