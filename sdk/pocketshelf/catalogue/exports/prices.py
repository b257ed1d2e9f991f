"""The price that is asked for when a file is read: a sale's while it is in force, else the regular one.

A sale is in force between its two dates, by this machine's clock; a date without an offset is of this
machine's time zone. A date that cannot be read, or one that both a day first and a month first can be read
from with different outcomes, leaves the regular price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["priced"]

ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
# As spreadsheets and Magento write a day.
WRITTEN = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
NUMBER = re.compile(r"\d[\d.,'’\u00a0\u202f ]*")


def priced(regular: str, sale: str, starts: str, ends: str, now: datetime | None = None) -> dict[str, str]:
    """``price``, and ``regular_price`` besides where a sale's is in force; what is empty is left out.

    Args:
        regular, sale: as the file has them, with a currency or without.
        starts, ends: when the sale does; "" if it has no such bound. A day alone is in it as a whole.
        now: with a time zone; the present if None.
    """
    if sale and _is_less(sale, regular) and _is_on(starts, ends, now or datetime.now(UTC)):
        return {"price": sale, "regular_price": regular} if regular else {"price": sale}
    return {"price": regular} if regular else {}


def _is_less(sale: str, regular: str) -> bool:
    """Whether ``sale`` is a price, and not a higher one; shops' plugins write 0 for "none"."""
    asked, usual = _amount(sale), _amount(regular)
    return asked is not None and asked > 0 and (usual is None or asked < usual)


def _amount(text: str) -> float | None:
    """The number in a price: its last point or comma parts decimals off if one or two digits follow it."""
    found = NUMBER.search(text)
    if found is None:
        return None
    whole, _, cents = re.sub(r"[^\d.,]", "", found[0]).rstrip(".,").replace(",", ".").rpartition(".")
    digits = whole.replace(".", "")
    return float(f"{digits}.{cents}") if digits and len(cents) < 3 else float(digits + cents)


def _is_on(starts: str, ends: str, now: datetime) -> bool:
    begun = [moment <= now for moment, _ in _moments(starts)] if starts else [True]
    lasts = [now - moment < length for moment, length in _moments(ends)] if ends else [True]
    return bool(begun) and bool(lasts) and all(begun) and all(lasts)


def _moments(text: str) -> Iterator[tuple[datetime, timedelta]]:
    """What the text may mean, and how long that lasts: a day ends with the next one."""
    text = text.strip()
    if found := ISO.fullmatch(text):
        year, month, day, hour, minute, second, zone = found.groups()
        yield from _moment((year, month, day, hour or 0, minute or 0, second or 0), zone, hour is None)
    elif found := WRITTEN.fullmatch(text):
        one, sign, other, year = found.groups()
        year = year if len(year) == 4 else f"20{year}"
        for day, month in {(one, other), (other, one)} if sign == "/" else {(one, other)}:
            yield from _moment((year, month, day, 0, 0, 0), None, True)


def _moment(
    parts: tuple[str | int, ...], zone: str | None, whole_day: bool
) -> Iterator[tuple[datetime, timedelta]]:
    """The moment and its length; nothing where there is none such."""
    try:
        year, month, day, hour, minute, second = map(int, parts)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone))
    except (ValueError, OverflowError):
        return
    yield _in_utc(moment), timedelta(days=1) if whole_day else timedelta(seconds=1)


def _in_utc(moment: datetime) -> datetime:
    """In UTC; as it is at the calendar's ends, which mean "always": a zone's hours would lead out of it."""
    try:
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return moment.replace(tzinfo=UTC)


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
