"""The table of what ``server_load.py`` measured, between two marks in ``docs/server.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pocketshelf_training.pages.page import table

__all__ = ["server_load_table", "write_table"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "server.md"
BEGIN, END = "<!-- server-load: begin -->", "<!-- server-load: end -->"
KINDS = ("search", "sync without changes", "sync with changes", "delta")


def server_load_table(figures: dict[str, Any]) -> str:
    """Median and p99 by who serves the syncs, phase and kind of request; and what was published meanwhile."""
    head = [
        "syncs by",
        "phase",
        "generations",
        "search: median, p99, max",
        "beside calm",
        "sync without changes",
        "sync with changes",
        "bytes sent",
        "errors",
    ]
    rows = []
    for files, found in figures["rounds"].items():
        for name, phase in found["phases"].items():
            search, *others = (phase["requests"].get(kind) for kind in KINDS[:3])
            cells = [
                "Python" if files == "python" else files,
                name,
                str(phase["generations"]),
                ", ".join(_ms(search[name]) for name in ("median_ms", "p99_ms", "max_ms")) + " ms",
                f"{phase['search_p99_beside_calm']:.2f} ×",
                *(f"{_ms(row['median_ms'])}, {_ms(row['p99_ms'])} ms" if row else "–" for row in others),
                f"{phase['sent_mb']:,.0f} MB",
                str(found["errors"]),
            ]
            rows.append(cells)
    told = (
        f"{figures['products']:,} products, {figures['syncing']} clients sync and {figures['searching']} "
        f"search, each once in {figures['pause']:g} s"
    )
    machine = f"{figures['machine']}, commit {figures['commit']}, load before {figures['load_before']}"
    return f"{table(head, rows)}\n{told}; {machine}."


def write_table(figures: dict[str, Any]) -> None:
    """Put the table into the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    PAGE.write_text(f"{head}{BEGIN}\n{server_load_table(figures)}\n{END}{tail}", encoding="utf-8")


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
