"""Milvus: an index on a cluster of its own, for catalogues and loads beyond one machine.

Vectors lie in a collection that follows the catalogue's change log; a small one beside it says how far it
has come. A server that dies in mid-refresh leaves the old sequence there, so that the same changes are
taken in again, which changes nothing more: rows are named by product and picture. Several servers may refresh
at once for the same reason. What has to be read anew goes into a collection of its own, sealed and indexed
before it is loaded, and an alias then moves there: searches go on meanwhile, and never meet rows that Milvus
has not indexed yet (it searches those by a coarse index of its own, which found 0.77 of the exact ten).

Rows and categories are asked for by digests of their names: pymilvus puts what it deletes and filters by into
an expression without quoting, so that a name must not be able to say anything there. ``milvus-lite`` brings
the same interface as a folder on this machine, for trials and tests.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.formats.product_rules import MAX_VECTORS
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.follow import Pending, pending
from pocketshelf_server.search.protocol import best_per_product

if TYPE_CHECKING:
    from pymilvus import MilvusClient

__all__ = ["MilvusIndex", "number_of"]

REBUILD_CHANGES = 100_000
# Rows a message; a row is some 4 bytes a number, and gRPC takes 64 MB.
BATCH = 4000
# Milvus's own bound of a search's limit, and of the length of a name in bytes.
MAX_LIMIT, NAME_BYTES = 16_384, 65_535
# HNSW (Malkov and Yashunin, 2018): links a row, candidates while building, and the least while searching.
LINKS, CANDIDATES, MIN_EF = 16, 200, 200
# Below so many new rows Milvus scans them exactly; from there on they are sealed, and so indexed.
SEAL_ROWS = 4000
# Longest time of a search: a Milvus that stalls must not keep every thread of the server.
SEARCH_SECONDS = 10.0


class MilvusIndex:
    """A `pocketshelf_server.search.VectorIndex` on Milvus.

    Args:
        address: of a server (``http://milvus:19530``), or a file of milvus-lite.
        token: ``user:password`` or an API key, where the server asks for one.
        ef: candidates of a search; more find more, and take longer.

    Raises:
        CatalogueError: pymilvus is not installed, or the address does not answer.
    """

    def __init__(self, catalogue: Catalogue, address: str, token: str = "", ef: int = MIN_EF) -> None:
        self.ef = ef
        self._catalogue, self._address = catalogue, address
        self._dimension = catalogue.space.dimension
        self._guard = threading.Lock()
        self._unsealed = 0
        # One collection a space: what another space left is neither searched nor touched.
        space = hashlib.sha256(repr(catalogue.space).encode()).hexdigest()[:12]
        self._alias, self._state = f"pocketshelf_{space}", f"pocketshelf_{space}_state"
        client = _client_class()
        with self._errors():
            self._client: MilvusClient = client(address, token=token)
            self._open_state()
            if self._client.has_collection(self._alias):
                self._client.load_collection(self._alias)  # Unloaded where milvus-lite was started anew.
            self._sequence, self._most = self._stored()

    def close(self) -> None:
        """Close the connection; the collections stay."""
        with self._guard:
            self._client.close()

    def refresh(self) -> int:
        """Take in what changed."""
        with self._guard, self._errors():
            there = self._client.has_collection(self._alias)
            # Asked without a look at Milvus first, which answers after all that was written, a fifth of a
            # second later.
            if self._sequence == self._catalogue.sequence() and there:
                return self._sequence
            if not there:  # A Milvus whose disk was emptied has lost that, too.
                self._open_state()
            stored, self._most = self._stored()
            # From this server's own place on where another has come further: what this one wrote last may
            # have come after what the other wrote of later changes.
            since = stored if self._sequence < 0 else min(stored, self._sequence)
            changes = pending(self._catalogue, since, REBUILD_CHANGES) if there else None
            if changes is None:
                self._read_anew()
            else:
                self._follow(changes)
            # Waits until what was written, by whichever server, is found: searches then need not.
            self._client.get(self._alias, ids=["-"], output_fields=["category"])
            return self._sequence

    def _follow(self, changes: Pending) -> None:
        touched = (_row_names(each) for each in changes.touched)
        for names in _in_batches(touched, BATCH // MAX_VECTORS):
            self._client.delete(self._alias, ids=[name for few in names for name in few])
        most = self._insert(self._alias, changes.products.values(), self._most)
        self._unsealed += sum(len(product.vectors) for product in changes.products.values())
        if self._unsealed >= SEAL_ROWS:
            self._client.flush(self._alias)
            self._unsealed = 0
        self._note(changes.sequence, most)

    def _read_anew(self) -> None:
        name = f"{self._alias}_{uuid.uuid4().hex[:12]}"
        self._create(name, self._dimension, product="VARCHAR", category="INT64")
        with self._catalogue.reading() as view:
            sequence = view.sequence()
            most = self._insert(name, view.products(), 1)
        self._client.flush(name)
        self._open(name)
        if self._client.has_collection(self._alias):
            self._client.alter_alias(name, self._alias)
        else:
            self._client.create_alias(name, self._alias)
        self._note(sequence, most)
        for old in self._client.list_collections():
            if old.startswith(f"{self._alias}_") and old not in (name, self._state):
                self._client.drop_collection(old)

    def _insert(self, collection: str, products: Iterable[Product], most: int) -> int:
        """Add the vectors of ``products``; the most that one product has, at least ``most``."""

        def rows() -> Iterator[dict[str, Any]]:
            nonlocal most
            for product in products:
                most = max(most, len(product.vectors))
                category = number_of(product.category)
                for name, vector in zip(_row_names(product.product_id), product.vectors, strict=False):
                    yield {
                        "id": name,
                        "product": product.product_id,
                        "category": category,
                        "vector": vector.astype(np.float32).tolist(),
                    }

        for batch in _in_batches(rows(), BATCH):
            self._client.upsert(collection, batch)
        return most

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products to the query as int8, most of them."""
        wanted = min(k * self._most, MAX_LIMIT)
        if self._sequence < 0 or categories == frozenset():
            return []
        clause = "" if categories is None else f"category in {sorted(map(number_of, categories))}"
        with self._errors():
            (found,) = self._client.search(
                self._alias,
                [quantize_vectors(query).astype(np.float32).tolist()],
                filter=clause,
                limit=wanted,
                output_fields=["product"],
                search_params={"metric_type": "COSINE", "params": {"ef": max(self.ef, wanted)}},
                timeout=SEARCH_SECONDS,
                consistency_level="Session",
            )
            return best_per_product([(row["entity"]["product"], float(row["distance"])) for row in found], k)

    def _stored(self) -> tuple[int, int]:
        """The sequence that the vectors are at, -1 for none, and the most that one product has."""
        found = self._client.get(self._state, ids=["state"], output_fields=["sequence", "most"])
        return (int(found[0]["sequence"]), int(found[0]["most"])) if found else (-1, 1)

    def _note(self, sequence: int, most: int) -> None:
        row = {"id": "state", "vector": [1.0, 0.0], "sequence": sequence, "most": most}
        self._client.upsert(self._state, [row])
        self._sequence, self._most = sequence, most

    def _create(self, name: str, dimension: int, **columns: str) -> None:
        """A collection of vectors by cosine, and columns (name to Milvus's type); writes are read at once,
        once it is open."""
        from pymilvus import DataType

        schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=NAME_BYTES)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
        for column, kind in columns.items():
            length = {"max_length": NAME_BYTES} if kind == "VARCHAR" else {}
            schema.add_field(column, DataType[kind], **length)
        self._client.create_collection(name, schema=schema, consistency_level="Strong")

    def _open_state(self) -> None:
        if not self._client.has_collection(self._state):
            self._create(self._state, 2, sequence="INT64", most="INT64")
        self._open(self._state)

    def _open(self, name: str) -> None:
        """Index what a collection holds, if that was not done, and make it searchable."""
        if not self._client.list_indexes(name):
            index = self._client.prepare_index_params()
            params = {"M": LINKS, "efConstruction": CANDIDATES}
            index.add_index("vector", index_type="HNSW", metric_type="COSINE", params=params)
            self._client.create_index(name, index)
        self._client.load_collection(name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            yield
        except (MilvusException, RpcError, OSError, ValueError) as error:
            text = f"milvus at {self._address}: {one_line(error)}; is it running, or set index to 'scan'"
            raise CatalogueError(text) from error


def number_of(name: str) -> int:
    """A category's name as a number of 63 bits."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def _row_names(product_id: str) -> list[str]:
    """The names that a product's rows may have."""
    digest = hashlib.sha256(product_id.encode()).hexdigest()[:32]
    return [f"{digest}{number:02}" for number in range(MAX_VECTORS)]


def _in_batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def _client_class() -> Any:
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise CatalogueError("index 'milvus' needs pymilvus: pip install 'pocketshelf[milvus]'") from error
    # What fails is raised, and said once; this would log a traceback for each call while Milvus is away.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return MilvusClient
