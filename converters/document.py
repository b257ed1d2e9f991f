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
from converters.parity import listed
from converters.sweep import FILE_NAME as SWEEP
from pocketshelf_training.pages.page import table

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


def _section(title: str, head: str, rows: Iterable[Sequence[object]]) -> list[str]:
    """A heading and a table; nothing if it has no rows."""
    rows = list(rows)
    return [f"### {title}", "", table(head.split(" | "), rows)] if rows else []


def _parity(reports: list[dict]) -> list[str]:
    rows: list[tuple] = []
    for report in reports:
        pictures = f"{report['photos']} {report['source']}" if report["photos"] else report["note"]
        start = (*_named(report["heading"]), pictures)
        measures = [(m["name"], f"{m['value']:.4f}", m["least"]) for m in report["measures"]]
        rows += [(*start, *measure) for measure in measures or [("–", "–", "–")]]
    head = "target | model | precision | pictures | measure | >found | >needed"
    return _section("Parity with PyTorch float", head, rows)


def _named(heading: dict) -> tuple[str, str, str]:
    return heading["target"], heading["kind"], heading["precision"]


def _outside(reports: list[dict]) -> list[str]:
    heads = [report["heading"] for report in reports]
    rows = [(*_named(head), listed(head["outside"])) for head in heads]
    title = "Operations outside the neural unit or delegate"
    return _section(title, "target | model | precision | operations", rows)


def _measures(files: Sequence[Path]) -> list[str]:
    rows = []
    for path in files:
        if (path.parent / MEASURES).exists():
            heads = [report["heading"] for report in _read(path)]
            precision = next(head["precision"] for head in heads if head["kind"] == "embedder")
            rows.append(_measured(precision, _read(path.parent / MEASURES)))
    title = "Retrieval after conversion: grocery photos to 81 shop pictures"
    head = (
        "target | precision | >photos | >R@1 float | >R@1 file | >points lost | >same top hit | "
        ">cosine mean | >min | >ms | >share of eager"
    )
    return _section(title, head, rows)


def _measured(precision: str, m: dict) -> tuple[str, ...]:
    before, after = m["recall_at_1_float"], m["recall_at_1"]
    return (
        m["target"],
        precision,
        f"{m['photos']} {m['split']}",
        f"{before:.4f}",
        f"{after:.4f}",
        f"{100 * (before - after):.2f}",
        f"{m['top1_agreement']:.3f}",
        f"{m['cosine_mean']:.4f}",
        f"{m['cosine_min']:.4f}",
        f"{m['ms']:.1f}" if "ms" in m else "–",
        f"{m['latency_ratio']:.2f}" if "ms" in m else "–",
    )


def _latest(outcomes: list[dict]) -> list[dict]:
    keys = ("target", "backend", "precision", "kind")
    return list({tuple(outcome[key] for key in keys): outcome for outcome in outcomes}.values())


def _sweeps(outcomes: list[dict]) -> list[str]:
    head = "target | backend | precision | model | outcome | >MB | reached"
    return _section("Every precision and backend", head, map(_swept, outcomes))


def _swept(o: dict) -> tuple[str, ...]:
    found = ", ".join(
        f"{name.split('.')[1].replace('_', ' ')} {o['measures'][name]:.4f}"
        for name in _SHOWN.get(o["kind"], ())
        if name in o["measures"]
    )
    outside = f"outside the delegate: {listed(o['outside'])}" if o["backend"] and o["outside"] else ""
    reached = "; ".join(filter(None, [o["message"], found, outside])).replace("|", "\\|")
    size = f"{o['bytes'] / 1e6:.2f}" if o["bytes"] else "–"
    return o["target"], o["backend"] or "–", o["precision"], o["kind"], o["result"], size, reached


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
