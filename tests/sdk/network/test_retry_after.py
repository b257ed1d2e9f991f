"""What a busy server asks for, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pocketshelf.network.retry_after import seconds_asked_for

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Sun, 01 Nov 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", 0.0),
    ],
)
def test_seconds_and_dates_are_understood(text: str, seconds: float) -> None:
    assert seconds_asked_for(text, NOW) == seconds


@pytest.mark.parametrize(
    "text", [None, "", "-5", "1.5", "soon", "1" * 9, "\u0664", "Sun, 99 Nov 2026", "inf", "1e9"]
)
def test_what_makes_no_sense_asks_for_nothing(text: str | None) -> None:
    assert seconds_asked_for(text, NOW) is None
