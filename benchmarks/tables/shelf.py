"""The table of docs/compare.md that is of our store alone: what `shelf_parts` measured."""

from __future__ import annotations

from typing import Any

__all__ = ["parts", "screen"]


def parts(figures: dict[str, Any]) -> str:
    """Bytes, filters, pictures a product and graphs, by size, in Markdown."""
    rows = figures.get("ours", [])
    if not rows:
        return "Not measured yet."
    lines = ["| what, of our store alone | products | measured | beside it |", "|---|---:|---:|---:|"]
    for row in rows:
        lines += [f"| {what} | {row['products']:,} | {a} | {b} |" for what, a, b in _SAID[row["part"]](row)]
    said = (
        f"{figures['machine']}, commit {figures['commit']}; `python benchmarks/peers_search.py`. Synthetic."
    )
    return "\n".join([*lines, "", said])


def _disk(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    derived = sum(row["derived"].values())
    split = f"vectors {row['vectors']:g}, derived {derived:.1f}"
    besides = f"rows' texts {row['texts']:g}, SQLite besides {row['sqlite_besides']:g}"
    return [("bytes an item", f"{row['without_rows_texts']:g} ({split})", f"{row['all']:g} with {besides}")]


def _filter(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    what = f"ten hits of everything by {row['by']}: in the scan · looking at hits"
    return [(what, f"{row['in_the_scan_ms']:g} ms", f"{row['looking_at_hits_ms']:,g} ms")]


def _pictures(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    kinds = {"one_category": "one category", "three_categories": "three categories", "all": "everything"}
    lines = [
        (
            f"four pictures a product · one: search of {name}",
            f"{row[f'{kind}_4_ms']:g} ms",
            f"{row[f'{kind}_1_ms']:g} ms ({row[f'{kind}_ratio']:g} ×)",
        )
        for kind, name in kinds.items()
    ]
    if "missed" in row:
        what = "four pictures a product: hits missed of everything · the second search, which takes the means"
        lines.append((what, f"{row['missed']} of {row['hits']}", f"{row['second_4_ms']:g} ms"))
    return lines


def _graph(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    what = "a graph of everything, in verified memory · mapped from its file"
    return [
        (f"{what}: ready", f"{row['verified_ready_ms']:g} ms", f"{row['mapped_ready_ms']:g} ms"),
        (f"{what}: a search", f"{row['verified_ms']:g} ms", f"{row['mapped_ms']:g} ms"),
    ]


def screen(figures: dict[str, Any]) -> str:
    """What looking at means first misses, by gallery and share of the bound, in Markdown."""
    rows = figures["rows"]
    reaches = sorted({row["reach"] for row in rows})
    lines = [
        f"| gallery | products of four | queries | {' | '.join(f'{reach:g}' for reach in reaches)} |",
        f"|---|---:|---:|{'---:|' * len(reaches)}",
    ]
    for name in dict.fromkeys(row["gallery"] for row in rows):
        own = {row["reach"]: row for row in rows if row["gallery"] == name}
        one = own[reaches[0]]
        cells = [
            f"{own[reach]['missed']:,} of {own[reach]['hits']:,} ({100 * own[reach]['looked_at']:.1f} %)"
            for reach in reaches
        ]
        lines.append(f"| {name} | {one['products']:,} | {one['queries']:,} | {' | '.join(cells)} |")
    said = f"Hits missed, and the share of the products that was looked at; {figures['in_use']:g} is in use."
    taken = f"{figures['machine']}, commit {figures['commit']}; `python benchmarks/shelf_screen.py`."
    return "\n".join([*lines, "", said, taken])


def _not_run(row: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [("what else there is", f"not run: {row['not_run']}", "–")]


_SAID = {"not_run": _not_run, "disk": _disk, "filter": _filter, "pictures": _pictures, "graph": _graph}
