"""The tables of ``docs/unseen.md``: made of the figures in its JSON, and put between their marks."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketshelf.errors import UsageError, reason
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.pages.page import joined, table

__all__ = ["add_fill", "fill", "of_ablation", "of_left_out", "of_sets", "sets_beside"]

Figures = Mapping[str, Any]
# What beyond R@1 a table shows of a row.
DEEPER = ("R@5", "R@10", "R@20", "mAP")


def add_fill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fill",
        type=Path,
        metavar="PAGE.md",
        help="put the tables between the page's marks, and the figures into its JSON, where other sets' "
        "stay, and with --row a set's other rows",
    )


def fill(page: Path, figures: Figures, provenance: Figures, some_rows: bool = False) -> None:
    """Take ``figures`` into the JSON beside a page, then write the page's tables anew.

    Args:
        figures: "sets" by name, "left_out" or "ablation"; what the JSON has of other names stays.
        provenance: where they were measured, kept with each set as "measured".
        some_rows: not all rows were measured: a set's others stay, if the same was asked of them.

    Raises:
        UsageError: the page cannot be read, or has no marks.
    """
    try:
        text, kept = page.read_text(encoding="utf-8"), page.with_suffix(".json")
        document = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    except (OSError, ValueError) as error:
        raise UsageError(f"--fill {page}: cannot be read ({reason(error)})") from error
    said = {"measured": dict(provenance)}
    if sets := figures.get("sets"):
        known = document.get("sets", {})
        made_now = {name: {**of, **said} for name, of in sets.items()}
        if some_rows:
            made_now = {name: _beside(known.get(name), of) for name, of in made_now.items()}
        document["sets"] = {**known, **made_now}
    document |= {part: {**figures[part], **said} for part in ("left_out", "ablation") if figures.get(part)}
    made = {
        "sets": of_sets(document.get("sets", {})),
        "left_out": of_left_out(document.get("left_out")),
        "ablation": of_ablation(document.get("ablation")),
    }
    for name, markdown in made.items():
        text = _between(page, text, name, markdown)
    kept.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    page.write_text(text, encoding="utf-8")


def _beside(known: Figures | None, new: dict[str, Any]) -> dict[str, Any]:
    """``new`` with the rows that were measured before; alone, if something else was asked of them."""
    asked = ("split", "search", "queries", "gallery", "without")
    if not known or any(known[of] != new[of] for of in asked):
        return new
    earlier = {row: known.get("measured") for row in known["rows"]} | known.get("earlier", {})
    kept = {row: where for row, where in earlier.items() if row not in new["rows"]}
    return {**new, "rows": {**known["rows"], **new["rows"]}, **({"earlier": kept} if kept else {})}


def _between(page: Path, text: str, name: str, markdown: str) -> str:
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not marked.search(text):
        raise UsageError(f"--fill {page}: no marks {begin} … {end}")
    return marked.sub(lambda _: f"{begin}\n\n{markdown}\n{end}", text)


def sets_beside(page: Path) -> dict[str, Any]:
    """The sets that ``unseen.json`` beside a page has figures of; none where it is not there."""
    kept = page.with_name("unseen.json")
    return json.loads(kept.read_text(encoding="utf-8")).get("sets", {}) if kept.is_file() else {}


def of_sets(sets: Figures) -> str:
    """A table a set: R@1 with its interval, R@5, R@10, R@20 and mAP; then R@1 by category."""
    parts = []
    for name, found in sets.items():
        asked = f"{found['queries']} queries, gallery of {found['gallery']}"
        aside = f"; {found['without']} without a right picture were set aside" if found["without"] else ""
        head = f"**{name}**, split {found['split']}, {found['search']}: {asked}{aside}."
        parts.append(f"{head}{_where(found)}\n")
        cells = [
            (row, _said(figures["R@1"]), *(f"{figures[column]['value']:.3f}" for column in DEEPER))
            for row, figures in found["rows"].items()
        ]
        parts.append(table(["row", ">R@1", *(f">{column}" for column in DEEPER)], cells))
        parts += _by_category(found["rows"])
    return joined(parts)


def _where(found: Figures) -> str:
    """On which machine, and by which commit; nothing where that is not kept."""
    measured = found.get("measured")
    if not measured:
        return ""
    here = f" {measured['machine']}, commit {measured['commit']}"
    before = Counter(f"commit {where['commit']}" for where in found.get("earlier", {}).values() if where)
    return here + "".join(f"; {count} rows before, {commit}" for commit, count in before.items()) + "."


def _by_category(rows: Figures) -> list[str]:
    """R@1 of each category, where there are several."""
    categories = next(iter(rows.values()))["categories"]
    if len(categories) < 2:
        return []
    head = [f">{name} ({of['queries']})" for name, of in categories.items()]
    cells = [
        (row, *(f"{figures['categories'][name]['R@1']:.3f}" for name in categories))
        for row, figures in rows.items()
    ]
    return [table(["R@1 by category (queries)", *head], cells)]


def of_left_out(found: Figures | None) -> str:
    """Leave-products-out: each measure's mean over the draws with its interval, then the draws."""
    if not found:
        return "No draws were measured yet.\n"
    columns = {
        "all": "R@1 among all",
        "own": "R@1 among their own",
        "known": "known products, R@1",
    }
    draws = found["draws"]
    seeds = len(draws)
    parts = [
        f"{seeds} draws; each leaves {draws[0]['left_out']} of {draws[0]['products']} products out of its "
        f"training. Split {found['split']}, whole frames, float. Mean over draws with its 95 % interval "
        f"(Student's t).{_where(found)}\n"
    ]
    cells = [
        (row, *(_said(figures[column]) for column in columns)) for row, figures in found["means"].items()
    ]
    parts.append(table(["gallery", *(f">{name}" for name in columns.values())], cells))
    draws_of = [(draw, row) for draw in draws for row in draw["rows"]]
    head = [
        "draw",
        "gallery",
        ">weight, margin",
        ">photos, left out · known",
        *(f">{n}" for n in columns.values()),
    ]
    parts.append(table(head, [_draw(draw, row, columns) for draw, row in draws_of]))
    return joined(parts)


