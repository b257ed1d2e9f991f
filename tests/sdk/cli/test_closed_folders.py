"""Folders that may not be read or written: told before the work, or beside what was found."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def store(shop: Path, call: Any) -> Path:
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    return shop / "store"


def test_a_folder_that_cannot_be_read_is_told(
    shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pictures were left out without a word; one given by its name was said to have none."""
    closed, hidden = shop / "pictures" / "closed", shop / "pictures" / ".closed"
    closed.mkdir()
    hidden.mkdir()
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if Path(path).name.endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    code, out, err = call("search", shop / "pictures", "--store", store, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [line["photo"] for line in found if "error" in line] == [str(closed)]
    assert code == 1 and len(found) > 1
    assert f"{closed}: this folder cannot be read" in err and str(hidden) not in err
    code, out, err = call("search", closed, "--store", store)
    assert (code, out) == (1, "") and "cannot be read" in err and "no pictures" not in err


@pytest.mark.parametrize("options", [["--html", "locked/found.html"], ["--annotate", "locked/new/drawn"]])
def test_what_cannot_be_written_is_found_out_before_the_search(
    options: list[str], shop: Path, store: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of a thousand photos was refused when all of them had been searched."""

    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied", "locked/x")

    monkeypatch.chdir(shop)
    (shop / "locked").mkdir()
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    code, out, err = call("search", "pictures/red.png", "--store", store, *options)
    assert (code, out) == (1, "")
    assert err == f"pocketshelf: {' '.join(options)}: cannot be written (Permission denied)\n"


def test_a_folder_of_drawings_within_a_file_is_found_out_before_the_search(
    shop: Path, store: Path, call: Any
) -> None:
    where = shop / "catalogue.csv" / "drawn"
    code, out, err = call("search", shop / "pictures/red.png", "--store", store, "--annotate", where)
    assert (code, out, err) == (2, "", f"pocketshelf: --annotate {where}: is no folder\n")
