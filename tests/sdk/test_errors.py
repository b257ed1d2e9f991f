"""What a foreign error says, on one line."""

from __future__ import annotations

import pytest

from pocketshelf.errors import BundleError, one_line, reason
from pocketshelf.formats.bundle import load_bundle


def test_a_foreign_message_becomes_one_line_of_bounded_length() -> None:
    assert one_line(OSError("first\n  second\tthird")) == "first second third"
    assert one_line("x" * 500) == "x" * 160 and one_line("a b c", 3) == "a b"


def test_an_error_without_words_is_named_by_its_type() -> None:
    assert one_line(MemoryError()) == "MemoryError"


def test_a_reason_has_neither_the_number_nor_the_path_of_a_system_error() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/a/b")
    assert "/a/b" in one_line(error) and reason(error) == "No such file or directory"
    assert reason(ValueError("bad")) == "bad" and reason(OSError("late")) == "late"


def test_who_names_no_bundle_is_told_which_ship() -> None:
    with pytest.raises(BundleError, match=r"nope: no bundle here .*; what ships: .*universal"):
        load_bundle("nope")
