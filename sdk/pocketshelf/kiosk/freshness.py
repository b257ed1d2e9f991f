"""How fresh the shelf is, and whether this device's clock can be believed. Pure rules; times in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["Freshness", "clock_fault", "freshness", "moment_of"]

# Clocks of shops and servers differ by so much without harm.
TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Freshness:
    """When the shelf was brought up to date.

    Attributes:
        updated: the last sync that reached its server, or the build, whichever is later; None if unknown.
        age_s: seconds since then, by this device's clock; never below 0.
    """

    updated: datetime | None
    age_s: int | None

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {"updated": None if self.updated is None else self.updated.isoformat(), "age_s": self.age_s}


def freshness(now: datetime, built: datetime | None, last_sync: datetime | None) -> Freshness:
    """See `Freshness`."""
    known = [moment for moment in (built, last_sync) if moment is not None]
    if not known:
        return Freshness(None, None)
    updated = max(known)
    return Freshness(updated, max(0, int((now - updated).total_seconds())))


def clock_fault(now: datetime, *known: datetime | None) -> str | None:
    """What is wrong with the clock, in words: it is before what has been; None if nothing shows it."""
    latest = max((moment for moment in known if moment is not None), default=None)
    if latest is None or now + TOLERANCE >= latest:
        return None
    return (
        f"this device's clock says {now:%Y-%m-%d %H:%M} UTC, but the shelf was written on {latest:%Y-%m-%d}; "
        "set the clock"
    )


def moment_of(value: float | str | None) -> datetime | None:
    """From seconds since 1970, or ISO 8601; None where it is neither."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo is not None else None
        return None if value is None else datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
