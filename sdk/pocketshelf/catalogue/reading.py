"""Read a catalogue as shops export it: delimited text, JSON, a workbook or a feed; by columns or by a format.

One reader for whoever takes a catalogue: `pocketshelf build`, `pocketshelf-server import`, and training.
Every line ends in a product, or is named among the problems. No picture is opened.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pocketshelf.catalogue.damage import notes_on_damage
from pocketshelf.catalogue.delimited import read_delimited
from pocketshelf.catalogue.exports import Export, export_named, known_columns, likely_format
from pocketshelf.catalogue.grouping import group_lines
from pocketshelf.catalogue.json_lines import read_json_lines, read_json_list
from pocketshelf.catalogue.listing import (
    REQUIRED_COLUMNS,
    CatalogueTable,
    Line,
    Record,
    Records,
    RowProblem,
)
from pocketshelf.catalogue.pictures import picture_names
from pocketshelf.catalogue.text import decode_text, read_bytes, read_lines
from pocketshelf.catalogue.workbook import MAGIC, read_workbook
from pocketshelf.catalogue.workbook import SUFFIXES as WORKBOOKS
from pocketshelf.catalogue.xml_feed import read_xml_feed
from pocketshelf.errors import CatalogueError, UsageError

__all__ = ["ReadOptions", "parse_mapping", "read_catalogue"]

JSON_LINES = (".jsonl", ".ndjson")
# The category of what a shop system's export has in none.
UNSORTED = "Other"
# Letters of a column's name that a message shows.
LONG_NAME = 40


@dataclass(frozen=True)
class ReadOptions:
    """How a catalogue is to be read.

    Attributes:
        format: a name in `pocketshelf.catalogue.exports.FORMATS`.
        columns: of the file, for each of ours that is called otherwise there; see `parse_mapping`.
        encoding: of its text, instead of a guess.
    """

    format: str = "plain"
    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    encoding: str | None = None


def parse_mapping(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Out of ``title=Name,image=Image Src``: our columns to the file's; several of one are all taken.

    Raises:
        UsageError: a part is not ``ours=theirs``, or ours is none.
    """
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name = ""
        for part in text.split(","):
            ours, sign, theirs = part.partition("=")
            ours = ours.strip().casefold()
            if ours in REQUIRED_COLUMNS and sign and theirs.strip():
                name = ours
                found[name] = (*found.get(name, ()), theirs.strip().strip('"'))
            elif name and not sign:  # A comma within a column's name.
                found[name] = (*found[name][:-1], f"{found[name][-1]},{part}")
            else:
                raise UsageError(
                    f"--map {text!r}: write OURS=THEIRS, with {', '.join(REQUIRED_COLUMNS)} as OURS"
                )
    return found


def read_catalogue(path: str | Path, options: ReadOptions | None = None) -> CatalogueTable:
    """Read the catalogue at ``path``. What is bad is listed, the rest kept.

    Raises:
        CatalogueError: the file is missing, empty, of another kind, or lacks a column.
        UsageError: an unknown format or encoding.
    """
    path, options = Path(path), options or ReadOptions()
    export = export_named(options.format)
    kind = path.suffix.lower()
    table, records = CatalogueTable(path), Records()
    notes: list[str] = []
    if kind in JSON_LINES:
        lines = read_json_lines(read_lines(path, options.encoding), options.columns)
    elif kind == ".json":
        text, notes = decode_text(read_bytes(path), path, options.encoding)
        lines = read_json_list(text, path, options.columns)
    else:
        records, notes = _records(path, kind, options)
        lines = itertools.chain(records.problems, _lines(path, records, export, options))
    table.products, table.problems, titles = group_lines(lines)
    table.columns = records.columns
    table.notes = [*(RowProblem(0, note) for note in notes), *records.notes, *titles]
    return table


def _records(path: Path, kind: str, options: ReadOptions) -> tuple[Records, list[str]]:
    """The table, and notes on how its text was found; what its name does not tell is delimited text."""
    used = _used(options)
    if kind in WORKBOOKS and read_bytes(path).startswith(MAGIC):
        return read_workbook(path, used), []
    if kind == ".xml":
        return read_xml_feed(read_bytes(path), path), []
    text, notes = decode_text(read_bytes(path), path, options.encoding)
    known = known_columns(options.format) | {
        column.casefold() for columns in options.columns.values() for column in columns
    }
    return read_delimited(text, path, known, used), notes


def _used(options: ReadOptions) -> Callable[[str], bool]:
    """Whether a column decides what a product is."""
    mapped = {column.casefold() for columns in options.columns.values() for column in columns}
    plain = {name for name in REQUIRED_COLUMNS if name not in options.columns}
    export = export_named(options.format)
    needed = {column.casefold() for group in export.needs for column in group}
    ours = mapped | (plain if options.format == "plain" else needed)
    return lambda name: bool({name.casefold(), export.column(name).casefold()} & ours)


