"""The command on drawn pictures: labels, reasons, a page for a browser; a second run asks nothing again."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketshelf.formats import Bundle
from pocketshelf_training.__main__ import main
from pocketshelf_training.data.plain_csv import load
from search_server import SearchServer, serving

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def words(keywords: Path, fake_bundle: Bundle, tmp_path: Path) -> list[str]:
    return [
        "mine",
        "categories",
        str(keywords),
        "--bundle",
        str(fake_bundle.folder),
        "--out",
        str(tmp_path / "out"),
        "--any-quality",
    ]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_folder_becomes_labels_reasons_and_a_page(
    words: list[str], told_pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--from", str(told_pictures), "--top-k", "100"]) == 0
    out = tmp_path / "out"
    samples = load(out / "labels.csv")
    dropped = {Path(row["address"]).stem: row for row in rows(out / "dropped.csv")}
    assert {name: dropped[name]["rule"] for name in ("poster", "torn", "tiny", "twice")} == {
        "poster": "excluded word",
        "torn": "low quality",
        "tiny": "low quality",
        "twice": "same picture",
    }
    assert dropped["tiny"]["why"] == "40 x 32 pixels" and "wrong" in dropped
    assert len(samples) + len(dropped) == 3 * 24 + 5 and len(samples) >= 60
    assert all(
        sample.category and sample.image.stem.startswith(sample.category.lower()) for sample in samples
    )
    assert {sample.split for sample in samples} == {"train", "val"}
    said = capsys.readouterr().out
    assert "77 candidates" in said and "dropped, same picture: 1" in said and "report.html" in said
    page = (out / "report.html").read_text()
    assert "40 x 32 pixels" in page and "<b>tiny</b>" not in page and "script" not in page
    assert "http" not in re.sub(r"(xmlns|Content-Security-Policy)[^>]*", "", page).split("</style>")[-1]


def test_the_same_command_gives_the_same_and_embeds_nothing_again(
    words: list[str], told_pictures: Path, tmp_path: Path
) -> None:
    call = [*words, "--from", str(told_pictures), "--top-k", "100"]
    assert main(call) == 0
    out = tmp_path / "out"
    first = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    (vectors,) = (out / "vectors").iterdir()
    written = vectors.stat().st_mtime_ns
    assert main(call) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == first
    assert vectors.stat().st_mtime_ns == written


def test_a_category_that_nothing_was_found_for_is_named(
    words: list[str], keywords: Path, told_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keywords.write_text(keywords.read_text() + "[Violet]\nkeywords = ['violet']\n")
    assert main([*words, "--from", str(told_pictures)]) == 0
    assert "nothing was found for Violet" in capsys.readouterr().err


def test_what_would_be_asked_is_listed(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Red: red",
        "Green: green",
        "Blue: blue",
        "3 queries, at most 60 pictures each",
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "--from is missing"),
        (["--from", "none"], "none: no such folder of pictures"),
        (["--from", "none.toml"], "none.toml: cannot be read as TOML"),
    ],
)
def test_what_is_missing_is_said(
    words: list[str], more: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, *more]) == 1
    assert said in capsys.readouterr().err


def test_a_folder_without_what_is_wanted(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.jpg").write_bytes(b"x")
    (tmp_path / "other" / "a.txt").write_text("a violet thing")
    assert main([*words, "--from", str(tmp_path / "other")]) == 1
    assert "nothing was found for any of 3 queries" in capsys.readouterr().err


@pytest.fixture
def web(told_pictures: Path) -> Iterator[SearchServer]:
    with serving() as server:
        for path in sorted(told_pictures.glob("*.jpg")):
            server.files[path.name] = path.read_bytes()
            text = path.with_suffix(".txt").read_text()
            for name in ("red", "green", "blue"):
                server.pictures.setdefault(name, []).extend([path.name] if name in text else [])
        yield server


def test_an_api_becomes_labels_too_and_goes_on_where_it_was_cut_off(
    words: list[str],
    web: SearchServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    web.key = "geheim"
    monkeypatch.setenv("SHOP_KEY", "geheim")
    (tmp_path / "api.toml").write_text(
        f'url = "{web.url}/search?q={{query}}&count={{count}}&page={{page}}"\n'
        'items = "results[]"\nimage = "urls.full"\ntext = "title"\nper_second = 100\n'
        'key = "SHOP_KEY"\nheader = "X-Key"\n'
    )
    web.refused = {"blue"}
    assert main([*words, "--from", str(tmp_path / "api.toml"), "--top-k", "100"]) == 0, "one query fails"
    assert "left out: blue" in capsys.readouterr().err
    asked = web.asked.total()
    web.refused = set()
    assert main([*words, "--from", str(tmp_path / "api.toml"), "--top-k", "100"]) == 0
    torn = 1  # It was no picture the first time, and may be one now.
    assert web.asked.total() == asked + 2 + len(web.pictures["blue"]) + torn, "only what was missing"
    samples = load(tmp_path / "out" / "labels.csv")
    assert {sample.category for sample in samples} == {"Red", "Green", "Blue"}
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(b"geheim" in path.read_bytes() for path in written)


def test_a_browser_shows_the_page(words: list[str], told_pictures: Path, tmp_path: Path) -> None:
    if not BROWSER:
        pytest.skip("needs chromium")
    assert main([*words, "--from", str(told_pictures), "--top-k", "100"]) == 0
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=2000", "--dump-dom")
    page = (tmp_path / "out" / "report.html").as_uri()
    command = [BROWSER, *options, f"--user-data-dir={tmp_path / 'profile'}", page]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert "Mined categories" in shown and shown.count("<img") > 20
