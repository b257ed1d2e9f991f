"""docs/outfits.md as a reader would run it: a garment shop, a folder of street photos, a site."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import commands, python_blocks

pytest.importorskip("torch", reason="needs the extra 'train'")

from pocketshelf.catalogue import build_store
from pocketshelf.cli import main as pocketshelf
from pocketshelf_server.cli import main as pocketshelf_server
from pocketshelf_training.__main__ import main as pocketshelf_train

PAGE = "docs/outfits.md"
PROGRAMS = {
    "pocketshelf": pocketshelf,
    "pocketshelf-server": pocketshelf_server,
    "pocketshelf-train": pocketshelf_train,
}


def test_the_page_runs_from_photos_to_a_published_library(
    real_photos: Path, trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    for number in (1, 2, 3, 4):
        shutil.copy(real_photos / f"street/photos/{number:04}.jpg", "photos")
    for name in ("me.jpg", "photo.jpg"):
        shutil.copy(real_photos / "street/photos/0760.jpg", name)
    rows = list(csv.DictReader((real_photos / "clothing/photos.csv").open(newline="")))
    lines = ["product_id,title,category,image"]
    for label in ("Pants", "Shoes", "T-Shirt"):
        some = [row["photo"] for row in rows if row["label"] == label][:3]
        lines += [f"{label}-{n},{label},{label},{photo}" for n, photo in enumerate(some)]
    Path("catalogue.csv").write_text("\n".join(lines))
    build_store("catalogue.csv", "shelf", images=real_photos / "clothing")
    assert pocketshelf_server(["init", "site"]) == 0
    ran = []
    for command in commands(PAGE):
        program, *words = command.words
        if command.whole and program in PROGRAMS and "compatibility" not in words:
            assert PROGRAMS[program](words) == 0, str(command)
            ran.append(program)
    assert ran == ["pocketshelf-train", "pocketshelf", "pocketshelf-server", "pocketshelf-server"]
    assert "seen together in" in capsys.readouterr().out
    said = [_run(block) for block in python_blocks(PAGE)]
    assert "Shoes-" in said[0] and said[1].startswith("[") and len(said) == 2


def _run(block: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", block], env=os.environ, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
