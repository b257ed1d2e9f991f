"""Looking through a catalogue as a person does: by words, category and attribute, a page at a time.

The same statements in SQLite and PostgreSQL.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pocketshelf_server.catalogue.changes import Change
from pocketshelf_server.catalogue.view import View

__all__ = ["Facet", "Filter", "Found", "Listed", "browse", "facets", "log_of", "standing_at"]

# Products whose attributes are looked at to say which there are.
LOOKED_AT = 5000
# An attribute with more values than that does not sort products, it tells them apart.
MOST_VALUES, MOST_FACETS, SHOWN_VALUES = 60, 8, 12
MOST_WORDS = 8
SHOWN = "product_id, sequence, category, title, image, attributes"


@dataclass(frozen=True)
class Filter:
    """What is looked for.

    Attributes:
        text: words that are all in the title, the category or the id.
        category: None for all.
        attribute: (name, value) that a product states; None for any.
    """

    text: str = ""
    category: str | None = None
    attribute: tuple[str, str] | None = None


@dataclass(frozen=True)
class Listed:
    """A product without its vectors."""

    product_id: str
    sequence: int
    category: str
    title: str
    image: str | None
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """A page: how many products fit in all, and those of the page, by id."""

    count: int
    products: tuple[Listed, ...]


@dataclass(frozen=True)
class Facet:
    """An attribute that sorts products, and its commonest values with how many have them."""

    name: str
    values: tuple[tuple[str, int], ...]


def browse(view: View, wanted: Filter, limit: int, offset: int) -> Found:
    """The products that fit ``wanted``, ``limit`` of them from the one at ``offset`` on."""
    where, values = _condition(wanted)
    (count,) = view.run(f"SELECT count(*) FROM {{p}}products{where}", *values).fetchone()
    query = f"SELECT {SHOWN} FROM {{p}}products{where} ORDER BY product_id LIMIT ? OFFSET ?"
    return Found(count, tuple(_listed(view.run(query, *values, limit, offset))))


def facets(view: View, wanted: Filter) -> list[Facet]:
    """Attributes that sort the first few thousand products that fit ``wanted``, the commonest first."""
    where, values = _condition(wanted)
    query = f"SELECT attributes FROM {{p}}products{where} LIMIT ?"
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (text,) in view.run(query, *values, LOOKED_AT):
        for name, value in _object(text).items():
            if isinstance(value, str) and 0 < len(value) <= 60:
                counts[name][value] += 1
    sorting = [(n, c) for n, c in counts.items() if 2 <= len(c) <= MOST_VALUES and c.most_common(1)[0][1] > 1]
    sorting.sort(key=lambda item: (-item[1].total(), item[0]))
    return [Facet(name, tuple(found.most_common(SHOWN_VALUES))) for name, found in sorting[:MOST_FACETS]]


def log_of(view: View, product_id: str, limit: int = 50) -> list[Change]:
    """The change log's lines of one product, newest first."""
    query = (
        "SELECT sequence, product_id, kind FROM {p}changes "
        "WHERE product_id = ? ORDER BY sequence DESC LIMIT ?"
    )
    return [Change(*row) for row in view.run(query, product_id, limit)]


def standing_at(view: View, sequence: int, product_ids: set[str]) -> dict[str, bool]:
    """Which of ``product_ids`` were there at ``sequence``, by the log; not those it is silent about."""
    query = "SELECT product_id, kind FROM {p}changes WHERE sequence <= ? AND kind <> 'rule' ORDER BY sequence"
    rows = view.run(query, sequence)
    return {product_id: kind == "upsert" for product_id, kind in rows if product_id in product_ids}


def _condition(wanted: Filter) -> tuple[str, list[str]]:
    parts, values = [], []
    for word in wanted.text.split()[:MOST_WORDS]:
        ways = _ways(word)
        columns = [
            f"{column} LIKE ? ESCAPE '!'" for column in ("title", "lower(title)", "category", "product_id")
        ]
        parts.append("(" + " OR ".join(columns * len(ways)) + ")")
        values += [f"%{_escaped(way)}%" for way in ways for _ in columns]
    if wanted.category is not None:
        parts.append("category = ?")
        values.append(wanted.category)
    if wanted.attribute is not None:
        name, value = (json.dumps(text, ensure_ascii=False) for text in wanted.attribute)
        parts.append("attributes LIKE ? ESCAPE '!'")  # As `Product.texts` writes them.
        values.append(f"%{_escaped(f'{name}:{value}')}%")
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _ways(word: str) -> list[str]:
    """How a word may be written: SQLite folds the case of ASCII letters alone, PostgreSQL none."""
    return list(dict.fromkeys([word, word.lower(), word.capitalize(), word.upper()]))


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("\0", "")


def _listed(rows: Any) -> Iterator[Listed]:
    for product_id, sequence, category, title, image, attributes in rows:
        yield Listed(product_id, sequence, category, title, image, _object(attributes))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
