"""docs/cli.md is what the parsers say."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.cli.entry import PROGRAM
from pocketshelf.cli.reference import reference, section

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cli.md"


def test_the_reference_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run ./dev docs"


def test_every_command_and_each_of_its_options_is_explained() -> None:
    page = reference()
    for name in PROGRAM.available():
        assert f"## pocketshelf {name}\n" in page
        for line in section(name).splitlines():
            assert not line.startswith("- `") or len(line.partition("`: ")[2]) > 5, line
    assert "- `--top-k K`: hits a region (default: 10)" in section("search")
    assert "pocketshelf search PHOTO… --store DIR [--top-k K]" in section("search")


def test_an_option_that_can_be_denied_is_named_both_ways() -> None:
    assert "- `--any-way-up | --no-any-way-up`: where unsure, look" in section("search")
    assert "[--closely | --no-closely]" in section("build")
