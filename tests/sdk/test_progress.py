"""The one progress bar: for those who watch, seldom or not at all for those who do not."""

from __future__ import annotations

import io
import sys

import pytest

from pocketshelf.progress import ProgressBar


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _terminal(monkeypatch: pytest.MonkeyPatch) -> _Terminal:
    stream = _Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


def test_someone_who_watches_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with ProgressBar("build", "picture") as bar:
        for done in range(1, 4):
            bar.update(done, 3)
    shown = terminal.getvalue()
    assert "build: " in shown and "3/3" in shown and " pictures/s" in shown


def test_each_piece_of_work_has_its_own_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with ProgressBar(unit="B") as bar:
        bar.step("snapshot", 2_000_000, 2_000_000)
        bar.step("images", 500, 1000)
    shown = terminal.getvalue()
    assert "snapshot: 100%" in shown and "2.00M/2.00M" in shown and "images:  50%" in shown


def test_a_line_stands_above_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _terminal(monkeypatch)
    with ProgressBar() as bar:
        bar.say("before it")
        bar.update(1, 2)
        bar.say("line 8 is bad")
    shown = terminal.getvalue()
    assert shown.startswith("before it\n") and "line 8 is bad\n" in shown


def test_where_no_one_watches_there_are_only_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as bar:
        bar.update(1, 2)
        bar.say("line 8 is bad")
    with ProgressBar(seldom=60) as bar:
        bar.update(1, 2)
    assert capsys.readouterr() == ("", "line 8 is bad\n")


def test_long_work_that_no_one_watches_reports_seldom(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(seldom=0.0) as bar:
        bar.update(1, 2)
    assert "1/2" in capsys.readouterr().err
