"""``pocketshelf-train compare`` on the drawn shop: ways, differences and what cannot be compared."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf.formats.enrolment import Enrolment, save_enrolment
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.pages import compare


@pytest.fixture(scope="module")
def other(checkpoint: Path, tmp_path_factory) -> Path:
    """The same network but for its embedding, whose numbers come in reverse: not of the same space."""
    known = load_checkpoint(checkpoint)
    state = known.state | {"embedding.weight": known.state["embedding.weight"].flip(0)}
    path = tmp_path_factory.mktemp("other") / "other.pt"
    save_checkpoint(path, "embedder", known.config, state)
    return path


def run(tmp_path: Path, drawn_shop: Path, *options: str) -> dict:
    parser = argparse.ArgumentParser()
    compare.add_arguments(parser)
    page = tmp_path / "page.md"
    fixed = [f"--data-set=csv={drawn_shop}", f"--cache={tmp_path / 'cache'}", f"--write={page}"]
    assert compare.run(parser.parse_args([*options, *fixed])) == 0
    return json.loads(page.with_suffix(".json").read_text())


def test_a_gallery_of_another_space_is_worse_and_the_difference_says_by_how_much(
    checkpoint: Path, other: Path, drawn_shop: Path, tmp_path: Path
) -> None:
    ways = (f"--way=own={checkpoint}", f"--way=mirrored={other}", f"--way=mixed={checkpoint}:{other}")
    found = run(tmp_path, drawn_shop, *ways)["searches"]["street → shop"]
    own, mirrored, mixed = (found["ways"][name]["R@5"][0] for name in ("own", "mirrored", "mixed"))
    assert own == mirrored == 0.9  # one of ten photos cannot be read
    differences = found["differences"]
    assert differences["mirrored − own"]["R@1"][:3] == [0, 0, 0]
    first = found["ways"]
    gap = first["mixed"]["R@1"][0] - first["own"]["R@1"][0]
    assert differences["mixed − own"]["R@1"][0] == pytest.approx(gap)
    assert mixed == 0.9  # all five are among the first five, in whatever order


def test_only_products_that_were_left_out_are_asked_for(
    checkpoint: Path, drawn_shop: Path, tmp_path: Path
) -> None:
    found = run(tmp_path, drawn_shop, f"--way=own={checkpoint}", f"--left-out={checkpoint}")["searches"]
    assert [(each["photos"], each["gallery"]) for each in found.values()] == [(4, 5), (4, 2)]


def test_vectors_of_other_lengths_are_not_compared(
    checkpoint: Path, drawn_shop: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = Embedder(["Red things", "Green things"], dimension=8, size=64)
    save_checkpoint(tmp_path / "short.pt", "embedder", model.config, model.state_dict())
    with pytest.raises(UsageError, match=r"\[8, 16\] numbers are not of one space"):
        run(tmp_path, drawn_shop, f"--way=mixed={checkpoint}:{tmp_path / 'short.pt'}")


def test_an_enrolment_adjusts_the_gallery(checkpoint: Path, drawn_shop: Path, tmp_path: Path) -> None:
    model = load_checkpoint(checkpoint)
    dimension = model.config["dimension"]
    hostile = -np.eye(dimension, dtype=np.float32)[:1].repeat(10, 0)
    save_enrolment(tmp_path / "e.npz", Enrolment(hostile, 1.0, -5.0))  # all pictures go to one place
    ways = (f"--way=own={checkpoint}", f"--way=lost={checkpoint}::{tmp_path / 'e.npz'}")
    found = run(tmp_path, drawn_shop, *ways)["searches"]["street → shop"]
    assert found["ways"]["lost"]["R@1"][0] < found["ways"]["own"]["R@1"][0]


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--way=x.pt"], "write NAME=MODEL"), (["--way=a=x.pt", "--difference=a,b"], "write two of a")],
)
def test_wrong_options_get_one_clear_line(
    options: list[str], message: str, drawn_shop: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=message):
        run(tmp_path, drawn_shop, *options)
