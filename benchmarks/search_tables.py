"""The table of what ``server_search.py`` measured, between two marks in ``docs/server.md``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

__all__ = ["BEGIN", "END", "PAGE", "table", "with_table", "write_table"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "server.md"
BEGIN, END = (
    "<!-- measured: begin; written by benchmarks/server_search.py --table -->",
    "<!-- measured: end -->",
)
# Searches keep two processes busy at most, PostgreSQL's builds three.
QUIET, QUIET_BUILD = 2.5, 4.0


def table(figures: dict[str, Any]) -> str:
    """The rows of ``server_search.json``, in Markdown; builds beside other work carry a mark."""
    head = (
        "| index | vectors | build | median | p99 | recall | one of 50 categories: median, p99 | recall |",
        "|---|---|---|---|---|---|---|---|",
    )
    rows = [_row(row) for row in figures["rows"]]
    return "\n".join((f"{figures['machine']}; draw {figures['draw']}.", "", *head, *rows))


def _row(row: dict[str, Any]) -> str:
    built_busy = " (busy)" if max(row["build_load"]) > QUIET_BUILD else ""
    busy = " (busy)" if row["load"] > QUIET else ""
    cells = (
        f"`{row['index']}`{busy}",
        f"{row['vectors']:,}",
        f"{row['build_s']:,.0f} s{built_busy}",
        _time(row["median_ms"]),
        _time(row["p99_ms"]),
        f"{row['recall_at_10']:.3f}",
        f"{_time(row['one_category_median_ms'])}, {_time(row['one_category_p99_ms'])}",
        f"{row['one_category_recall_at_10']:.3f}",
    )
    return f"| {' | '.join(cells)} |"


def _time(milliseconds: float) -> str:
    return f"{milliseconds:.3g} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.3g} s"


def with_table(page: str, figures: dict[str, Any]) -> str:
    """``page`` with the table between its marks; as it was where it has no marks."""
    marked = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return marked.sub(lambda _: f"{BEGIN}\n{table(figures)}\n{END}", page)


def write_table(figures: dict[str, Any]) -> None:
    """Write the table into ``docs/server.md``."""
    PAGE.write_text(with_table(PAGE.read_text(), figures))
