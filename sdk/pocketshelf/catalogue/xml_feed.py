"""Product feeds in XML: RSS 2.0 or Atom with Google's names (``g:id``, ``g:image_link`` …)."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

from pocketshelf.catalogue.listing import Record, Records
from pocketshelf.errors import CatalogueError

__all__ = ["read_xml_feed"]

ENTRIES = ("item", "entry")


def read_xml_feed(data: bytes, path: Path) -> Records:
    """A record an item or entry, its elements by name without prefix; several of a name are one a line.

    Raises:
        CatalogueError: it is no XML, declares entities of its own, or holds no item.
    """
    feed = _Feed(path)
    try:
        feed.parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise CatalogueError(f"{path}: not XML ({error})") from error
    if not feed.table.records:
        raise CatalogueError(f"{path}: holds no <item> and no <entry>; is it a product feed?")
    names = {name: None for record in feed.table.records for name in record.cells}
    feed.table.columns = tuple(names)
    return feed.table


class _Feed:
    """What expat calls; expat itself bounds how much entities may grow."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.table = Records()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.EntityDeclHandler = self._entity
        self._inside: list[str] | None = None  # Elements within the item, from its child on.
        self._line = 0
        # Texts come in pieces, joined once: put together one by one, a long one would take for ever.
        self._cells: dict[str, list[list[str]]] = {}

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if self._inside is not None:
            self._inside.append(name)
            if len(self._inside) == 1:
                self._cells.setdefault(name, []).append([attributes.get("href", "")])
        elif name in ENTRIES:
            self._inside, self._line, self._cells = [], self.parser.CurrentLineNumber, {}

    def _text(self, text: str) -> None:
        if self._inside and len(self._inside) == 1:
            self._cells[self._inside[0]][-1].append(text)

    def _end(self, name: str) -> None:
        if self._inside:
            self._inside.pop()
        elif self._inside is not None:
            cells = {
                key: "\n".join(t for v in values if (t := "".join(v).strip()))
                for key, values in self._cells.items()
            }
            self.table.records.append(Record(self._line, {k: v for k, v in cells.items() if v}))
            self._inside = None

    def _entity(self, *_: object) -> None:
        raise CatalogueError(f"{self._path}: declares entities, which no feed needs; it is not read")
