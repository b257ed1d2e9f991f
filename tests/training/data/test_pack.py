"""A smaller copy of the real photos: the loaders read it, and split test stays behind."""

import argparse
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery, pack


def packed(data: Path, out: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    pack.add_arguments(parser)
    given = ["--data", str(data), "--out", str(out), "--set", "grocery", "--size", "24"]
    return pack.run(parser.parse_args([*given, *more]))


def test_the_copy_is_read_as_the_original_is(drawn_data: Path, tmp_path: Path) -> None:
    assert packed(drawn_data, tmp_path / "copy") == 0
    ours, theirs = grocery.load(tmp_path / "copy"), grocery.load(drawn_data)
    assert [(s.identity, s.split) for s in ours] == [(s.identity, s.split) for s in theirs]
    there = {s.split for s in ours if s.image.exists()}
    assert there and "test" not in there
    with Image.open(next(s.image for s in ours if s.image.exists())) as image:
        assert image.size == (24, 24) and image.format == "WEBP"


def test_the_original_is_never_written_over(drawn_data: Path) -> None:
    with pytest.raises(UsageError, match="is the original"):
        packed(drawn_data, drawn_data)
