"""What can be read of a catalogue, in whichever database it lies; a `Dialect` tells one from another.

Statements are written with ``?`` for a value and ``{p}`` before each table's name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.errors import one_line
from pocketshelf.formats import Product
from pocketshelf.formats.product_rules import MAX_VECTORS, check_texts, fitting_categories, read_row
from pocketshelf_server.catalogue.changes import Change, Entry

__all__ = ["COLUMNS", "TOO_MANY_CATEGORIES", "Dialect", "Rows", "View"]

log = logging.getLogger("pocketshelf.server")

# Products left out of a publication that are named one by one.
NAMED = 20
COLUMNS = "product_id, sequence, category, title, image, attributes, vectors"
ENTRY_COLUMNS = COLUMNS.replace("vectors", "length(vectors)")
TOO_MANY_CATEGORIES = "the catalogue has more categories than devices take; give it one of the known ones"
# Local features (`pocketshelf.formats.features.Print`), of each product whose pictures were looked at for
# them: the bytes of none are empty. Made when there are the first.
PRINTS = "prints"
MAKE_PRINTS = f"CREATE TABLE {{p}}{PRINTS}(product_id TEXT PRIMARY KEY, features {{blob}} NOT NULL)"
GET_PRINTS = "SELECT product_id, features FROM"
TOMBSTONES = (
    "SELECT product_id, max(sequence) FROM {p}changes c WHERE kind = 'delete' AND NOT EXISTS "
    "(SELECT 1 FROM {p}products p WHERE p.product_id = c.product_id) GROUP BY product_id"
)


@dataclass(frozen=True)
class Dialect:
    """How one database wants its statements.

    Attributes:
        prefix: of every table's name.
        mark: a value's place.
        id_in: a condition that an id is among those of one value.
        ids: that value, of ids.
        has_table: a query with a row where there is the table of one value.
        blob: its type of bytes.
        locked: behind a query, to keep other writers out until the transaction ends.
    """

    prefix: str
    mark: str
    id_in: str
    ids: Any
    has_table: str
    blob: str
    locked: str = ""

    def translate(self, statement: str) -> str:
        """``statement`` as this database wants it."""
        return statement.replace("{p}", self.prefix).replace("?", self.mark)


class Rows:
    """What can be read of a catalogue on one connection of a DB-API module."""

    def __init__(self, connection: Any, dialect: Dialect, dimension: int) -> None:
        self._connection = connection
        self._dialect = dialect
        self._dimension = dimension

    def run(self, statement: str, *values: Any) -> Any:
        """A cursor with the rows of ``statement``."""
        return self._connection.execute(self._dialect.translate(statement), values)

    def write(self, statement: str, rows: Iterable[tuple]) -> None:
        """Run ``statement`` for each of ``rows``."""
        self._connection.cursor().executemany(self._dialect.translate(statement), list(rows))

    def by_id(self, do: str, product_ids: Iterable[str], table: str = "products") -> Any:
        """Do something ("SELECT … FROM") with the rows of those of ``product_ids`` that are stored."""
        statement = f"{do} {{p}}{table} WHERE product_id {self._dialect.id_in}"
        return self.run(statement, self._dialect.ids(product_ids))

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""
        rows = self.by_id(f"SELECT {COLUMNS} FROM", product_ids)
        return {row[0]: product for row in rows if (product := self.read(row))}

    def stored(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """The same; one that breaks the rules is stood in for by one that equals none, so that it can go."""
        rows = self.by_id(f"SELECT {COLUMNS} FROM", product_ids)
        nothing = np.empty((0, self._dimension), np.int8)
        return {row[0]: self.read(row) or Product(row[0], row[1], "", "", None, nothing) for row in rows}

    def read(self, row: tuple) -> Product | None:
        """The product of a row; None if it breaks rules that have come since it was stored."""
        try:
            return read_row(row, self._dimension)
        except (ValueError, TypeError):
            return None

    def keeps_prints(self) -> bool:
        """Whether local features were ever kept; a catalogue of before has no place for them."""
        name = f"{self._dialect.prefix}{PRINTS}"
        return self._connection.execute(self._dialect.has_table, (name,)).fetchone() is not None

    def prints(self, product_ids: Iterable[str]) -> dict[str, bytes]:
        """`Upsert.features` of those of ``product_ids`` whose pictures were looked at."""
        if not self.keeps_prints():
            return {}
        return {key: bytes(data) for key, data in self.by_id(GET_PRINTS, product_ids, PRINTS)}

    def write_prints(self, prints: Mapping[str, bytes | None]) -> None:
        """Keep local features; None forgets a product's."""
        if not self.keeps_prints():
            if not any(data is not None for data in prints.values()):
                return
            self.run(MAKE_PRINTS.replace("{blob}", self._dialect.blob))
        self.by_id("DELETE FROM", prints, PRINTS)
        kept = [(key, data) for key, data in prints.items() if data is not None]
        self.write(f"INSERT INTO {{p}}{PRINTS} VALUES(?, ?)", kept)

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        query = "SELECT category, count(*) FROM {p}products GROUP BY category ORDER BY category"
        return dict(self.run(query).fetchall())

    def number(self, key: str, more: str = "") -> int:
        """A number of the meta table."""
        return int(self.run(f"SELECT value FROM {{p}}meta WHERE key = ?{more}", key).fetchone()[0])

    def set_number(self, key: str, value: int) -> None:
        """The inverse of `number`."""
        self.run("UPDATE {p}meta SET value = ? WHERE key = ?", str(value), key)

    def log(self, changes: Iterable[Change]) -> None:
        """Add to the change log."""
        rows = ((change.sequence, change.product_id, change.kind) for change in changes)
        self.write("INSERT INTO {p}changes VALUES(?, ?, ?)", rows)


