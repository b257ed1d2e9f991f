"""The rules of the iPhone's app, `ios_demo/tools/lint.py`, see what is wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "ios_demo" / "tools" / "lint.py"


def _lint():
    spec = importlib.util.spec_from_file_location("ios_lint", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


lint = _lint()


def test_the_app_keeps_them(capsys):
    assert lint.main() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("let model = try! open()", "say it"),
        ('print("here")', "nobody reads it"),
        (".font(.system(size: 12))", "Dynamic Type"),
        (".foregroundStyle(Color.black)", "dark mode"),
        ('let server = "http://shop.example"', "plain HTTP"),
        ("AsyncImage(url: address)", "what is looked at"),
        ("\tlet x = 1", "a tab"),
        ("let x = 1 ", "blanks"),
        ("struct Naked: View {", "no documentation"),
        ('Image(systemName: "photo")', "VoiceOver"),
        ("x" * 121, "121 characters"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(tmp_path, line, words):
    file = tmp_path / "Wrong.swift"
    file.write_text(f"import SwiftUI\n{line}\n", encoding="utf-8")
    found = list(lint.swift_rules(file))
    assert [number for number, _ in found] == [2]
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("key", "literal", "same"),
    [
        ("Close", "Close", True),
        ("Close", "Open", False),
        ("%lld things", r"\(count) things", True),
        ("State %@", r"State \(name ?? other(1, (2)))", True),
        ("%lld things", r"\(count) thing", False),
    ],
)
def test_an_interpolation_is_a_placeholder(key, literal, same):
    assert lint.fits(key, literal) is same


def test_a_word_without_a_translation_is_named(tmp_path):
    unit = {"stringUnit": {"state": "translated", "value": "Schließen"}}
    strings = {
        "Close": {"localizations": {"de": unit}},
        "%lld things": {"localizations": {"de": unit, "zh-Hans": unit}},
    }
    found = [why for _, _, why in lint.translation_rules(tmp_path, strings)]
    assert found == [
        "'Close' has no zh-Hans",
        "'%lld things': de has other placeholders: 'Schließen'",
        "'%lld things': zh-Hans has other placeholders: 'Schließen'",
    ]


def test_every_word_on_the_screens_is_looked_at():
    words = [word for file in lint.swift_files() for _, word in lint.words_of(file.read_text())]
    assert len(words) > 60
    assert "Sync once, and searches need no network from then on." in words


@pytest.mark.parametrize(
    "text", ["{ a = 1 }", "{ a 1; }", "{ a = (1 2); }", "{ a = ; }", "{ a = 1; } }", "(1,)", "{ a = 'x'; }"]
)
def test_a_project_that_is_not_well_formed_is_refused(text):
    with pytest.raises(ValueError, match="line 1"):
        lint.OpenStep(text).whole()


def test_a_project_is_read():
    text = '// !$*UTF8*$!\n{ /* a */ a = "b c"; d = (e, "f/g", ); "h i" = { }; }\n'
    assert lint.OpenStep(text).whole() == {"a": "b c", "d": ["e", "f/g"], "h i": {}}
