"""A store between threads: each gets its own rows, and one that closes it ends no process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pocketshelf.formats import Product, ShardMeta
from pocketshelf.store import Store

# As many are read in several steps, between which others have their turn.
PRODUCTS, THREADS = 2000, 4

# In a process of its own: a fault would end this one.
CLOSING = """
import sys, threading, time
from pocketshelf.errors import StoreError
from pocketshelf.store import Store

def read(store, told):
    try:
        while True:
            for number in range(100):
                store.product(str(number))
            list(store.shard.products("WHERE rowid < 300"))
            store.sample()
    except StoreError as error:
        told.append(str(error))

for turn in range(40):
    store, told = Store.open(sys.argv[1]), []
    threads = [threading.Thread(target=read, args=(store, told)) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.005 + turn / 2000)
    store.close()
    for thread in threads:
        thread.join()
    assert len(told) == 4 and all("it has been closed; open it again" in each for each in told), told
"""


def make(path: Path) -> Store:
    vectors = np.random.default_rng(1).integers(-127, 128, (PRODUCTS, 1, 32)).astype(np.int8)
    rows = [Product(str(n), 1, "c", f"title {n}", None, vectors[n]) for n in range(PRODUCTS)]
    return Store.create(path, ShardMeta("space", "hash", "bundle", 1, 32), rows)


def test_each_thread_gets_the_rows_that_it_asked_for(tmp_path: Path) -> None:
    """From Python 3.12 on, threads that shared a connection without a lock got each other's."""

    def read(seed: int) -> list[tuple[str, str | None]]:
        draw, wrong = random.Random(seed), []
        for _ in range(300):
            wanted = str(draw.randrange(PRODUCTS))
            found = store.product(wanted)
            if found is None or found.title != f"title {wanted}":
                wrong.append((wanted, found and found.title))
            several = {str(draw.randrange(PRODUCTS)) for _ in range(5)}
            wrong += [(each, None) for each in several ^ set(store.products(sorted(several)))]
        return wrong

    with make(tmp_path / "s") as store, ThreadPoolExecutor(THREADS) as pool:
        assert [wrong for each in pool.map(read, range(THREADS)) for wrong in each] == []


def test_a_store_that_is_closed_under_its_readers_says_so_to_each(tmp_path: Path) -> None:
    make(tmp_path / "s").close()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    call = [sys.executable, "-c", CLOSING, str(tmp_path / "s")]
    done = subprocess.run(call, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
