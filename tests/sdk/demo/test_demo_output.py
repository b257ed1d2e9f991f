"""The demo's folder: its own leftovers go, nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketshelf.demo.output import OutputFolder
from pocketshelf.errors import StoreError, UsageError


def test_a_fresh_folder_is_made_and_marked(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "a" / "b")
    output.prepare(None)
    output.write(output.page, "page")
    assert output.page.read_text() == "page"
    assert (tmp_path / "a" / "b" / ".pocketshelf-demo").is_file()
    assert not list(output.path.glob(".*.new"))


def test_what_a_former_demo_wrote_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    output.prepare(None)
    output.write(output.page, "old")
    output.store.mkdir()
    (output.store / "current").write_text("old")
    (output.path / "notes.txt").write_text("mine")
    output.prepare(None)
    assert not output.page.exists() and not output.store.exists()
    assert (output.path / "notes.txt").read_text() == "mine"


def test_a_folder_that_no_demo_made_is_refused_unharmed(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="no demo made it"):
        OutputFolder(tmp_path).prepare(None)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is no folder"):
        OutputFolder(tmp_path / "out").prepare(None)


def test_nothing_is_written_into_the_folder_of_the_photos(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "grocery").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(data)
    for out in (data, data / "demo-out", tmp_path / "alias" / "x"):
        with pytest.raises(UsageError, match="folder of the photos"):
            OutputFolder(out).prepare(data)
    assert [path.name for path in data.iterdir()] == ["grocery"]


def test_a_link_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    output = OutputFolder(tmp_path / "out")
    output.prepare(None)
    treasure = tmp_path / "treasure"
    treasure.mkdir()
    (treasure / "gold").write_text("mine")
    output.store.symlink_to(treasure)
    output.prepare(None)
    assert not output.store.is_symlink() and (treasure / "gold").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((StoreError, UsageError), match="choose another --out"):
        OutputFolder(tmp_path / "file" / "out").prepare(None)
