"""``python -m converters.document FOLDER…``: the tables of ``docs/conversion.md``.

They come from the reports that the exports left in the folders.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from converters.errors import ConversionError
from converters.measure import FILE_NAME as MEASURES

__all__ = ["main", "tables"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conversion.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def tables(folders: Sequence[Path]) -> str:
    """Markdown: parity, operations outside the neural unit, retrieval and latency.

    Raises:
        ConversionError: a folder has no parity report.
    """
    reports, measures = [], []
    for folder in folders:
        found = sorted(folder.glob("**/parity.json"))
        if not found:
            raise ConversionError(f"{folder}: no parity.json in it; run python -m converters.export")
        for path in found:
            reports += json.loads(path.read_text(encoding="utf-8"))
            beside = path.parent / MEASURES
            if beside.exists():
                precision = next(
                    r["heading"]["precision"] for r in reports[::-1] if r["heading"]["kind"] == "embedder"
                )
                measures.append((precision, json.loads(beside.read_text(encoding="utf-8"))))
    return "\n".join([*_parity(reports), *_outside(reports), *_measures(measures)])


def _precision(reports: list[dict]) -> str:
    """That of the embedder read last."""
    heads = [report["heading"] for report in reversed(reports)]
    return next(head["precision"] for head in heads if head["kind"] == "embedder")


def _parity(reports: list[dict]) -> list[str]:
    lines = [
        "### Parity with PyTorch float",
        "",
        "| target | model | precision | pictures | measure | found | needed |",
    ]
    lines.append("|---|---|---|---|---|---:|---:|")
    for report in reports:
        head = report["heading"]
        pictures = f"{report['photos']} {report['source']}" if report["photos"] else report["note"]
        row = f"| {head['target']} | {head['kind']} | {head['precision']} | {pictures} |"
        lines += [f"{row} {m['name']} | {m['value']:.4f} | {m['least']} |" for m in report["measures"]]
        if not report["measures"]:
            lines.append(f"{row} – | – | – |")
    return [*lines, ""]


def _outside(reports: list[dict]) -> list[str]:
    lines = [
        "### Operations outside the neural unit or delegate",
        "",
        "| target | model | precision | operations |",
    ]
    lines.append("|---|---|---|---|")
    for report in reports:
        head = report["heading"]
        listed = ", ".join(f"{count} {name}" for name, count in head["outside"].items()) or "none reported"
        lines.append(f"| {head['target']} | {head['kind']} | {head['precision']} | {listed} |")
    return [*lines, ""]


def _measures(measures: list[tuple[str, dict]]) -> list[str]:
    if not measures:
        return []
    lines = ["### Retrieval after conversion: grocery test photos to 81 shop pictures", ""]
    lines.append(
        "| target | precision | photos | R@1 float | R@1 file | same top hit | ms | share of eager |"
    )
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|")
    for precision, m in measures:
        recalls = f"{m['recall_at_1_float']:.3f} | {m['recall_at_1']:.3f} | {m['top1_agreement']:.3f}"
        times = f"{m['ms']:.1f} | {m['latency_ratio']:.2f}"
        lines.append(f"| {m['target']} | {precision} | {m['photos']} | {recalls} | {times} |")
    return [*lines, ""]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m converters.document", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="folders that converters.export wrote")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page whose tables are replaced")
    parsed = parser.parse_args(arguments)
    try:
        text = parsed.page.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN, 1)
        _, after = rest.split(END, 1)
        found = tables(parsed.folders)
    except (OSError, ValueError, ConversionError) as error:
        print(f"error: {parsed.page}: {error}", file=sys.stderr)
        return 1
    parsed.page.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
