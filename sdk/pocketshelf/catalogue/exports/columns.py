"""Reading a record by the names that a format's columns may have."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from html.parser import HTMLParser

from pocketshelf.catalogue.listing import Records, RowProblem
from pocketshelf.catalogue.pictures import picture_names

__all__ = [
    "Cells",
    "colour_of",
    "listed",
    "note_withheld",
    "path_leaf",
    "pictures_of",
    "plain_text",
]

COLOURS = ("color", "colour", "farbe", "couleur", "colore", "kleur", "färg", "barva")
# Lines that a note names.
SHOWN = 5
TAG = re.compile(r"<[a-zA-Z/!]")
ENTITY = re.compile(r"&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
UNCLOSED = re.compile(r"<[^<>]*(?=<|\Z)")
# For what is opened and not closed, html.parser looks to the end of the text each time.
MOST_UNCLOSED, MOST_DECLARED = 50, 200
BLOCKS = {"p", "br", "li", "div", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6"}


class Cells:
    """A record's cells by column, whatever the case of its name and of ``_``, ``-`` and blanks in it."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = {_folded(name): cell for name, cell in cells.items()}

    def first(self, *names: str) -> str:
        """The first of the columns ``names`` that is not empty; "" if none is."""
        return next((cell for name in names if (cell := self._cells.get(_folded(name), ""))), "")


def _folded(name: str) -> str:
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold()


def pictures_of(cells: Iterable[str]) -> tuple[str, ...]:
    """The pictures that the cells name, each once."""
    return tuple(dict.fromkeys(name for cell in cells for name in picture_names(cell)))


def listed(values: Iterable[str]) -> str:
    """The distinct values, in their order, as one text."""
    return ", ".join(dict.fromkeys(value for value in values if value))


def path_leaf(paths: Iterable[str], separator: str, roots: Collection[str] = ()) -> str:
    """Of category paths the first that is deepest, without its root if that is one of ``roots``."""
    best: list[str] = []
    for path in paths:
        parts = [part.strip() for part in path.split(separator) if part.strip()]
        while parts and parts[0].casefold() in roots:
            parts = parts[1:]
        if len(parts) > len(best):
            best = parts
    return f" {separator} ".join(best) if separator == ">" else separator.join(best)


def colour_of(options: Mapping[str, str]) -> str:
    """The value of the option that is a colour; "" if none is."""
    return next((value for name, value in options.items() if name.casefold() in COLOURS), "")


def note_withheld(table: Records, lines: Sequence[int]) -> None:
    """Note the ``lines`` that are left out since the shop itself does not show what they are of."""
    if lines:
        shown = ", ".join(map(str, lines[:SHOWN]))
        more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
        text = f"drafts, and what is archived or disabled in the shop, are left out: lines {shown}{more}"
        table.notes.append(RowProblem(lines[0], text))


def plain_text(text: str) -> str:
    """HTML as text: tags are gone, blocks are lines, entities are characters; other text as it is."""
    if not _has_markup(text):
        return text
    if _is_tangled(text):
        return _untagged(text)
    reader = _Text()
    try:
        reader.feed(text)
        reader.close()
    except (AssertionError, ValueError):  # A declaration that html.parser cannot make out.
        return _untagged(text)
    return "\n".join(_lines("".join(reader.parts)))


def _has_markup(text: str) -> bool:
    opened = TAG.search(text)
    return (opened is not None and text.find(">", opened.end()) >= 0) or ENTITY.search(text) is not None


def _is_tangled(text: str) -> bool:
    unclosed = itertools.islice(UNCLOSED.finditer(text), MOST_UNCLOSED + 1)
    return text.count("<!") > MOST_DECLARED or sum(1 for _ in unclosed) > MOST_UNCLOSED


def _untagged(text: str) -> str:
    return html.unescape(re.sub(r"<[^<>]*>", " ", text)).strip()


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        if words := line.split():
            yield " ".join(words)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self._hidden += tag in ("script", "style")
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in ("script", "style")))
        if tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data.replace("\n", " "))
