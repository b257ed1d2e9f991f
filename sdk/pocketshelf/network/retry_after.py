"""What a server that is busy asks for: the ``Retry-After`` of an answer (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

__all__ = ["seconds_asked_for"]


def seconds_asked_for(text: str | None, now: datetime | None = None) -> float | None:
    """Seconds from ``now`` on, 0 for what is past; None where the header is missing or makes no sense.

    Args:
        text: seconds as digits, or a date.
    """
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text) if len(text) < 9 else None
    try:
        moment = parsedate_to_datetime(text)
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, TypeError, OverflowError):  # A date without a zone is none.
        return None
