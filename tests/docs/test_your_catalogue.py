"""The walk of docs/your-catalogue.md, on some garments of the shared shop: its commands in their order."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pages import commands

from pocketshelf.cli import main as pocketshelf
from pocketshelf.formats import load_bundle
from pocketshelf_server.cli import main as pocketshelf_server

pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("litert_torch", reason="needs the extra 'export'")
command = pytest.importorskip("pocketshelf_training.adapt.command", reason="needs the extra 'train'")

PAGE = "docs/your-catalogue.md"
# A reader's own files, a second round, what goes on for ever or takes hours.
NOT_HERE = (
    "runs/single.csv",
    "runs/adapted-single",
    "runs/covers.csv",
    "runs/demo-shops.csv",
    "catalogue.csv",
    "photos.csv",
    "csv=pairs.csv",
    "csv=photos.csv",
    "--format",
    "--map",
    "serve",
)
# What keeps it short; the page has all products.
SHORTER = {"catalogue": ["--limit", "60"], "adapt": ["--minutes", "0.1", "--held-back", "0.4"]}


@pytest.fixture
def walk(
    real_photos: Path, trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[list[str]]:
    """The commands that can be run here, in a folder that has what they name."""
    if not (real_photos / "shop" / "pairs.csv").is_file():
        pytest.skip("needs the shop's pictures: shop/ in POCKETSHELF_DATA")
    here = tmp_path / "here"
    (here / "models").mkdir(parents=True)
    (here / "models" / "first").symlink_to(trained_bundle.with_name("first"))
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "data").symlink_to(real_photos)
    # Another view of a garment among the first 90.
    shutil.copy(real_photos / "shop/media/m/h/mh02-black_alt1.jpg", here / "photo.jpg")
    monkeypatch.chdir(here)
    return [list(c.words) for c in commands(PAGE) if c.whole and not set(c.words) & set(NOT_HERE)]


def run(words: list[str]) -> int:
    from pocketshelf_training.__main__ import main as pocketshelf_train

    programs = {
        "pocketshelf": pocketshelf,
        "pocketshelf-server": pocketshelf_server,
        "pocketshelf-train": pocketshelf_train,
    }
    return programs[words[0]]([*words[1:], *SHORTER.get(words[1], [])])


def test_a_shop_gets_from_its_csv_to_a_published_store_in_a_space_of_its_own(
    walk: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The adapted bundle is kept here also where it is no better, to see the walk to its end;
    tests/training/adapt sees the refusal."""
    monkeypatch.setattr(command, "WORTH", -1.0)
    assert [words[1] for words in walk] == [
        *("catalogue", "build", "search", "evaluate", "adapt", "build", "search", "init", "import", "publish")
    ]
    printed = {}
    for words in walk:
        assert run(words) == 0, words
        printed[words[1]] = capsys.readouterr().out
    said = json.loads(printed["adapt"].splitlines()[-1])
    assert said["shipped"], said["verdict"]
    gain = said["after"]["R@1"]["value"] - said["before"]["R@1"]["value"]
    assert said["gain"]["value"] == pytest.approx(gain)
    assert gain > -0.1
    assert said["seconds"] < 20 * 60
    # The last search, in the adapted store, finds the garment of which photo.jpg is another view.
    assert "mh02-black" in printed["search"]
    adapted, usual = load_bundle("runs/adapted"), load_bundle(None)
    assert adapted.space != usual.space
    assert adapted.detector is not None and usual.detector is not None
    assert replace(adapted.detector, categories=usual.detector.categories) == usual.detector
    assert adapted.recall is not None
    assert {"threshold", "confidence"} <= set(adapted.recall)
    (manifest,) = Path("SITE/repository/targets").rglob("*.manifest.json")
    assert adapted.space in manifest.read_text()
    assert "| adapted |" in Path("runs/adapted/report.md").read_text()
    assert Path("runs/adapted/embedder.npz").is_file()
