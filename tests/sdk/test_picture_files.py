"""The pictures of a folder, which whoever takes a folder takes."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.picture_files import pictures_in


def test_hidden_files_and_folders_named_like_pictures_are_none(tmp_path: Path) -> None:
    taken = ["A.JPG", "b.jfif", "inner/c.tiff", "inner/d.heif"]
    for name in [*taken, "._A.JPG", ".trash/e.png", "notes.txt", "folder.png/f.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [path.relative_to(tmp_path).as_posix() for path in pictures_in(tmp_path)] == taken
