"""Full-catalogue search: time, recall, and what it costs to build, for every index and both databases.

Synthetic vectors (128 numbers, int8) lie in clusters, as products do; queries are products' vectors with
noise. Recall is the share of the exact ten nearest that an index finds. One query at a time, one thread of
ours, in this process; the time is that of the index, without HTTP and titles. Searches of one index end after
``--seconds`` at the latest; recall is then that of the queries asked, and ``queries`` says how many.

What is chosen by looking (``--ef``) is chosen on draw 0; figures are of draw 1.

    python benchmarks/server_search.py [--sizes 100000 1000000] [--indexes scan graph pgvector milvus …]
        --keep DIR      built indexes stay in DIR, and a later run searches them: a build of a million takes
                        minutes; seconds and load of the build that made it stand beside the search figures.
                        What a run does not measure stays in the results as it was, with its commit
        --draw 0 --sizes 1000000 --indexes graph --ef 128 192 256 384
        --out benchmarks/results/server_search_tuning.json
                        how recall and time change with the candidates
        --table         write the tables of these, and import_ray's, in docs/server.md, and measure nothing
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from common.engines import INDEXES, ONE_CATEGORY, opened, queries, vectors
from pocketshelf.cli import values
from pocketshelf_server.search import VectorIndex
from pocketshelf_training.pages.provenance import here
from tables.search import write_tables

K = 10
# The draw that figures are of; another is for choosing.
MEASURED = 1
Hits = list[list[str]]
# It walks over all rows in Python, and builds as slowly.
MOST = {"milvus-lite": 100_000}


def measure(
    index: VectorIndex, asked: np.ndarray, categories: frozenset[str] | None, seconds: float
) -> tuple[dict[str, float], Hits]:
    """Milliseconds (median, p99), and the hits of each query that there was time for."""
    for vector in asked[:5]:
        index.search(vector, K, categories)
    times: list[float] = []
    hits: Hits = []
    until = time.perf_counter() + seconds
    for vector in asked:
        started = time.perf_counter()
        found = index.search(vector, K, categories)
        times.append(1000 * (time.perf_counter() - started))
        hits.append([product_id for product_id, _ in found])
        if time.perf_counter() > until:
            break
    return {
        "median_ms": round(float(np.median(times)), 3),
        "p99_ms": round(float(np.percentile(times, 99)), 3),
        "queries": len(times),
    }, hits


def recall(found: Hits, truth: Hits) -> float:
    """Mean share of the exact nearest that were found, over the queries that were asked."""
    shares = [len(set(a) & set(b)) / len(b) for a, b in zip(found, truth, strict=False)]
    return round(float(np.mean(shares)), 4)


def searched(
    index: VectorIndex, asked: np.ndarray, truth: tuple[Hits, Hits] | None, seconds: float
) -> tuple[dict[str, Any], tuple[Hits, Hits]]:
    """The figures of one index, and its hits in all and in one category."""
    figures, everywhere = measure(index, asked, None, seconds)
    within, one = measure(index, asked, ONE_CATEGORY, seconds)
    truth = truth or (everywhere, one)
    row = {**figures, "recall_at_10": recall(everywhere, truth[0])}
    row |= {f"one_category_{name}": value for name, value in within.items()}
    row["one_category_recall_at_10"] = recall(one, truth[1])
    row["load"] = round(os.getloadavg()[0], 1)
    return row, (everywhere, one)


def run(
    kind: str, gallery: np.ndarray, truth: tuple[Hits, Hits] | None, arguments: argparse.Namespace
) -> Iterator[tuple[dict[str, Any], tuple[Hits, Hits]]]:
    """All figures of one index at one size: a row for each number of candidates that is to be tried."""
    asked = queries(gallery, arguments.queries, arguments.draw)
    with (
        _folder(arguments.keep, kind, len(gallery), arguments.draw) as folder,
        opened(kind, folder, gallery) as (index, built),
    ):
        for ef in arguments.ef if hasattr(index, "ef") and arguments.ef else [None]:
            if ef is not None:
                index.ef = ef  # type: ignore[attr-defined]
            row: dict[str, Any] = {"index": kind, "vectors": len(gallery), "draw": arguments.draw}
            if hasattr(index, "ef"):
                row["ef"] = index.ef
            row |= here()
            figures, hits = searched(index, asked, truth, arguments.seconds)
            yield {**row, **built, **figures}, hits


@contextmanager
def _folder(keep: Path | None, kind: str, size: int, draw: int) -> Iterator[Path]:
    if keep is not None:
        folder = keep.resolve() / f"{kind}-{size}-{draw}"
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="pocketshelf-search-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def main() -> int:
    """Measure, print each row, write ``results/server_search.json`` after each."""
    arguments = _arguments()
    rows: list[dict[str, Any]] = []
    for size in () if arguments.table else arguments.sizes:
        gallery, truth = vectors(size, arguments.draw), None
        # The scan first: it is exact, and the others are held against it.
        wanted = {"scan", *(kind for kind in arguments.indexes if size <= MOST.get(kind, size))}
        for kind in sorted(wanted, key=INDEXES.index):
            for row, hits in run(kind, gallery, truth, arguments):
                truth = truth or hits
                print(" · ".join(f"{name} {value}" for name, value in row.items()), flush=True)
                rows.append(row)
                _write(arguments, rows)
    if arguments.table:
        write_tables()
    return 0


def _arguments() -> argparse.Namespace:
    parser = record.parser(__doc__)
    parser.add_argument("--sizes", type=values.count, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--indexes", nargs="+", choices=INDEXES, default=list(INDEXES))
    parser.add_argument("--queries", type=values.count, default=300)
    parser.add_argument("--seconds", type=float, default=60.0, help="most for each set of queries")
    parser.add_argument("--draw", type=values.whole, default=MEASURED, help="which drawn vectors and queries")
    parser.add_argument(
        "--ef", type=values.count, nargs="+", help="candidates to try, where they are a choice"
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep what is built here, and use it again")
    parser.add_argument("--out", type=Path, help="default: results/server_search.json")
    parser.add_argument(
        "--table", action="store_true", help="write the tables of docs/server.md, measure nothing"
    )
    return parser.parse_args()


def _write(arguments: argparse.Namespace, rows: Sequence[dict[str, Any]]) -> None:
    figures = {"queries": arguments.queries, "draw": arguments.draw}
    if arguments.out is None:
        rows = with_earlier(rows, record.RESULTS / "server_search.json", arguments.draw)
        record.write("server_search", {**figures, "rows": rows})
    else:
        arguments.out.write_text(json.dumps({**here(), **figures, "rows": rows}, indent=1) + "\n")


def with_earlier(rows: Sequence[dict[str, Any]], path: Path, draw: int) -> list[dict[str, Any]]:
    """``rows``, and those of ``path`` on the same draw that they leave as they were, in the table's order."""
    known = json.loads(path.read_text()) if path.exists() else {"rows": []}
    earlier = [{"machine": known["machine"], **row} for row in known["rows"]]
    found = {(row["vectors"], row["index"]): row for row in (*earlier, *rows) if row.get("draw") == draw}
    return [found[key] for key in sorted(found, key=lambda key: (key[0], INDEXES.index(key[1])))]


if __name__ == "__main__":
    sys.exit(main())
