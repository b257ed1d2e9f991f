"""The tables of docs/compare.md, from the peers' benchmarks."""

from __future__ import annotations

from typing import Any

from pocketshelf_training.pages.page import table

__all__ = ["cold_start", "photo", "search", "taken", "two_threads"]

SHOWN_AT = 100_000
# Engines in the order of the page, and what they are called there.
ENGINES = {
    "pocketshelf": "**Pocketshelf**, exact, with titles",
    "faiss flat": "Faiss, flat, float32",
    "faiss hnsw sq8": "Faiss, HNSW, 8 bits",
    "hnswlib": "hnswlib, float32",
    "sqlite-vec": "sqlite-vec, int8",
}


def taken(figures: dict[str, Any], command: str) -> str:
    """Where and when: the line under a table."""
    return f"{figures['machine']}, commit {figures['commit']}; `python benchmarks/{command}`."


def _short(value: float | str) -> str:
    """Two digits below ten, thousands set apart; words as they are."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def photo(figures: dict[str, Any]) -> str:
    """A photo to ten hits, whole and with detection, beside MediaPipe and hnswlib."""
    sizes: dict[float, dict[str, dict[str, Any]]] = {}
    for row in figures["rows"]:
        sizes.setdefault(row["megapixels"], {})[row["ours"]] = row
    head = [
        ">megapixels",
        ">whole photo: ours · peer, ms",
        ">ratio",
        ">with detection, which the peer has not: ours, ms",
        ">ratio",
    ]
    cells = []
    for size, rows in sizes.items():
        whole, found = rows["whole"], rows["detected"]
        ratio = f"**{whole['ratio']:.2f}**" if whole["ratio"] > 1 else f"{whole['ratio']:.2f}"
        both = f"{_short(whole['ours_ms'])} · {_short(whole['peer_ms'])}"
        cells.append((f"{size:g}", both, ratio, _short(found["ours_ms"]), f"{found['ratio']:.2f}"))
    return table(head, cells) + "\n" + taken(figures, "peers_photo.py")


def two_threads(figures: dict[str, Any]) -> str:
    """One photo by one thread and by two."""
    photos: dict[str, dict[str, dict[str, Any]]] = {}
    for row in figures["rows"]:
        photos.setdefault(row["photo"], {})[row["ours"]] = row
    gain = [">by two, times as fast", ">at most"]
    head = ["one photo", ">whole, ms by one thread", *gain, ">with detection, ms by one thread", *gain]

    def cells(row: dict[str, Any]) -> list[str]:
        return [_short(row["one_ms"]), f"{row['times']:.2f}", f"{row['limit']:.2f}"]

    found = [(what, *cells(rows["whole"]), *cells(rows["detected"])) for what, rows in photos.items()]
    return table(head, found) + "\n" + taken(figures, "photo_profile.py")


def search(figures: dict[str, Any], size: int = SHOWN_AT) -> str:
    """Search of so many vectors by engine."""
    rows = {row["engine"]: row for row in figures["rows"] if row["vectors"] == size}
    if not any("all_ms" in row for row in rows.values()):
        return "Not measured yet."
    head = [
        f"{size:,} vectors",
        ">all, ms",
        ">recall",
        ">a category, ms",
        ">recall",
        ">ready for the first search, ms",
        ">disk, bytes an item",
        ">100 replaced, 100 deleted, ms",
    ]
    found: list[tuple[str, ...]] = []
    for engine, name in ENGINES.items():
        if engine not in rows:
            continue
        row = rows[engine]
        if "not_run" in row:
            found.append((name, f"not run: {row['not_run']}", *6 * "–"))
            continue
        ready = row["open_ms"] + row["first_search_ms"]
        change = row.get("change_200_ms")
        cells = (
            name,
            _short(row["all_ms"]),
            f"{row['all_recall']:.3g}",
            _short(row["one_category_ms"]),
            f"{row['one_category_recall']:.3g}",
            _short(ready),
            str(row["disk_bytes_an_item"]),
            _short("–" if change is None else change),
        )
        found.append(cells)
    return table(head, found) + "\n" + taken(figures, figures.get("command", "peers_search.py"))


def cold_start(figures: dict[str, Any]) -> str:
    """Processes from start to end."""
    clock, used = figures["ms"], figures["processor_ms"]
    rows = [(f"`{name}`", _short(clock[name]), _short(used[name])) for name in clock if name != "nothing"]
    low, high = figures["search_to_peer_5_95"]
    beyond = figures["import_beyond_numpy_ms"]
    said = (
        f"Beyond numpy, `import pocketshelf` takes {beyond['pocketshelf']:g} ms, `import mediapipe` "
        f"{beyond['mediapipe']:g}. A search from a shell takes {figures['search_to_peer']:.2f} of the peer's "
        f"time (middle 90 % of {figures['repeats']} pairs: {low:.2f} to {high:.2f})."
    )
    head = ["a process of its own", ">ms, median", ">processor time, ms"]
    return table(head, rows) + "\n" + said + "\n" + taken(figures, "cold_start.py")
