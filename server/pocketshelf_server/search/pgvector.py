"""pgvector: an HNSW index inside PostgreSQL, shared by every server of the site.

The vectors lie in a table of their own, which follows the catalogue's change log, as halves (``halfvec``,
pgvector 0.7: our int8 numbers fit exactly). Without a filter the HNSW index answers. Within categories
PostgreSQL chooses between reading their rows and the graph, which since pgvector 0.8 searches on until
enough rows of the category are found; before, a graph filtered afterwards came back with too little, and the
rows are read exactly.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import psycopg

from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf_server.catalogue.postgres import PostgresCatalogue
from pocketshelf_server.search.follow import pending
from pocketshelf_server.search.protocol import best_per_product

__all__ = ["PgVectorIndex"]

REBUILD_CHANGES = 100_000
# pgvector's own bound of ef_search.
MAX_EF = 1000
MIN_EF = 200
# Behind a filter the graph gives what it met first, and stops: so many times as many rows are asked for, and
# the best kept. In one of fifty categories of a million, 1 found 0.883 of the exact ten.
DEEPER = 4
# Links a row, and candidates while the graph is built.
LINKS, CANDIDATES = 24, 128
# Of a row's links and bookkeeping, beside its vector, while the graph is built: 1,000 were measured at 16
# links a row, this is reckoned from them.
GRAPH_BYTES = 1400
MAX_BUILD_MB = 8000
# What is read anew, until it takes the place of the old.
FRESH = "pocketshelf_vectors_fresh"
# What these are of: a graph over halves, and one that searches on behind a filter.
HALVES, SEARCHES_ON = (0, 7), (0, 8)


class PgVectorIndex:
    """A `pocketshelf_server.search.VectorIndex` in the catalogue's own database.

    Args:
        ef: candidates of a search; more find more, and take longer.

    Raises:
        CatalogueError: the server has no pgvector, or this user may not install it.
    """

    def __init__(self, catalogue: PostgresCatalogue, ef: int = MIN_EF) -> None:
        self.ef = ef
        self._catalogue = catalogue
        try:
            catalogue.query("SELECT 1 FROM pocketshelf_vectors_state")
        except CatalogueError:
            self._create()
        self._searches_on = self._version() >= SEARCHES_ON
        self._kind = self._stored_kind()

    def _version(self) -> tuple[int, int]:
        """pgvector's, major and minor."""
        ((text,),) = self._catalogue.query("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        major, minor, *_ = map(int, text.split("."))
        return major, minor

    def _stored_kind(self) -> str:
        """The type of the vectors: a table of an older release keeps its own."""
        query = (
            "SELECT format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = 'pocketshelf_vectors'::regclass AND attname = 'embedding'"
        )
        ((kind,),) = self._catalogue.query(query)
        return kind.rpartition(".")[2]

    def close(self) -> None:
        """The catalogue owns the connections."""

    def _create(self) -> None:
        try:
            self._catalogue.connection().execute("CREATE EXTENSION IF NOT EXISTS vector")
        except psycopg.Error as error:
            text = f"index 'pgvector' needs the extension vector in the database ({one_line(error, 1000)})"
            raise CatalogueError(text) from error
        statements = (
            *self._table("pocketshelf_vectors", "halfvec" if self._version() >= HALVES else "vector"),
            "CREATE TABLE pocketshelf_vectors_state(sequence BIGINT NOT NULL, most INTEGER NOT NULL)",
            "INSERT INTO pocketshelf_vectors_state VALUES(-1, 1)",
        )
        with self._catalogue.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

    def _table(self, name: str, kind: str) -> tuple[str, ...]:
        """What makes a table of vectors, and its indexes but the graph."""
        return (
            f'CREATE TABLE {name}(product_id TEXT COLLATE "C" NOT NULL, category TEXT NOT NULL, '
            f"embedding {kind}({self._catalogue.space.dimension}) NOT NULL)",
            f"CREATE INDEX {name}_by_product ON {name}(product_id)",
            f"CREATE INDEX {name}_by_category ON {name}(category)",
        )

    def refresh(self) -> int:
        """Take in what changed; servers that share the database take turns."""
        ((since, _),) = self._catalogue.query("SELECT sequence, most FROM pocketshelf_vectors_state")
        if since == self._catalogue.sequence():
            return since
        with self._catalogue.transaction() as connection:
            state = connection.execute(
                "SELECT sequence, most FROM pocketshelf_vectors_state FOR UPDATE"
            ).fetchone()
            since, most = state  # type: ignore[misc]
            changes = pending(self._catalogue, since, REBUILD_CHANGES)
            if changes is None:
                sequence, most = self._rebuild(connection)
            else:
                query = "DELETE FROM pocketshelf_vectors WHERE product_id = ANY(%s)"
                connection.execute(query, (list(changes.touched),))
                sequence, most = changes.sequence, _insert(connection, changes.products.values(), most)
            connection.execute(
                "UPDATE pocketshelf_vectors_state SET sequence = %s, most = %s", (sequence, most)
            )
        return sequence

    def _rebuild(self, connection: psycopg.Connection) -> tuple[int, int]:
        """Into a table of its own, which takes the old one's place at the end: searches go on meanwhile."""
        for statement in self._table(FRESH, self._kind):
            connection.execute(statement)
        with self._catalogue.reading() as view:
            sequence = view.sequence()
            most = _insert(connection, view.products(), 1, FRESH)
        # A category's rows side by side: to read them all is then the shorter way where they are few.
        connection.execute(f"CLUSTER {FRESH} USING {FRESH}_by_category")
        connection.execute(f"SET LOCAL maintenance_work_mem = '{self._build_megabytes(connection)}MB'")
        # The graph is built over the finished table: several times faster than row by row.
        connection.execute(
            f"CREATE INDEX {FRESH}_graph ON {FRESH} USING hnsw "
            f"(embedding {self._kind}_cosine_ops) WITH (m = {LINKS}, ef_construction = {CANDIDATES})"
        )
        connection.execute(f"ANALYZE {FRESH}")  # By which PostgreSQL knows which way is shorter.
        connection.execute("DROP TABLE pocketshelf_vectors")
        connection.execute(f"ALTER TABLE {FRESH} RENAME TO pocketshelf_vectors")
        for index in ("by_product", "by_category", "graph"):
            connection.execute(f"ALTER INDEX {FRESH}_{index} RENAME TO pocketshelf_vectors_{index}")
        return sequence, most

    def _build_megabytes(self, connection: psycopg.Connection) -> int:
        """What the graph needs while it is built: once it no longer fits, pgvector inserts row by row, which
        takes many times as long."""
        row = connection.execute(f"SELECT count(*) FROM {FRESH}").fetchone()
        needed = row[0] * (4 * self._catalogue.space.dimension + GRAPH_BYTES)  # type: ignore[index]
        return min(MAX_BUILD_MB, max(64, needed >> 20))

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products to the query as int8, most of them."""
        ((most,),) = self._catalogue.query("SELECT most FROM pocketshelf_vectors_state")
        wanted = k * most
        graph = wanted <= MAX_EF and (categories is None or self._searches_on)
        clause = "" if categories is None else "WHERE category = ANY(%(categories)s) "
        deeper = DEEPER if graph and categories is not None else 1
        values = {
            "query": _text(quantize_vectors(query)),
            "wanted": deeper * wanted,
            "categories": sorted(categories or ()),
        }
        with self._catalogue.transaction() as connection:
            if graph:
                connection.execute(f"SET LOCAL hnsw.ef_search = {max(self.ef, wanted)}")
                if self._searches_on:
                    connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
            else:  # The graph alone gives no more than ef_search rows.
                connection.execute("SET LOCAL enable_indexscan = off")
            distance = f"embedding <=> %(query)s::{self._kind}"
            rows = connection.execute(
                f"SELECT product_id, 1 - ({distance}) FROM pocketshelf_vectors "
                f"{clause}ORDER BY {distance} LIMIT %(wanted)s",
                values,
            ).fetchall()
        return best_per_product([(product_id, float(score)) for product_id, score in rows], k)


def _insert(
    connection: psycopg.Connection, products: Iterable[Product], most: int, table: str = "pocketshelf_vectors"
) -> int:
    """Add the vectors of ``products``; the most that one product has, at least ``most``."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table}(product_id, category, embedding) FROM STDIN") as copy,
    ):
        for product in products:
            most = max(most, len(product.vectors))
            for vector in product.vectors:
                copy.write_row((product.product_id, product.category, _text(vector)))
    return most


def _text(vector: np.ndarray) -> str:
    """pgvector's text form."""
    return "[" + ",".join(map(str, vector.tolist())) + "]"
