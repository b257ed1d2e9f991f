"""The tables of what `benchmarks/phone_cores.py` measured, between two marks in the demos' READMEs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

__all__ = ["BEGIN", "END", "READMES", "table", "with_table"]

ROOT = Path(__file__).resolve().parents[2]
READMES = {"kotlin": ROOT / "android_demo" / "README.md", "swift": ROOT / "ios_demo" / "README.md"}
BEGIN, END = "<!-- measured: begin; written by benchmarks/phone_cores.py -->", "<!-- measured: end -->"
RUNS_AS = {"kotlin": "the Kotlin core on a JVM", "swift": "the Swift core as a Linux program"}
WHAT = {
    "scan": "one search of 20,000 x 128 int8, exact",
    "delta": "a delta of 1,000 rows on 20,000, checked and applied",
    "decode": "a detector's output (320 x 320, 11 groups) to boxes and regions",
}


def table(name: str, figures: dict[str, Any]) -> str:
    """A core's rows, in Markdown."""
    core, sdk = figures[name], figures["sdk"]
    rows = [
        f"| {what} | {core[f'{key}_ms']:.3g} ms | {sdk[f'{key}_ms']:.3g} ms | {core['ratio_to_sdk'][key]:g} |"
        for key, what in WHAT.items()
    ]
    numpy, kernel = (f"{sdk[key]:.3g} ms" for key in ("scan_without_numkong_ms", "numkong_kernel_ms"))
    own = f" (this core's own: {core['kernel_ms']:.3g} ms)" if "kernel_ms" in core else ""
    head = (
        f"Median times of {RUNS_AS[name]}, one thread, beside the Python SDK in the same run",
        f"({figures['machine']}; {figures['rounds']} rounds; `benchmarks/results/phone_cores.json`).",
        f"The SDK scans with NumKong's kernel, whose dot products alone take {kernel}{own}; with numpy",
        f"in its place a search takes {numpy}. None of it was measured on a phone.",
        "",
        "| what | this core | Python SDK | ratio |",
        "|---|---|---|---|",
    )
    return "\n".join((*head, *rows))


def with_table(readme: str, name: str, figures: dict[str, Any]) -> str:
    """A README with the core's table between its marks; as it was where it has no marks."""
    marked = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    return marked.sub(lambda _: f"{BEGIN}\n{table(name, figures)}\n{END}", readme)
