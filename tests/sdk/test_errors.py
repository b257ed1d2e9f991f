"""What a foreign error says, on one line."""

from __future__ import annotations

from pocketshelf.errors import one_line


def test_a_foreign_message_becomes_one_line_of_bounded_length() -> None:
    assert one_line(OSError("first\n  second\tthird")) == "first second third"
    assert one_line("x" * 500) == "x" * 160 and one_line("a b c", 3) == "a b"


def test_an_error_without_words_is_named_by_its_type() -> None:
    assert one_line(MemoryError()) == "MemoryError"