class View(Rows):
    """A catalogue at one instant; writers go on meanwhile and are not seen."""

    def sequence(self) -> int:
        """The number of the last change."""
        return self.number("sequence")

    def product_ids(self) -> Iterator[str]:
        """Of every product, ordered (by code point)."""
        for (product_id,) in self._stream("ids", "product_id"):
            yield product_id

    def sample(self, most: int) -> list[str]:
        """The ids of ``most`` products about, up to twice as many, spread by their last change's number.

        The database counts, row by row, and nothing else is read.
        """
        ((count,),) = self.run("SELECT count(*) FROM {p}products").fetchall()
        step = max(1, count // most)
        query = "SELECT product_id FROM {p}products WHERE sequence - (sequence / ?) * ? = 0 LIMIT ?"
        return [product_id for (product_id,) in self.run(query, step, step, 2 * most).fetchall()]

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id, but those that a device would refuse.

        None joins by `Catalogue.apply`; one may be left from before a rule, and is named in the log.
        """
        fitting = self.publishable_categories()
        left_out = 0
        for row in self._stream("entries", ENTRY_COLUMNS):
            product_id, sequence, *texts, length = row
            try:
                if texts[0] not in fitting:
                    raise ValueError(TOO_MANY_CATEGORIES)
                check_texts(product_id, *texts)
                if length % self._dimension or not 1 <= length // self._dimension <= MAX_VECTORS:
                    raise ValueError(f"{length} bytes of vectors")
            except (ValueError, TypeError) as error:
                left_out += 1
                if left_out <= NAMED:
                    log.warning("product %s is left out: %s", one_line(repr(product_id)), one_line(error))
                continue
            yield Entry(product_id, sequence, texts[0], json.loads(texts[-1]))
        if left_out > NAMED:
            log.warning("%d products are left out, %d of them not named", left_out, left_out - NAMED)

    def publishable_categories(self) -> dict[str, int]:
        """Of `categories`, those that a manifest has room for: rather the large ones."""
        counts = self.categories()
        fitting = fitting_categories(sorted(counts, key=lambda name: (-counts[name], name)))
        return {name: count for name, count in counts.items() if name in fitting}

    def products(self) -> Iterator[Product]:
        """Every product, in the same order, but those that break a rule."""
        for row in self._stream("products", COLUMNS):
            if product := self.read(row):
                yield product

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""
        return dict(self.run(TOMBSTONES).fetchall())

    def _stream(self, name: str, columns: str) -> Iterator[tuple]:
        yield from self.run(f"SELECT {columns} FROM {{p}}products ORDER BY product_id")