def _lines(path: Path, table: Records, export: Export, options: ReadOptions) -> Iterator[Line | RowProblem]:
    if options.format == "plain":
        table.columns, table.records = _plain(path, table, options)
        _note_damage(table, "product_id")
        yield from export.lines(table)
        return
    _require(path, table, export, options)
    _note_damage(table, export.needs[0][0])
    by_line = {record.line: record for record in table.records} if options.columns else {}
    lines = [
        line if isinstance(line, RowProblem) else _mapped(line, by_line.get(line.line), options)
        for line in export.lines(_in_the_formats_words(table, export))
    ]
    sorted_in = {line.product_id for line in lines if isinstance(line, Line) and line.category}
    for line in lines:
        # A shop sells without sorting, too.
        if isinstance(line, Line) and line.product_id not in sorted_in:
            line = replace(line, category=UNSORTED)
        yield line


def _in_the_formats_words(table: Records, export: Export) -> Records:
    """The table with its columns as the format calls them, where a shop's language calls them otherwise."""
    records = [
        Record(record.line, {export.column(name): cell for name, cell in record.cells.items()})
        for record in table.records
    ]
    return replace(table, columns=tuple(map(export.column, table.columns)), records=records)


def _note_damage(table: Records, id_column: str) -> None:
    table.notes += notes_on_damage(id_column, table.records)


def _plain(path: Path, table: Records, options: ReadOptions) -> tuple[tuple[str, ...], list[Record]]:
    """The table with our four columns by our names, whatever the file calls them."""
    ours: dict[str, str] = {}
    for name in table.columns:
        folded = unicodedata.normalize("NFC", name).casefold().replace(" ", "_").replace("-", "_")
        if folded in REQUIRED_COLUMNS and folded not in options.columns:
            ours[name] = folded
    for wanted, columns in options.columns.items():
        for column in columns:
            ours[_found(path, table, column)] = wanted
    if missing := [name for name in REQUIRED_COLUMNS if name not in ours.values()]:
        raise CatalogueError(f"{path}: {_missing(missing, table, options)}")
    renamed = [Record(record.line, _renamed(record.cells, ours)) for record in table.records]
    return tuple(ours.get(name, name) for name in table.columns), renamed


def _renamed(cells: dict[str, str], ours: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, cell in cells.items():
        target = ours.get(name, name)
        # Several columns of pictures are one with several; of a text the first that is not empty counts.
        found[target] = (
            f"{found[target]}\n{cell}" if target == "image" and target in found else (found.get(target, cell))
        )
    return found


def _found(path: Path, table: Records, column: str) -> str:
    """The file's column ``column``, whatever its case."""
    for name in table.columns:
        if name.casefold() == column.casefold():
            return name
    raise CatalogueError(f"{path}: has no column {column!r} that --map names ({_listed(table)})")


def _listed(table: Records) -> str:
    """The columns, each cut where it is no name: a header in another encoding is one long line."""
    names = (name if len(name) <= LONG_NAME else f"{name[:LONG_NAME]}…" for name in table.columns)
    return f"found: {', '.join(names)[:300]}"


def _missing(missing: list[str], table: Records, options: ReadOptions) -> str:
    likely = likely_format(table.columns)
    hint = f"; this looks like {likely}: --format {likely}" if likely else "; --map OURS=THEIRS names them"
    if options.encoding and not likely and len(table.columns) == 1:
        hint = f"; is --encoding {options.encoding} right? Without it the encoding is guessed"
    return f"the first line must name the columns; missing: {', '.join(missing)} ({_listed(table)}){hint}"


def _require(path: Path, table: Records, export: Export, options: ReadOptions) -> None:
    there = {_spaced(export.column(name)) for name in table.columns}
    for name, group in zip(("product_id", "title", "image"), export.needs, strict=True):
        if name in options.columns:
            for column in options.columns[name]:
                _found(path, table, column)
        elif not there & {_spaced(column) for column in group}:
            raise CatalogueError(
                f"{path}: is no export of {options.format}: it has no column {group[0]!r} ({_listed(table)})"
                "; --map names one that is called otherwise"
            )


def _spaced(name: str) -> str:
    return name.replace("_", " ").casefold()


def _mapped(line: Line, record: Record | None, options: ReadOptions) -> Line:
    """``line`` with what --map takes from other columns than the format does."""
    if record is None:
        return line
    folded = {name.casefold(): cell for name, cell in record.cells.items()}
    given = {
        ours: [folded[column.casefold()] for column in columns if column.casefold() in folded]
        for ours, columns in options.columns.items()
    }
    texts = {ours: cells[0] for ours, cells in given.items() if cells and ours != "image"}
    images = tuple(name for cell in given.get("image", []) for name in picture_names(cell))
    return replace(line, **texts, **({"images": images} if images else {}))  # type: ignore[arg-type]
