"""The wheel, as a stranger gets it: what is in it, and a search with it from an empty environment."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from drawn_things import COLOURS, draw_thing

ROOT = Path(__file__).resolve().parents[1]
VERSION = (ROOT / "contract/VERSION").read_text().strip()
PACKAGES = {"pocketshelf", "pocketshelf_server", "pocketshelf_training", "converters"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-w", folder, ROOT], check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_our_packages_the_bundle_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.name.startswith(f"pocketshelf-{VERSION}-")
    assert {name.split("/")[0] for name in names} == PACKAGES | {f"pocketshelf-{VERSION}.dist-info"}
    wanted = (
        "py.typed",
        "contract/VERSION",
        "contract/sql/shard.sql",
        "models/universal/bundle.json",
        "models/universal/embedder.tflite",
        "models/universal/outfit.npz",
        "page/assets/kiosk.js",
        "page/assets/fonts/inter-latin-400.woff2",
        "page/assets/LICENSES.txt",
        "models/universal/quality.tflite",
    )
    assert {f"pocketshelf/{name}" for name in wanted} <= set(names)
    # No checkpoints, and nothing to compile: the one .npz is what the bundle needs.
    strange = [name for name in names if name.endswith((".npz", ".pt", ".po")) or "/tests/" in name]
    assert strange == ["pocketshelf/models/universal/outfit.npz"]
    # Two networks of six megabytes as they are packed: no data beside, no pictures but the samples.
    with zipfile.ZipFile(wheel) as packed:
        beside = [each for each in packed.infolist() if not each.filename.endswith(".py")]
    assert sum(each.compress_size for each in beside) <= 6_900_000


def test_every_source_file_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    roots = [ROOT / "sdk", ROOT / "server", ROOT / "training"]
    sources = {p.relative_to(root).as_posix() for root in roots for p in root.rglob("*.py")}
    sources |= {p.relative_to(ROOT).as_posix() for p in (ROOT / "converters").rglob("*.py")}
    assert sources - names == set()


def test_a_stranger_installs_it_and_searches_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    programs = tmp_path / "env" / "bin"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and "POCKETSHELF" not in k}

    def run(*command: object) -> str:
        words = list(map(str, command))
        done = subprocess.run(
            words, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(programs / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel)
    with (elsewhere / "catalogue.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["product_id", "title", "category", "image"])
        for name, (colour, category) in COLOURS.items():
            draw_thing(colour).save(elsewhere / f"{name}.png")
            writer.writerow([name, f"The {name} thing", category, f"{name}.png"])
    assert run(programs / "pocketshelf", "--version").strip() == f"pocketshelf {VERSION}"
    run(programs / "pocketshelf", "build", "catalogue.csv", "--store", "shelf")
    name = next(iter(COLOURS))
    search = ("search", f"{name}.png", "--store", "shelf", "--whole", "--json")
    answer = json.loads(run(programs / "pocketshelf", *search))
    assert answer["regions"][0]["hits"][0]["product_id"] == name
    assert json.loads(run(programs / "python", "-m", "pocketshelf", *search))["regions"]
    listed = run(programs / "python", "-m", "pip", "list", "--format=freeze")
    assert "torch" not in listed and "flask" not in listed.lower()
