"""Categories and their keywords from a plain file.

TOML, YAML (one table a category) or CSV (one line a category and language; cells hold several words between
``|``). Words may be grouped by language; then a keyword is combined only with modifiers of its own language::

    modifiers = {en = ["red", "for children"], de = ["rot"]}     # of every category
    exclude = ["poster"]

    [Shoes]
    keywords = {en = ["shoes", "trainers"], de = ["Schuhe"], zh = ["鞋"]}
    modifiers = {en = ["leather"]}
    exclude = ["shoe rack", "box"]
"""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pocketshelf.catalogue.delimited import read_delimited
from pocketshelf.catalogue.text import decode_text, read_bytes
from pocketshelf.errors import CatalogueError, UsageError, one_line
from pocketshelf_training.mine.categories.search.keywords import Category, Words

__all__ = ["read_categories"]

MOST_BYTES = 5_000_000
WORDS = ("keywords", "modifiers", "exclude")
COLUMNS = ("category", "language", *WORDS)


def read_categories(path: Path) -> list[Category]:
    """The categories of a file, in its order.

    Raises:
        UsageError: it cannot be read, or says something unknown; names the place and what is known.
    """
    reader = {".toml": _toml, ".yaml": _yaml, ".yml": _yaml, ".csv": _csv, ".tsv": _csv}.get(
        path.suffix.lower()
    )
    if reader is None:
        raise UsageError(f"{path}: keywords are read from .toml, .yaml or .csv")
    if not path.is_file():
        raise UsageError(f"{path}: no such file; see --help for what it holds")
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path}: larger than {MOST_BYTES // 1_000_000} MB, which no list of keywords is")
    categories = reader(path)
    for category in categories:
        if not any(category.keywords.values()):
            raise UsageError(f"{path}: {category.name} has no keywords")
    if not categories:
        raise UsageError(f"{path}: no categories in it; see --help for what it holds")
    return categories


def _toml(path: Path) -> list[Category]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML ({one_line(error)})") from error
    return _tables(path, document)


def _yaml(path: Path) -> list[Category]:
    import yaml

    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{path}: not YAML ({one_line(error)})") from error
    if not isinstance(document, dict):
        raise UsageError(f"{path}: must be a table of categories; see --help")
    return _tables(path, document)


def _tables(path: Path, document: Mapping[Any, Any]) -> list[Category]:
    """Categories are tables; what stands beside them is of all."""
    shared: dict[str, Words] = {}
    tables = {}
    for name, value in document.items():
        if name in ("modifiers", "exclude"):
            shared[name] = _words(value, f"{path}: {name}")
        elif isinstance(value, dict):
            tables[str(name)] = value
        else:
            raise UsageError(
                f"{path}: {name} is neither a category (a table with keywords), nor modifiers or exclude"
            )
    return [_category(path, name, table, shared) for name, table in tables.items()]


def _category(path: Path, name: str, table: Mapping[Any, Any], shared: Mapping[str, Words]) -> Category:
    unknown = [str(key) for key in table if key not in WORDS]
    if unknown:
        raise UsageError(f"{path}: {name}: {unknown[0]} is none of {', '.join(WORDS)}")
    own = {key: _words(table.get(key, ()), f"{path}: {name}: {key}") for key in WORDS}
    exclude = _joined(own["exclude"], shared.get("exclude", {}))
    return Category(
        name.strip(),
        own["keywords"],
        _joined(own["modifiers"], shared.get("modifiers", {})),
        tuple(itertools.chain.from_iterable(exclude.values())),
    )


def _joined(first: Words, then: Words) -> Words:
    return {language: first.get(language, ()) + then.get(language, ()) for language in {**first, **then}}


def _words(value: Any, at: str) -> Words:
    """A word, a list of words, or either by language."""
    groups = value if isinstance(value, dict) else {"": value}
    words = {}
    for language, listed in groups.items():
        listed = [listed] if isinstance(listed, str) else listed
        if not isinstance(listed, list | tuple) or not all(isinstance(word, str) for word in listed):
            raise UsageError(f"{at}: must be words in quotes, or lists of them by language")
        words[str(language)] = tuple(" ".join(word.split()) for word in listed if word.strip())
    return words


def _csv(path: Path) -> list[Category]:
    try:
        table = read_delimited(
            decode_text(read_bytes(path), path)[0], path, set(COLUMNS), COLUMNS.__contains__
        )
    except CatalogueError as error:
        raise UsageError(str(error)) from error
    unknown = [name for name in table.columns if name not in COLUMNS]
    if unknown or not {"category", "keywords"} <= set(table.columns):
        raise UsageError(f"{path}:1: the columns are {', '.join(COLUMNS)}; the first and keywords are needed")
    for problem in table.problems:
        raise UsageError(f"{path}:{problem.line}: {problem.problem}")
    found: dict[str, Category] = {}
    for record in table.records:
        name = record.cells.get("category", "").strip()
        if not name:
            raise UsageError(f"{path}:{record.line}: no category")
        cells = {
            key: {record.cells.get("language", ""): tuple(_parts(record.cells.get(key, "")))} for key in WORDS
        }
        before = found.get(name, Category(name, {}, {}))
        found[name] = Category(
            name,
            _joined(before.keywords, cells["keywords"]),
            _joined(before.modifiers, cells["modifiers"]),
            before.exclude + tuple(itertools.chain.from_iterable(cells["exclude"].values())),
        )
    return list(found.values())


def _parts(cell: str) -> Iterator[str]:
    return (" ".join(part.split()) for part in cell.split("|") if part.strip())
