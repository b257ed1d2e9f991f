"""The demo from end to end: with stand-in models here, with the trained ones and a server where they are."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from pocketshelf.cli import main
from pocketshelf.demo import server
from pocketshelf.demo.report import Report
from pocketshelf.demo.run import Options, run_demo
from pocketshelf.demo.server import missing_for_server
from pocketshelf.demo.sources.choice import Choice
from pocketshelf.formats import Bundle

DRAWN = ("demo", "--drawn", "--queries", "3", "--no-server")


def _page(text: str) -> str:
    return re.sub(r"data:image/jpeg;base64,[A-Za-z0-9+/=]+", "PICTURE", text)


@pytest.fixture(scope="module")
def drawn_run(tmp_path_factory: pytest.TempPathFactory, fake_bundle: Bundle) -> Path:
    """The folder of one finished run on drawn pictures."""
    out = tmp_path_factory.mktemp("demo") / "out"
    options = Options(Choice(drawn=True, count=12), str(out), str(fake_bundle.folder), use_server=False)
    report = run_demo(options)
    assert report.shelf.products == 60 and report.recall[0].n == 12
    return out


def test_the_page_stands_alone(drawn_run: Path) -> None:
    text = (drawn_run / "index.html").read_text(encoding="utf-8")
    assert len(text) < 15_000_000
    page = _page(text)
    assert not re.findall(r"""(?:src|href)=["'](?!PICTURE|#)""", page)
    assert "http://" not in page and "https://" not in page and "<script" not in page
    assert "Content-Security-Policy" in page and "prefers-color-scheme:dark" in page
    assert "{{" not in page and "{%" not in page


def test_drawn_pictures_are_labelled_everywhere(drawn_run: Path) -> None:
    page = (drawn_run / "index.html").read_text(encoding="utf-8")
    assert page.count('class="stamp">drawn (synthetic)') == 12
    assert 'class="badge synthetic">drawn (synthetic)' in page
    assert "drawn (synthetic) pictures" in page
    assert json.loads((drawn_run / "report.json").read_text())["data"]["synthetic"] is True


def test_what_was_found_first_stands_before_what_was_found_third(drawn_run: Path) -> None:
    page = (drawn_run / "index.html").read_text(encoding="utf-8")
    ranks = [int(rank) for rank in re.findall(r"✓ (\d)(?:st|nd|rd|th)<", page)]
    assert ranks == sorted(ranks) and len(set(ranks)) > 1


def test_the_page_says_how_ones_own_photos_are_searched(drawn_run: Path) -> None:
    page = (drawn_run / "index.html").read_text(encoding="utf-8")
    assert f"pocketshelf search PHOTO --store {drawn_run / 'store'} --html found.html" in page


def test_the_command_for_photos_of_ones_own_is_one_a_shell_takes() -> None:
    made = SimpleNamespace(shelf_store="my demo/store")
    assert shlex.split(Report.yours.fget(made))[4] == "my demo/store"  # type: ignore[attr-defined]


def test_the_page_agrees_with_the_report(drawn_run: Path) -> None:
    page = (drawn_run / "index.html").read_text(encoding="utf-8")
    report = json.loads((drawn_run / "report.json").read_text())
    found = round(report["recall"]["detected"]["r5"] * 12)
    assert page.count('<article class="card hit">') == found
    assert page.count('<article class="card miss">') == 12 - found
    assert page.count('class="wanted"') == 12 - found
    assert page.count("✓ right") >= found
    assert f"Missed: {12 - found} of 12" in page


def test_on_the_command_line_one_json_document_is_all_there_is(
    tmp_path: Path, fake_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code = main([*DRAWN, "--out", str(out), "--bundle", str(fake_bundle.folder), "--json"])
    printed = capsys.readouterr()
    assert code == 0 and printed.out.count("\n") == 1
    document = json.loads(printed.out)
    assert document["recall"]["whole"]["n"] == 3 and document["store"]["synced"] is False
    assert "drawn (synthetic)" in printed.err and "--no-server" in document["store"]["note"]
    assert set(document["ms"]) == {"decode", "detect", "embed", "search", "total"}


def test_without_the_server_extra_the_store_is_built_here_and_says_so(
    tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_NEEDS", ("flask", "not_there_at_all"))
    choice = Choice(drawn=True, count=1)
    report = run_demo(Options(choice, str(tmp_path / "out"), str(fake_bundle.folder)))
    assert not report.shelf.synced and report.shelf.products == 60
    assert "not_there_at_all not installed" in report.shelf.note
    assert "pocketshelf[server]" in report.shelf.note
    assert "pocketshelf[server]" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_second_run_replaces_the_first(
    tmp_path: Path, fake_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    call = [*DRAWN, "--out", str(tmp_path / "out"), "--bundle", str(fake_bundle.folder)]
    assert main(call) == 0 and main(call) == 0
    assert "R@1 (95 % interval)" in capsys.readouterr().out
    assert len(list((tmp_path / "out" / "store" / "generations").iterdir())) == 1


def test_what_cannot_be_done_is_one_line_and_a_code(
    tmp_path: Path, fake_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert main([*DRAWN, "--out", str(tmp_path), "--bundle", str(fake_bundle.folder)]) == 2
    assert main([*DRAWN, "--out", str(tmp_path / "a"), "--bundle", str(tmp_path / "none")]) == 1
    out = str(tmp_path / "o")
    empty = main(["demo", "--data", str(tmp_path), "--out", out, "--bundle", str(fake_bundle.folder)])
    assert empty in (1, 2)
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("pocketshelf: ") for line in lines) == 3


@pytest.mark.skipif(missing_for_server() is not None, reason="needs the server extra")
def test_a_server_feeds_the_shelf_and_real_photos_find_their_products(
    tmp_path: Path, real_photos: Path, trained_bundle: Path
) -> None:
    choice = Choice(data=str(real_photos), count=20)
    report = run_demo(Options(choice, str(tmp_path / "out"), str(trained_bundle)))
    assert report.shelf.synced and report.shelf.products == 81 and report.shelf.sync_bytes
    assert not report.dataset.drawn
    # Chance is 5 of 81.
    assert report.recall[0].at_5 > 0.5 and report.recall[2].at_5 > 0.5
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "real photos" in page and "synthetic" not in re.sub(r"(?s)<style>.*?</style>", "", page)
