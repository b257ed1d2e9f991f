"""Where the time goes of a search of everything, with four pictures a product, or of a change: by function.

A change is `peers_search`'s: 100 products replaced and 100 deleted, of one picture each, and ready again. The
shelves are `shelf_parts`' and `peers_search`'s own (synthetic, seed 0); the functions are those that py-spy
saw, which has to be on the PATH (``pip install py-spy``)::

    python benchmarks/shelf_profile.py [--products 100000] [--seconds 8] > benchmarks/profiles/shelf.txt
    python benchmarks/shelf_profile.py --of change > benchmarks/profiles/change.txt
"""

from __future__ import annotations

import collections
import itertools
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import peers_search
from common import record
from common.shelf_parts import TIMES, K, drawn, store_of, with_views
from pocketshelf.cli import values
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store

RATE = 100
SHOWN = 12


def main() -> int:
    """See the module."""
    parser = record.parser(__doc__)
    parser.add_argument("--of", choices=["search", "change"], default="search")
    parser.add_argument("--products", type=values.integer(1000, 1_000_000), default=100_000)
    parser.add_argument("--seconds", type=values.integer(1, 600), default=8)
    parser.add_argument("--within", type=Path, help="a folder of this script's: work in it")
    args = parser.parse_args()
    if args.within:
        _WORK[args.of](args.within, args.seconds)
        return 0
    with tempfile.TemporaryDirectory(prefix="pocketshelf-profile-") as name:
        folder = Path(name)
        gallery, asked = drawn(args.products, TIMES)
        np.save(folder / "asked.npy", asked)
        if args.of == "search":
            store_of(folder / "four", with_views(gallery)).close()
        else:
            np.save(folder / "gallery.npy", gallery)
            peers_search.Shelf().build(gallery, folder)
        own = [__file__, "--of", args.of, "--within", str(folder), "--seconds", str(args.seconds)]
        raw = folder / "raw.txt"
        spy = ["py-spy", "record", "--nonblocking", "-f", "raw", "-r", str(RATE), "-o", str(raw), "--"]
        silent = subprocess.DEVNULL
        subprocess.run([*spy, sys.executable, *own], check=True, stdout=silent, stderr=silent)
        took = float((folder / "median.txt").read_text())
        sys.stdout.write(f"{_SAID[args.of].format(args.products)}: {took:.2f} ms of a processor\n")
        sys.stdout.write("\n".join(_shares(raw.read_text().splitlines())) + "\n")
    return 0


def _search(folder: Path, seconds: int) -> None:
    asked = np.load(folder / "asked.npy")
    with Store.open(folder / "four") as store:
        searcher, names = StoreSearcher(store), list(store.categories())
        for query in asked[:3]:  # The first takes the pictures, the second the means.
            searcher.search(query, names, K)
        turn = itertools.cycle(asked)
        _go_on(lambda: searcher.search(next(turn), names, K), seconds, folder)


def _change(folder: Path, seconds: int) -> None:
    asked, gallery = np.load(folder / "asked.npy"), np.load(folder / "gallery.npy")
    shelf = peers_search.Shelf()
    shelf.open(folder)

    def ready_again() -> None:
        shelf.change(gallery, folder)
        shelf.search(asked[0], None)

    ready_again()
    _go_on(ready_again, seconds, folder)
    shelf.close()


def _go_on(work: Callable[[], Any], seconds: int, folder: Path) -> None:
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.thread_time()
        work()
        spent.append(1000 * (time.thread_time() - started))
    (folder / "median.txt").write_text(str(np.median(spent)))


_WORK = {"search": _search, "change": _change}
_SAID = {
    "search": "ten hits of {:,} products with four pictures each",
    "change": "100 of {:,} products replaced, 100 deleted, ready again",
}


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
