"""docs/quality.md's table of what judging a photo takes, from the results of `quality.py`."""

from __future__ import annotations

from typing import Any

from pocketshelf_training.pages.page import table

__all__ = ["WANTED", "judging"]

# Milliseconds of one thread, and bytes in the bundle.
WANTED = {"ms": 3.0, "bytes": 300_000}


def judging(results: dict[str, Any]) -> str:
    """Medians of one thread beside what was wanted."""
    spent = results["ms"]
    names = {
        "all": "judging in a search, after decoding and detection",
        "array": "judging an array of pixels alone",
        "copy": "of that, the small copy",
        "signals": "of both, what is measured in the small copy",
    }
    reached = {"all": _reached(spent["all"], WANTED["ms"], "3 ms")}
    rows = [(said, f"{spent[part]:.2f} ms", reached.get(part, "")) for part, said in names.items()]
    size = results["bytes"]
    rows.append(("the network's file", f"{size:,} bytes", _reached(size, WANTED["bytes"], "300 kB")))
    where = f"One thread, median; {results['machine']}, commit {results['commit']}.\n"
    return table(["part", ">measured", "wanted"], rows) + "\n" + where


def _reached(value: float, bound: float, said: str) -> str:
    return f"under {said}: {'yes' if value < bound else '**no**'}"