def of_ablation(found: Figures | None) -> str:
    """R@1 of each training, and beside it what it has more than that with all sources."""
    if not found:
        return "No sources were left out yet.\n"
    sets = found["sets"]
    head = [f"{name}, {of['split']} ({of['queries']})" for name, of in sets.items()]
    rows = next(iter(sets.values()))["rows"]
    cells = [(row, *(_beside_all(of["rows"][row]) for of in sets.values())) for row in rows]
    words = (
        f"{found['training']}. R@1, and the difference from the training with all, paired over the queries"
    )
    return joined(
        [
            f"{words}, with its 95 % interval.{_where(found)}\n",
            table(["training", *(f">{h}" for h in head)], cells),
        ]
    )


def _beside_all(figures: Figures) -> str:
    more = figures["more"]
    low, high = more["low"], more["high"]
    said = f" ({more['value']:+.3f}: {low:+.3f} to {high:+.3f})" if low or high else ""
    return f"{figures['R@1']['value']:.3f}{said}"


def _draw(draw: Figures, row: str, columns: Mapping[str, str]) -> tuple[str, ...]:
    chosen = draw["chosen"].get(row)
    return (
        f"`{draw['name']}`",
        row,
        f"{chosen['weight']:g}, {chosen['margin']:g}" if chosen else "",
        f"{draw['photos']} · {draw['known_photos']}",
        *(f"{draw['rows'][row][column]:.3f}" for column in columns),
    )


def _said(figure: Figures) -> str:
    return str(Figure(figure["value"], figure["low"], figure["high"], 0))
