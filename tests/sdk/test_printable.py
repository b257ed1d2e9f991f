"""What reaches a terminal or a log: no control, no hiding, no password."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pocketshelf.errors import PocketshelfError, ServerError
from pocketshelf.printable import escaped, printable, without_passwords

HOSTILE = {
    "escape": "\x1b[2J",
    "bell": "\x07",
    "newline": "a\nb",
    "carriage return": "a\rb",
    "backspace": "a\bb",
    "delete": "\x7f",
    "C1 control sequence introducer": "\x9b31m",
    "C1 next line": "\x85",
    "line separator": "\u2028",
    "right-to-left override": "\u202e",
    "isolate": "\u2066",
    "Arabic letter mark": "\u061c",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "word joiner": "\u2060",
    "byte-order mark": "\ufeff",
    "soft hyphen": "\xad",
    "Hangul filler": "\u3164",
    "tag": "\U000e0041",
    "lone surrogate": "\udce9",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_character_that_moves_or_hides_is_shown_as_its_escape(text: str) -> None:
    shown = printable(f"Milk {text} 1 l")
    assert shown.isprintable() and "\\" in shown and shown.startswith("Milk ") and shown.endswith(" 1 l")


@given(st.text())
def test_whatever_is_printed_controls_nothing(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    assert not {unicodedata.bidirectional(c) for c in shown} & {"RLO", "LRO", "RLE", "LRE", "RLI", "PDI"}


@pytest.mark.parametrize("text", ["Käse 1 kg", "牛乳", "شیر", "❤️ 👍🏽", "naïve", "100 % – “x”"])
def test_words_in_any_script_stay_as_they_are(text: str) -> None:
    assert printable(text) == text


@given(st.text(alphabet=st.characters()))
def test_json_says_exactly_what_it_said(text: str) -> None:
    line = escaped(json.dumps({"title": text}, ensure_ascii=False))
    assert json.loads(line) == {"title": text} and printable(line) == line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://user:hunter2@host/db", "postgresql://user:***@host/db"),
        ("to postgres://user:hu/nt@er2@host failed", "to postgres://user:***@host failed"),
        ("'http://user:hunter2@shop.example:8000/v1'", "'http://user:***@shop.example:8000/v1'"),
        ("https://hunter2@shop.example", "https://***@shop.example"),
        ("postgresql://host/db?user=u&password=hunter2&x=1", "postgresql://host/db?user=u&password=***&x=1"),
        ("postgresql://user@host/db", "postgresql://user@host/db"),
        ("http://shop.example:8000/v1: no", "http://shop.example:8000/v1: no"),
    ],
)
def test_passwords_of_addresses_are_left_out(text: str, shown: str) -> None:
    assert without_passwords(text) == shown


@pytest.mark.parametrize("part", ["a.", "a.@", "a://", "http://a:", "http://", "://a:@ ", "password="])
def test_a_long_message_is_looked_through_in_one_pass(part: str) -> None:
    """It may quote a server's unsigned answer; a search that begins anew at each letter never ends."""
    began = time.process_time()
    without_passwords(part * (1_000_000 // len(part)))
    assert time.process_time() - began < 10


def test_no_error_of_ours_tells_a_password() -> None:
    for kind in (PocketshelfError, ServerError):
        assert "hunter2" not in str(kind("http://user:hunter2@shop.example: away"))
