"""Where the time of a search of everything goes, with four pictures a product: by function, as py-spy saw it.

The shelf is `shelf_parts`' own (synthetic, seed 0). Needs py-spy on the PATH (``pip install py-spy``)::

    python benchmarks/shelf_profile.py [--products 100000] [--seconds 8] > benchmarks/profiles/shelf.txt
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import record
from pocketshelf.cli import values
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store
from shelf_parts import TIMES, K, drawn, store_of, with_views

RATE = 100
SHOWN = 12


def main() -> int:
    """See the module."""
    parser = record.parser(__doc__)
    parser.add_argument("--products", type=values.integer(100, 1_000_000), default=100_000)
    parser.add_argument("--seconds", type=values.integer(1, 600), default=8)
    parser.add_argument("--searching", type=Path, help="a folder of this script's: search in it")
    args = parser.parse_args()
    if args.searching:
        return _search(args.searching, args.seconds)
    with tempfile.TemporaryDirectory(prefix="pocketshelf-profile-") as name:
        folder = Path(name)
        gallery, asked = drawn(args.products, TIMES)
        np.save(folder / "asked.npy", asked)
        store_of(folder / "four", with_views(gallery)).close()
        own = [sys.executable, __file__, "--searching", str(folder), "--seconds", str(args.seconds)]
        raw = folder / "raw.txt"
        spy = ["py-spy", "record", "--nonblocking", "-f", "raw", "-r", str(RATE), "-o", str(raw), "--", *own]
        subprocess.run(spy, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        took = float((folder / "median.txt").read_text())
        sys.stdout.write(
            f"ten hits of {args.products:,} products with four pictures each: {took:.2f} ms of a processor\n"
        )
        sys.stdout.write("\n".join(_shares(raw.read_text().splitlines())) + "\n")
    return 0


def _search(folder: Path, seconds: int) -> int:
    asked = np.load(folder / "asked.npy")
    with Store.open(folder / "four") as store:
        searcher, names = StoreSearcher(store), list(store.categories())
        for query in asked[:3]:  # The first takes the pictures, the second the means.
            searcher.search(query, names, K)
        _go_on(searcher, names, asked, seconds, folder)
    return 0


def _go_on(searcher: StoreSearcher, names: list[str], asked: np.ndarray, seconds: int, folder: Path) -> None:
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.thread_time()
        searcher.search(asked[len(spent) % len(asked)], names, K)
        spent.append(1000 * (time.thread_time() - started))
    (folder / "median.txt").write_text(str(np.median(spent)))


def _shares(lines: list[str]) -> list[str]:
    """``12.3 %  function (file)`` of those samples that are of `_go_on`, by the last of our own functions."""
    found: collections.Counter[str] = collections.Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = stack.split(";")
        if any(frame.startswith("_go_on ") for frame in frames):
            own = [frame for frame in frames if "pocketshelf/" in frame]
            found[re.sub(r":\d+\)$", ")", own[-1]) if own else "this script"] += int(count)
    every = sum(found.values())
    return [f"{100 * count / every:5.1f} %  {name}" for name, count in found.most_common(SHOWN)]


if __name__ == "__main__":
    record.run(main)
