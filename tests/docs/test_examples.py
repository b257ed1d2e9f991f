"""The examples of README and documents, run as a reader would: in a folder with a shop and a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import PAGES, commands, python_blocks

from drawn_things import COLOURS, draw_thing
from pocketshelf.catalogue import build_store
from pocketshelf.cli import main as pocketshelf
from pocketshelf_server.cli import main as pocketshelf_server

ADDRESS = "https://shop.example"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Iterator[tuple[Path, str]]:
    """A folder with catalogue.csv, photo.jpg and root.json; and the address of a server of that shop."""
    folder = tmp_path_factory.mktemp("world")
    rows = ["product_id,title,category,image"]
    for name, (colour, category) in COLOURS.items():
        draw_thing(colour).save(folder / f"{name}.png")
        rows.append(f"{name},The {name} thing,{category},{name}.png")
    (folder / "catalogue.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    draw_thing(next(iter(COLOURS.values()))[0]).convert("RGB").save(folder / "photo.jpg")
    site = folder / "site"
    assert pocketshelf_server(["init", str(site)]) == 0
    assert pocketshelf_server(["import", str(site), str(folder / "catalogue.csv")]) == 0
    assert pocketshelf_server(["publish", str(site)]) == 0
    (folder / "root.json").write_bytes((site / "repository/metadata/1.root.json").read_bytes())
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(site), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield folder, json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


@pytest.fixture
def here(world: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's address; the working folder is the shop's."""
    monkeypatch.chdir(world[0])
    return world[1]


def run_commands(page: str, address: str, *skipped: str) -> int:
    """Run the page's whole commands of ``pocketshelf`` in their order; how many."""
    ran = 0
    for command in commands(page):
        program, *rest = command.words
        if command.whole and program == "pocketshelf" and rest[0] not in skipped:
            assert pocketshelf([word.replace(ADDRESS, address) for word in rest]) == 0, str(command)
            ran += 1
    return ran


def test_the_commands_of_the_readme_run(here: str, capsys: pytest.CaptureFixture[str]) -> None:
    # What serves a page runs until it is stopped: tests/sdk/kiosk and tests/sdk/demo have it.
    assert run_commands("README.md", here, "kiosk", "demo") >= 4
    assert "thing" in capsys.readouterr().out


def test_the_commands_of_the_sync_page_run(
    here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "root.json").write_bytes(Path("root.json").read_bytes())
    monkeypatch.chdir(tmp_path)
    # A first sync leaves no generation to go back to.
    assert run_commands("docs/sync.md", here, "rollback") >= 3
    assert "sequence new →" in capsys.readouterr().out


# A page of garments: tests/docs/test_outfits_page.py has a shop for it.
ELSEWHERE = ("docs/outfits.md",)


@pytest.mark.parametrize("page", [page for page in PAGES if python_blocks(page) and page not in ELSEWHERE])
def test_the_python_examples_of_a_page_run(page: str, here: str, tmp_path: Path) -> None:
    """Each in a process of its own. The store that an example of syncing finds came from the same server."""
    for number, block in enumerate(python_blocks(page)):
        if ADDRESS not in block and not Path("shelf").exists():
            build_store("catalogue.csv", "shelf")
        folder = tmp_path / str(number)
        folder.mkdir()
        for item in Path.cwd().iterdir():
            if not (ADDRESS in block and item.name == "shelf"):
                (folder / item.name).symlink_to(item)
        done = subprocess.run(
            [sys.executable, "-c", block.replace(ADDRESS, here)],
            cwd=folder,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{page}:\n{block}\n{done.stderr}"
        assert done.stdout or "print(" not in block, f"{page}: a reader would see nothing of\n{block}"
