"""A data set as a shop's CSV, as `adapt` reads it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pocketshelf_training.__main__ import main
from pocketshelf_training.adapt import listing
from pocketshelf_training.data.protocol import Sample


def listed(
    samples: list[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[dict], list[dict]]:
    monkeypatch.setattr(listing, "load_given", lambda given, root: ("covers", samples))
    files = folder / "shop.csv", folder / "photos.csv"
    assert main(["catalogue", "covers", "--out", str(files[0]), "--photos", str(files[1])]) == 0
    first, second = (list(csv.DictReader(file.open(encoding="utf-8"))) for file in files)
    return first, second


def samples_of(folder: Path, splits: tuple[str, str]) -> list[Sample]:
    return [
        Sample(folder / f"{domain}-{number}.jpg", split, domain, f"cover {number}", None)
        for number, split in enumerate(splits)
        for domain in ("shop", "street")
    ]


def test_a_set_of_one_split_and_no_category_can_be_adapted_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, photos = listed(samples_of(tmp_path, ("test", "test")), tmp_path, monkeypatch)
    assert [row["product_id"] for row in shop] == [row["product_id"] for row in photos]
    assert {row["category"] for row in shop} == {"covers"}
    assert "split" not in shop[0] and "split" not in photos[0]
    assert photos[0]["image"] == "street-0.jpg"


def test_neither_what_is_read_nor_its_other_file_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "photos.csv"
    own.write_text("image,product_id,domain\na.jpg,p1,shop\nb.jpg,p1,street\n")
    before, other = own.read_text(), str(tmp_path / "new.csv")
    for words in (["--out", str(own)], ["--out", other, "--photos", f"{tmp_path}/./photos.csv"]):
        assert main(["catalogue", f"csv={own}", *words]) == 1
        assert "that is what is read; name another file" in capsys.readouterr().err
    assert main(["catalogue", f"csv={own}", "--out", other, "--photos", other]) == 1
    assert "that is --out as well" in capsys.readouterr().err
    assert own.read_text() == before and not Path(other).exists()


def test_splits_are_told_where_there_are_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, _ = listed(samples_of(tmp_path, ("train", "test")), tmp_path, monkeypatch)
    assert [row["split"] for row in shop] == ["train", "test"]
