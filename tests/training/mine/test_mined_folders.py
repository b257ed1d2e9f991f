"""What is mined of a folder: the pictures that a search of it takes."""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.mine.pictures import list_pictures


def test_every_kind_of_picture_is_mined_and_no_hidden_file(tmp_path: Path) -> None:
    for name in ("a.tiff", "b.heif", "c.jfif", "._c.jfif", "d.txt"):
        (tmp_path / name).write_bytes(b"")
    assert [picture.name for picture in list_pictures(tmp_path)] == ["a.tiff", "b.heif", "c.jfif"]
