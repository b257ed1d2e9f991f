"""The tables of ``server_search.py`` and ``import_ray.py``, between marks in ``docs/server.md``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["PAGE", "TABLES", "engines_table", "filled", "imports_table", "tuning_table", "write_tables"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "server.md"
RESULTS = Path(__file__).parents[1] / "results"
# Searches keep two processes busy at most, PostgreSQL's builds three.
QUIET, QUIET_BUILD = 2.5, 4.0
WAYS = {"threads": "threads, without Ray", "ray": "Ray's processes, on this machine"}


def engines_table(figures: dict[str, Any]) -> str:
    """The rows of ``server_search.json``, in Markdown; what was measured beside other work carries a mark.

    So does what was measured on another machine than the first row.
    """
    head = (
        "| index | vectors | build | median | p99 | recall | one of 50 categories: median, p99 | recall |",
        "|---|---|---|---|---|---|---|---|",
    )
    machines = list(dict.fromkeys(_machine(row, figures) for row in figures["rows"]))
    marks = {name: f" ({number})" if number > 1 else "" for number, name in enumerate(machines, 1)}
    rows = [_engine(row, marks[_machine(row, figures)]) for row in figures["rows"]]
    commits = ", ".join(sorted({row["commit"] for row in figures["rows"]}))
    told = "; ".join(f"{marks[name].strip()} {name}".strip() for name in machines)
    return "\n".join((*head, *rows, "", f"{told}. Draw {figures['draw']}, commit {commits}."))


def _machine(row: dict[str, Any], figures: dict[str, Any]) -> str:
    """Where a row was measured: rows of several runs are kept side by side."""
    return str(row.get("machine", figures["machine"]))


def _engine(row: dict[str, Any], mark: str) -> str:
    built_busy = " (busy)" if max(row["build_load"]) > QUIET_BUILD else ""
    busy = " (busy)" if row["load"] > QUIET else ""
    cells = (
        f"`{row['index']}`{mark}{busy}",
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


def imports_table(figures: dict[str, Any]) -> str:
    """The rows of ``import_ray.json``, in Markdown."""
    head = (
        "| where | workers | pictures/s | beside one thread | until the first 64 are written |",
        "|---|---|---|---|---|",
    )
    rows = [
        f"| {WAYS[row['way']]} | {row['workers']} | {row['pictures_s']:g} | "
        f"{row['ratio_to_one_thread']:g} × | {row['first_s']:g} s |"
        for row in figures["rows"]
    ]
    load = f"load before {figures['load_before']}" + (" (busy)" if figures["load_before"] > QUIET else "")
    told = f"{figures['pictures']} drawn pictures, {figures['rounds']} rounds"
    machine = f"{figures['machine']}, commit {figures['commit']}, {load}"
    return "\n".join((*head, *rows, "", f"{told}; {machine}."))


def tuning_table(figures: dict[str, Any]) -> str:
    """How recall and time change with the candidates, on a draw that is not measured, in Markdown."""
    head = ("| index | vectors | candidates | recall | median | p99 |", "|---|---|---|---|---|---|")
    rows = [
        f"| `{row['index']}` | {row['vectors']:,} | {row['ef']} | {row['recall_at_10']:.3f} "
        f"| {_time(row['median_ms'])} | {_time(row['p99_ms'])} |"
        for row in figures["rows"]
        if "ef" in row
    ]
    told = f"draw {figures['draw']}, {figures['queries']} queries, commit {figures['commit']}"
    return "\n".join((*head, *rows, "", f"{figures['machine']}, {told}."))


# By the name of the marks: the results, and what makes the table of them.
TABLES = {
    "server-search": ("server_search", engines_table),
    "server-search-tuning": ("server_search_tuning", tuning_table),
    "import-ray": ("import_ray", imports_table),
}


def filled(page: str, name: str, table: str) -> str:
    """``page`` with the table between the marks of that name; as it was where it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n{table}\n{end}", page)


def write_tables() -> None:
    """Put those whose results are there into the page."""
    page = PAGE.read_text(encoding="utf-8")
    for name, (results, make) in TABLES.items():
        path = RESULTS / f"{results}.json"
        if path.exists():
            page = filled(page, name, make(json.loads(path.read_text())))
    PAGE.write_text(page, encoding="utf-8")
