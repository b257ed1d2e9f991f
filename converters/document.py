"""``python -m converters.document FOLDER…``: the tables of ``docs/conversion.md``.

They come from the reports that exports, measurements and sweeps left in the folders.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from converters.command import exit_code
from converters.errors import ConversionError
from converters.measure import FILE_NAME as MEASURES
from converters.parity import listed
from converters.sweep import FILE_NAME as SWEEP
from pocketshelf.cli.parser import Parser
from pocketshelf.runtime.notices import owns_process
from pocketshelf_training.pages.page import table

__all__ = ["main", "tables"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "conversion.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
# What a sweep's row shows of a model's measures.
_SHOWN = {
    "embedder": ("embedding.cosine_mean", "embedding.cosine_min", "embedding.top10_agreement"),
    "detector": ("scores.cosine_mean", "scores.cosine_min", "boxes.iou_mean"),
}


# Heads of a table's columns, and under each what it shows of a row's fields; ">" before those of numbers.
_PARITY = (
    "target | model | precision | pictures | measure | >found | >needed",
    "{target} | {kind} | {precision} | {pictures} | {name} | {value:.4f} | {least}",
)
_OUTSIDE = ("target | model | precision | operations", "{target} | {kind} | {precision} | {operations}")
_MEASURED = (
    "target | precision | >photos | >R@1 float | >R@1 file | >points lost | >same top hit | "
    ">cosine mean | >min | >ms | >share of eager",
    "{target} | {precision} | {photos} {split} | {recall_at_1_float:.4f} | {recall_at_1:.4f} | {lost:.2f} | "
    "{top1_agreement:.3f} | {cosine_mean:.4f} | {cosine_min:.4f} | {ms:.1f} | {latency_ratio:.2f}",
)
_SWEPT = (
    "target | backend | precision | model | outcome | >MB | reached",
    "{target} | {backend} | {precision} | {kind} | {result} | {megabytes:.2f} | {reached}",
)


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
    outside = [{**each["heading"], "operations": listed(each["heading"]["outside"])} for each in reports]
    retrieval = "Retrieval after conversion: grocery photos to 81 shop pictures"
    sections = [
        _section("Parity with PyTorch float", _PARITY, _compared(reports)),
        _section("Operations outside the neural unit or delegate", _OUTSIDE, outside),
        _section(retrieval, _MEASURED, _measured(files)),
        _section("Every precision and backend", _SWEPT, map(_swept, _latest(sweeps))),
    ]
    return "\n".join(filter(None, sections))


def _parity_files(folder: Path) -> list[Path]:
    found = sorted(folder.glob("**/parity.json"))
    if not found:
        raise ConversionError(f"{folder}: no parity.json in it; run python -m converters.export")
    return found


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _section(title: str, columns: tuple[str, str], rows: Iterable[dict[str, Any]]) -> str:
    """A heading and a table; nothing if it has no rows."""
    heads, forms = (each.split(" | ") for each in columns)
    cells = [[_cell(form, row) for form in forms] for row in rows]
    return f"### {title}\n\n{table(heads, cells)}" if cells else ""


def _cell(form: str, row: dict[str, Any]) -> str:
    """``form`` filled in; a dash where the row does not have what it asks for."""
    try:
        return form.format_map(row)
    except KeyError:
        return "–"


def _compared(reports: Iterable[dict]) -> Iterator[dict[str, Any]]:
    for report in reports:
        pictures = f"{report['photos']} {report['source']}" if report["photos"] else report["note"]
        for measure in report["measures"] or [{}]:
            yield {**report["heading"], "pictures": pictures, **measure}


def _measured(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in files:
        if (path.parent / MEASURES).exists():
            found = _read(path.parent / MEASURES)
            heads = [report["heading"] for report in _read(path)]
            precision = next(head["precision"] for head in heads if head["kind"] == "embedder")
            lost = 100 * (found["recall_at_1_float"] - found["recall_at_1"])
            yield {**found, "precision": precision, "lost": lost}


def _latest(outcomes: Iterable[dict]) -> Iterable[dict]:
    keys = ("target", "backend", "precision", "kind")
    return {tuple(outcome[key] for key in keys): outcome for outcome in outcomes}.values()


def _swept(outcome: dict[str, Any]) -> dict[str, Any]:
    found = ", ".join(
        f"{name.split('.')[1].replace('_', ' ')} {outcome['measures'][name]:.4f}"
        for name in _SHOWN.get(outcome["kind"], ())
        if name in outcome["measures"]
    )
    outside = outcome["backend"] and outcome["outside"]
    remarks = [outcome["message"], found, outside and f"outside the delegate: {listed(outside)}"]
    row = {**outcome, "backend": outcome["backend"] or "–"}
    row["reached"] = "; ".join(filter(None, remarks)).replace("|", "\\|")
    return {**row, "megabytes": outcome["bytes"] / 1e6} if outcome["bytes"] else row


@owns_process
def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = Parser(prog="python -m converters.document", description=__doc__)
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
