"""What people type by mistake: empty names, a picture for a list of paths, attributes that no product has."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

PHOTO = Path("pictures", "red.png")


@pytest.fixture
def store(shop: Path, call: Any) -> Path:
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    return shop / "store"


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize(
    ("argv", "which"),
    [
        (["search", "", "--store", "s"], "PHOTO"),
        (["search", "a.jpg", "--store", ""], "--store"),
        (["search", "a.jpg", "--store="], "--store"),
        (["build", "catalogue.csv", "--store", ""], "--store"),
        (["build", "", "--store", "s"], "CATALOGUE.csv"),
        (["embed", "a.jpg", "--out", ""], "--out"),
        (["search", "a.jpg", "--store", "s", "--annotate", ""], "--annotate"),
    ],
)
def test_an_empty_name_is_not_the_folder_one_is_in(
    shop: Path, call: Any, monkeypatch: pytest.MonkeyPatch, argv: list[str], which: str
) -> None:
    """A variable that is not set had the shelf built into the folder one was in, or its photos searched."""
    monkeypatch.chdir(shop)
    before = sorted(shop.iterdir())
    code, out, err = call(*argv)
    assert (code, out) == (2, "") and f"argument {which}: is empty" in last_line(err)
    assert sorted(shop.iterdir()) == before


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_on_standard_input_is_told_from_a_list_of_paths(
    store: Path, call: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (80, 60, 3), np.uint8)
    Image.fromarray(noise).save(picture := io.BytesIO(), kind)
    text = io.TextIOWrapper(io.BytesIO(picture.getvalue()), "utf-8", "surrogateescape")
    monkeypatch.setattr(sys, "stdin", text)
    code, out, err = call("search", "-", "--store", store)
    assert (code, out) == (2, "") and err.count("\n") == 1 and "this is a picture itself" in err


def test_without_standard_input_there_are_no_paths(
    store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, out, err = call("search", "-", "--store", store)
    assert (code, out) == (2, "") and "and there is none" in err


def test_what_no_product_states_is_said(shop: Path, call: Any) -> None:
    lines = (shop / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    branded = [f"{lines[0]},brand", *(f"{line},Acme" for line in lines[1:])]
    (shop / "catalogue.csv").write_text("\n".join(branded), encoding="utf-8")
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    ask = ["search", shop / PHOTO, "--store", shop / "store", "--json", "--where"]
    code, out, err = call(*ask, "Brand=Acme")
    assert code == 0 and out.count("\n") == 1
    said = f"no product of {shop}/store states Brand=Acme; what its products state: brand, shade"
    assert err == f"pocketshelf: {said}\n"
    _, _, err = call(*ask, "brand=Other")
    assert err.endswith("states brand=Other; of brand there are acme\n")
    assert call(*ask, "brand=acme")[2] == ""


@pytest.mark.skipif(os.name != "posix", reason="names are bytes")
def test_a_store_s_name_may_be_no_text(shop: Path, call: Any) -> None:
    store = Path(os.fsdecode(os.fsencode(shop) + b"/shelf\xe9"))
    for argv in (
        ["build", shop / "catalogue.csv"],
        ["search", shop / PHOTO],
        ["status"],
        ["verify"],
    ):
        assert call(*argv, "--store", store)[0] == 0, argv


def test_what_cannot_be_written_is_refused_before_the_photos(store: Path, call: Any, tmp_path: Path) -> None:
    for argv in (
        ["embed", "a.jpg", "--out", os.devnull],
        ["embed", "a.jpg", "--out", tmp_path],
        ["search", "a.jpg", "--store", store, "--html", os.devnull],
    ):
        code, out, err = call(*argv)
        assert (code, out) == (2, "") and err.count("\n") == 1 and "name a file in a folder" in err
