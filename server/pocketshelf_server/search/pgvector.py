"""pgvector: an HNSW index inside PostgreSQL, shared by every server of the site.

The vectors lie in a table of their own, which follows the catalogue's change log. Without a filter the
HNSW index answers. Within categories PostgreSQL reads their rows exactly: a graph filtered afterwards
would come back with too little (before pgvector 0.8 it does not search on).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import psycopg

from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.formats import Product
from pocketshelf_server.catalogue.postgres import PostgresCatalogue
from pocketshelf_server.search.follow import pending
from pocketshelf_server.search.protocol import best_per_product

__all__ = ["PgVectorIndex"]

REBUILD_CHANGES = 100_000
# pgvector's own bound of ef_search.
MAX_EF = 1000
MIN_EF = 100
# Of a row's links and bookkeeping, beside its vector, while the graph is built (m = 16); measured.
GRAPH_BYTES = 1000
MAX_BUILD_MB = 8000


class PgVectorIndex:
    """A `pocketshelf_server.search.VectorIndex` in the catalogue's own database.

    Raises:
        CatalogueError: the server has no pgvector, or this user may not install it.
    """

    def __init__(self, catalogue: PostgresCatalogue) -> None:
        self._catalogue = catalogue
        try:
            catalogue.query("SELECT 1 FROM pocketshelf_vectors_state")
        except CatalogueError:
            self._create()

    def close(self) -> None:
        """The catalogue owns the connections."""

    def _create(self) -> None:
        try:
            self._catalogue.connection().execute("CREATE EXTENSION IF NOT EXISTS vector")
        except psycopg.Error as error:
            text = f"index 'pgvector' needs the extension vector in the database ({one_line(error, 1000)})"
            raise CatalogueError(text) from error
        dimension = self._catalogue.space.dimension
        statements = (
            'CREATE TABLE pocketshelf_vectors(product_id TEXT COLLATE "C" NOT NULL, category TEXT NOT NULL, '
            f"embedding vector({dimension}) NOT NULL)",
            "CREATE INDEX pocketshelf_vectors_by_product ON pocketshelf_vectors(product_id)",
            "CREATE INDEX pocketshelf_vectors_by_category ON pocketshelf_vectors(category)",
            "CREATE TABLE pocketshelf_vectors_state(sequence BIGINT NOT NULL, most INTEGER NOT NULL)",
            "INSERT INTO pocketshelf_vectors_state VALUES(-1, 1)",
        )
        with self._catalogue.transaction() as connection:
            for statement in statements:
                connection.execute(statement)

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
        # The graph is built over the finished table: several times faster than row by row.
        connection.execute("DROP INDEX IF EXISTS pocketshelf_vectors_graph")
        connection.execute("TRUNCATE pocketshelf_vectors")
        with self._catalogue.reading() as view:
            sequence = view.sequence()
            most = _insert(connection, view.products(), 1)
        connection.execute(f"SET LOCAL maintenance_work_mem = '{self._build_megabytes(connection)}MB'")
        connection.execute(
            "CREATE INDEX pocketshelf_vectors_graph ON pocketshelf_vectors "
            "USING hnsw (embedding vector_cosine_ops)"
        )
        return sequence, most

    def _build_megabytes(self, connection: psycopg.Connection) -> int:
        """What the graph needs while it is built: once it no longer fits, pgvector inserts row by row, which
        takes many times as long."""
        row = connection.execute("SELECT count(*) FROM pocketshelf_vectors").fetchone()
        needed = row[0] * (4 * self._catalogue.space.dimension + GRAPH_BYTES)  # type: ignore[index]
        return min(MAX_BUILD_MB, max(64, needed >> 20))

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products: most of them without a filter, exactly within ``categories``."""
        ((most,),) = self._catalogue.query("SELECT most FROM pocketshelf_vectors_state")
        text = _text(query)
        wanted = k * most
        with self._catalogue.transaction() as connection:
            if categories is None:
                ef = min(MAX_EF, max(MIN_EF, wanted))
                connection.execute(f"SET LOCAL hnsw.ef_search = {ef}")
                if wanted > MAX_EF:  # The graph gives no more than ef_search rows.
                    connection.execute("SET LOCAL enable_indexscan = off")
                clause, values = "", (text, text, wanted)
            else:
                connection.execute("SET LOCAL enable_indexscan = off")
                clause, values = "WHERE category = ANY(%s) ", (text, sorted(categories), text, wanted)  # type: ignore[assignment]
            rows = connection.execute(
                "SELECT product_id, 1 - (embedding <=> %s::vector) FROM pocketshelf_vectors "
                f"{clause}ORDER BY embedding <=> %s::vector LIMIT %s",
                values,
            ).fetchall()
        return best_per_product([(product_id, float(score)) for product_id, score in rows], k)


def _insert(connection: psycopg.Connection, products: Iterable[Product], most: int) -> int:
    """Add the vectors of ``products``; the most that one product has, at least ``most``."""
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY pocketshelf_vectors(product_id, category, embedding) FROM STDIN") as copy,
    ):
        for product in products:
            most = max(most, len(product.vectors))
            for vector in product.vectors:
                copy.write_row((product.product_id, product.category, _text(vector)))
    return most


def _text(vector: np.ndarray) -> str:
    """pgvector's text form."""
    return "[" + ",".join(map(str, vector.tolist())) + "]"
