"""``python -m converters.document FOLDER…``: the tables of ``docs/conversion.md``.

They come from the reports that exports, measurements and sweeps left in the folders.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from converters.command import exit_code
from converters.errors import ConversionError
from converters.measure import FILE_NAME as MEASURES
from converters.sweep import FILE_NAME as SWEEP

__all__ = ["main", "tables"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conversion.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
# What a sweep's row shows of a model's measures.
_SHOWN = {
    "embedder": ("embedding.cosine_mean", "embedding.cosine_min", "embedding.top10_agreement"),
    "detector": ("scores.cosine_mean", "scores.cosine_min", "boxes.iou_mean"),
}


def tables(folders: Sequence[Path]) -> str:
    """Markdown: parity, operations outside the neural unit, retrieval and latency, and sweeps.

    A folder with a sweep gives its table alone; any other gives those of the exports in it. Of several sweeps
    that tried the same, the last named counts.

    Raises:
        ConversionError: a folder has no report.
    """
    exports = [folder for folder in folders if not (folder / SWEEP).exists()]
    sweeps = [outcome for folder in folders if folder not in exports for outcome in _read(folder / SWEEP)]
    files = [path for folder in exports for path in _parity_files(folder)]
    reports = [report for path in files for report in _read(path)]
    return "\n".join([*_parity(reports), *_outside(reports), *_measures(files), *_sweeps(_latest(sweeps))])


def _parity_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("**/parity.json"))
    if not found:
        raise ConversionError(f"{folder}: no parity.json in it; run python -m converters.export")
    return found


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(title: str, columns: str, rows: Iterable[str]) -> list[str]:
    """A table with its heading; nothing if it has no rows. Columns that start with ">" hold numbers."""
    names = columns.split(" | ")
    rule = "|".join("---:" if name.startswith(">") else "---" for name in names)
    lines = [f"| {row} |" for row in rows]
    head = [f"### {title}", "", f"| {' | '.join(name.lstrip('>') for name in names)} |", f"|{rule}|"]
    return [*head, *lines, ""] if lines else []


def _parity(reports: list[dict]) -> list[str]:
    rows = []
    for report in reports:
        head = report["heading"]
        pictures = f"{report['photos']} {report['source']}" if report["photos"] else report["note"]
        start = f"{head['target']} | {head['kind']} | {head['precision']} | {pictures}"
        measures = [f"{m['name']} | {m['value']:.4f} | {m['least']}" for m in report["measures"]]
        rows += [f"{start} | {measure}" for measure in measures or ["– | – | –"]]
    columns = "target | model | precision | pictures | measure | >found | >needed"
    return _table("Parity with PyTorch float", columns, rows)


def _listed(outside: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in outside.items())


def _outside(reports: list[dict]) -> list[str]:
    heads = [report["heading"] for report in reports]
    rows = [
        f"{h['target']} | {h['kind']} | {h['precision']} | {_listed(h['outside']) or 'none reported'}"
        for h in heads
    ]
    title = "Operations outside the neural unit or delegate"
    return _table(title, "target | model | precision | operations", rows)


def _measures(files: Sequence[Path]) -> list[str]:
    rows = []
    for path in files:
        if (path.parent / MEASURES).exists():
            heads = [report["heading"] for report in _read(path)]
            precision = next(head["precision"] for head in heads if head["kind"] == "embedder")
            rows.append(_measured(precision, _read(path.parent / MEASURES)))
    title = "Retrieval after conversion: grocery photos to 81 shop pictures"
    columns = (
        "target | precision | >photos | >R@1 float | >R@1 file | >points lost | >same top hit | "
        ">cosine mean | >min | >ms | >share of eager"
    )
    return _table(title, columns, rows)


def _measured(precision: str, m: dict) -> str:
    lost = 100 * (m["recall_at_1_float"] - m["recall_at_1"])
    recalls = (
        f"{m['recall_at_1_float']:.4f} | {m['recall_at_1']:.4f} | {lost:.2f} | {m['top1_agreement']:.3f}"
    )
    times = f"{m['ms']:.1f} | {m['latency_ratio']:.2f}" if "ms" in m else "– | –"
    cosines = f"{m['cosine_mean']:.4f} | {m['cosine_min']:.4f}"
    return f"{m['target']} | {precision} | {m['photos']} {m['split']} | {recalls} | {cosines} | {times}"


def _latest(outcomes: list[dict]) -> list[dict]:
    keys = ("target", "backend", "precision", "kind")
    return list({tuple(outcome[key] for key in keys): outcome for outcome in outcomes}.values())


def _sweeps(outcomes: list[dict]) -> list[str]:
    rows = []
    for o in outcomes:
        size = f"{o['bytes'] / 1e6:.2f}" if o["bytes"] else "–"
        found = ", ".join(
            f"{name.split('.')[1].replace('_', ' ')} {o['measures'][name]:.4f}"
            for name in _SHOWN.get(o["kind"], ())
            if name in o["measures"]
        )
        remarks = [
            o["message"],
            found,
            f"outside the delegate: {_listed(o['outside'])}" if o["backend"] else "",
        ]
        if not o["outside"]:
            remarks.pop()
        text = "; ".join(filter(None, remarks)).replace("|", "\\|")
        start = f"{o['target']} | {o['backend'] or '–'} | {o['precision']} | {o['kind']}"
        rows.append(f"{start} | {o['result']} | {size} | {text}")
    columns = "target | backend | precision | model | outcome | >MB | reached"
    return _table("Every precision and backend", columns, rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m converters.document", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="what converters.export and .sweep wrote")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page whose tables are replaced")
    parsed = parser.parse_args(arguments)

    def work() -> None:
        text = parsed.page.read_text(encoding="utf-8")
        if BEGIN not in text or END not in text:
            raise ConversionError(f"{parsed.page}: has no {BEGIN} and {END}")
        before, rest = text.split(BEGIN, 1)
        _, after = rest.split(END, 1)
        found = tables(parsed.folders)
        parsed.page.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
