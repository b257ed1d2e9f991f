"""Search as the HTTP layer uses it: a fresh index, and hits with titles."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf.formats.product import Product
from pocketshelf.recall import CatalogueSpread
from pocketshelf.types import Hit
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.cohort import CatalogueCohort
from pocketshelf_server.search.protocol import VectorIndex
from pocketshelf_server.search.scan import ScanIndex
from pocketshelf_server.site import Site

__all__ = ["SearchService", "make_index"]

log = logging.getLogger("pocketshelf.server")
# How stale an answer may be; asking the catalogue for its sequence at every search would cost more.
REFRESH_SECONDS = 1.0
# The longest that an end waits for a refresh that is under way.
END_SECONDS = 10.0
# ``user:password`` or an API key, in the environment: a config file is copied about.
MILVUS_TOKEN = "POCKETSHELF_MILVUS_TOKEN"


def make_index(kind: str, catalogue: Catalogue, site: Site) -> VectorIndex:
    """The index that ``config.json`` names.

    Raises:
        CatalogueError: the index cannot work with this catalogue or on this machine.
    """
    if kind == "scan":
        return ScanIndex(catalogue)
    if kind == "graph":
        from pocketshelf_server.search.graph import GraphIndex

        return GraphIndex(catalogue)
    if kind == "sqlite-vec":
        from pocketshelf_server.search.vec import SqliteVecIndex

        for old in ("vectors.sqlite", "vectors.sqlite-wal", "vectors.sqlite-shm"):
            with contextlib.suppress(OSError):  # Releases before kept it there.
                (site.folder / old).unlink(missing_ok=True)
        return SqliteVecIndex(catalogue)
    if kind == "milvus":
        from pocketshelf_server.search.milvus import MilvusIndex

        address = site.config().milvus
        local = not address.startswith(("http://", "https://"))
        return MilvusIndex(
            catalogue, str(site.folder / address) if local else address, os.environ.get(MILVUS_TOKEN, "")
        )
    return _pgvector(catalogue)


def _pgvector(catalogue: Catalogue) -> VectorIndex:
    try:
        from pocketshelf_server.catalogue.postgres import PostgresCatalogue
        from pocketshelf_server.search.pgvector import PgVectorIndex
    except ImportError as error:
        raise CatalogueError("index 'pgvector' needs psycopg: pip install 'pocketshelf[server]'") from error
    if not isinstance(catalogue, PostgresCatalogue):
        raise CatalogueError("index 'pgvector' needs a catalogue in PostgreSQL; set index to 'scan'")
    return PgVectorIndex(catalogue)


class SearchService:
    """Searches a catalogue through an index that it keeps fresh.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(
        self, catalogue: Catalogue, index: VectorIndex, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalogue = catalogue
        self._index = index
        self._clock = clock
        self._due = -np.inf
        self._sequence = -1
        self._guard = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._cohort = CatalogueCohort(catalogue, clock)

    def start(self) -> None:
        """From now on, until `close`, a thread refreshes once a second, and no search waits for that."""
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End that, and the index. The thread is waited for: a catalogue closed under its query crashes."""
        self._ended.set()
        self._index.close()
        if self._thread is not None:
            self._thread.join(END_SECONDS)

    @property
    def dimension(self) -> int:
        """Numbers a vector."""
        return self._catalogue.space.dimension

    @property
    def sequence(self) -> int:
        """Where the index was at its last refresh."""
        return self._sequence

    def refresh(self) -> int:
        """Bring the index up to the catalogue; its sequence."""
        self._sequence = self._index.refresh()
        self._cohort.refresh(self._sequence)
        return self._sequence

    def search(
        self, query: np.ndarray, k: int, categories: frozenset[str] | None, full: bool = False
    ) -> list[Hit]:
        """The ``k`` best products, best first; ``full`` with their images and attributes.

        Raises:
            CatalogueError: the catalogue cannot be read.
        """
        self._refresh_if_due()
        found = self._index.search(query, k, categories)
        # One deleted since the last refresh is not there any more.
        if full:
            products = self._catalogue.get([product_id for product_id, _ in found])
            return [_full_hit(products[key], score) for key, score in found if key in products]
        titles = self._catalogue.titles([product_id for product_id, _ in found])
        return [Hit(key, score, *titles[key]) for key, score in found if key in titles]

    def told(self, query: np.ndarray, hits: Sequence[Hit]) -> CatalogueSpread | None:
        """What a device judges these hits of ``query`` by; None of a catalogue of less than two products.

        Raises:
            CatalogueError: the catalogue cannot be read.
        """
        return self._cohort.told(query, [hit.product_id for hit in hits])

    def unknown(self, categories: frozenset[str] | None) -> list[str]:
        """Those of ``categories`` that the catalogue does not have, by name.

        Raises:
            CatalogueError: it cannot be read.
        """
        return self._catalogue.missing_categories(sorted(categories)) if categories else []

    def _follow(self) -> None:
        said = ""
        while not self._ended.wait(REFRESH_SECONDS):
            try:
                self.refresh()
                said = ""
            except Exception as error:  # What is held is searched on.
                if not self._ended.is_set() and str(error) != said:
                    log.error("the index could not be refreshed: %s", error)
                said = str(error)

    def _refresh_if_due(self) -> None:
        if self._thread is not None or self._clock() < self._due or not self._guard.acquire(blocking=False):
            return
        try:
            self.refresh()
            self._due = self._clock() + REFRESH_SECONDS
        finally:
            self._guard.release()


def _full_hit(product: Product, score: float) -> Hit:
    return Hit(
        product.product_id,
        score,
        product.title,
        product.category,
        image=product.image,
        attributes=product.attributes,
    )
