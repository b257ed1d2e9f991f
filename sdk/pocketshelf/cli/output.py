"""What commands print: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pocketshelf.printable import counted, escaped, printable

if TYPE_CHECKING:
    from pocketshelf.stages.outfit import Shelves
    from pocketshelf.types import Hit, Region, SearchResult

__all__ = ["byte_size", "print_json", "print_result", "print_table", "say", "say_lines", "tell", "tell_lines"]


# Select Graphic Rendition (ECMA-48): readable on light and on dark ground.
STYLES = {"title": "1", "box": "36", "first": "1;32", "doubt": "33", "server": "35"}

# A category less likely is not worth a person's look.
LEAST_SHARE = 0.05


def say(message: object) -> None:
    """One line to the person at the terminal, on standard error."""
    print(printable(message), file=sys.stderr, flush=True)


def say_lines(text: str) -> None:
    """Several of them: only for text whose line breaks are ours."""
    for line in text.split("\n"):
        say(line)


def tell(text: object, style: str = "") -> None:
    """One line of a result for people, on standard output; on a terminal in a ``style`` of `STYLES`."""
    line = printable(text)
    print(f"\x1b[{STYLES[style]}m{line}\x1b[0m" if style and _in_colour() else line)


def _in_colour() -> bool:
    """On a terminal that has colours, unless https://no-color.org is asked for."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def tell_lines(text: str) -> None:
    """Several of them: only for text whose line breaks are ours."""
    for line in text.split("\n"):
        tell(line)


def print_json(document: Any) -> None:
    """One JSON document on one line, at once; what a terminal would obey or hide stands as JSON's escapes."""
    print(escaped(json.dumps(document, ensure_ascii=False, allow_nan=False)), flush=True)


def byte_size(count: int) -> str:
    """A number of bytes in a unit that shows it: "812 bytes", "12.3 kB", "4.56 MB"."""
    if count < 1000:
        return counted(count, "byte")
    for unit, digits in (("kB", 1), ("MB", 2)):
        count_in = count / 1000 if unit == "kB" else count / 1e6
        if round(count_in, digits) < 1000:
            return f"{count_in:.{digits}f} {unit}"
    return f"{count / 1e9:.2f} GB"


def print_table(rows: Sequence[Sequence[str]], indent: int = 0, styles: Sequence[str] = ()) -> None:
    """Aligned columns; a style a row, where given."""
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row, style in zip(shown, styles or [""] * len(shown), strict=True):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        tell((" " * indent + "  ".join(cells)).rstrip(), style)


def print_result(result: SearchResult, shelves: Shelves) -> None:
    """A result for people: a heading, then each region with its hits.

    Args:
        shelves: which categories belong to which group: a bag is not told to be a skirt.
    """
    recall = "" if result.local_recall is None else f", local recall {result.local_recall:.2f}"
    took = f"{result.width} x {result.height}, {result.ms.total:.0f} ms{recall}{_asked(result)}"
    tell(f"{result.photo}  {took}", "title")
    if result.quality is not None and result.quality.advice:
        tell(f"  {result.quality.advice}", "doubt")
    for region in result.regions:
        tell(f"  {_heading(region, shelves)}", "box")
        if region.hits:
            if region.is_nothing:
                tell("    nothing like this here; the nearest:", "doubt")
            elif region.confident is False:
                tell("    not sure; it may be one of these:", "doubt")
            rows = [_row(rank, hit) for rank, hit in enumerate(region.hits, start=1)]
            print_table(rows, indent=4, styles=_styles(region))
        elif region.hits is not None:
            tell("    nothing found", "doubt")
    if not result.regions:
        tell("  nothing found", "doubt")
    sys.stdout.flush()


def _styles(region: Region) -> list[str]:
    """The first hit stands out, unless there is doubt; a server's hits are told apart."""
    hits = region.hits or ()
    first = "" if region.confident is False else "first"
    return ["server" if hit.source != "local" else "" if i else first for i, hit in enumerate(hits)]


def _asked(result: SearchResult) -> str:
    if result.fallback is False:
        return ""
    return ", the server was asked" if result.fallback is True else ", the server is away"


def _heading(region: Region, shelves: Shelves) -> str:
    x, y, w, h = region.box
    parts = [f"{region.group} {region.score:.2f} at {x:.0f},{y:.0f} {w:.0f} x {h:.0f}"]
    likely = [
        f"{name} {p:.2f}"
        for name, p in region.categories[:3]
        if p >= LEAST_SHARE and shelves.fits(region.group, name)
    ]
    if likely:
        parts.append(", ".join(likely))
    if region.confidence is not None:
        parts.append(f"confidence {region.confidence:.2f}")
    if region.attributes:
        parts.append(", ".join(f"{name} {label} {p:.2f}" for name, (label, p) in region.attributes.items()))
    return " · ".join(parts)


def _row(rank: int, hit: Hit) -> tuple[str, ...]:
    source = "" if hit.source == "local" else hit.source
    return f"{rank:2}", f"{hit.score:.3f}", hit.product_id, hit.title[:48], hit.category, source
