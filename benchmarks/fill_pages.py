"""The documents' tables, from what the benchmarks wrote: between marks, so that a new run updates the pages.

A page has a table where it has the marks ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``. Tables whose
results are not there stay as they are.

    python benchmarks/fill_pages.py            # fill
    python benchmarks/fill_pages.py --check    # fails where a page says something else than the results
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from common import record
from tables import compare, features, quality, scale, shelf

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Table(NamedTuple):
    """Where a table stands, and what makes it of a benchmark's JSON."""

    page: str
    results: str
    make: Callable[[dict[str, Any]], str]


# By the name of the marks.
TABLES = {
    "peers-photo": Table("compare.md", "peers_photo", compare.photo),
    "two-threads": Table("compare.md", "photo_profile", compare.two_threads),
    "peers-search": Table("compare.md", "peers_search", compare.search),
    "peers-search-million": Table(
        "compare.md", "peers_search_million", partial(compare.search, size=1_000_000)
    ),
    "shelf-parts": Table("compare.md", "peers_search", shelf.parts),
    "shelf-screen": Table("compare.md", "shelf_screen", shelf.screen),
    "cold-start": Table("compare.md", "cold_start", compare.cold_start),
    "scale-measured": Table("scale.md", "scale", scale.measured),
    "scale-computed": Table("scale.md", "scale", scale.computed),
    "outage": Table("scale.md", "outage", scale.outage),
    "published-features": Table("sync.md", "published_features", features.published),
    "quality-time": Table("quality.md", "quality", quality.judging),
    "training-speed": Table("scale.md", "training_speed", scale.training),
}


def filled(text: str, name: str, table: str) -> str:
    """``text`` with the table between its marks; as it was where it has none."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    marked = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    return marked.sub(lambda _: f"{begin}\n{table}\n{end}", text)


def changed(docs: Path = DOCS, results: Path = record.RESULTS) -> Iterator[tuple[Path, str]]:
    """The pages that say something else than the results, with what they should say."""
    for page in sorted({table.page for table in TABLES.values()}):
        path = docs / page
        before = after = path.read_text(encoding="utf-8")
        for name, table in TABLES.items():
            file = results / f"{table.results}.json"
            if table.page == page and file.exists():
                after = filled(after, name, table.make(record.read(file)))
        if after != before:
            yield path, after


def main() -> int:
    """Fill the pages, or say which are stale."""
    parser = record.parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a page is stale")
    args = parser.parse_args()
    stale = list(changed())
    for path, text in stale:
        print(
            f"{path}: {'stale: python benchmarks/fill_pages.py' if args.check else 'filled'}", file=sys.stderr
        )
        if not args.check:
            path.write_text(text, encoding="utf-8")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    record.run(main)
