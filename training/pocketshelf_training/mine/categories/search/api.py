"""Any HTTP search API that answers JSON, described by a small TOML file::

    url = "https://api.example/search?q={query}&count={count}&page={page}"
    items = "results[]"              # JMESPath: the list of what was found
    image = "urls.full"              # within an item: the picture's address
    text = "title"                   # within an item: what is said of it (optional)
    first_page = 1                   # {page} of the first; or use {offset}, which counts items
    page_size = 30
    per_second = 2.0                 # questions a second
    key = "EXAMPLE_KEY"              # environment variable; the key itself stands in no file
    header = "Authorization"         # that the key goes into (or put {key} into the url)
    prefix = "Bearer "

An API's key is told to the API alone: not to servers of pictures or of redirects, not to files or messages.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from pocketshelf.catalogue.download import PictureCache
from pocketshelf.errors import PhotoError, ServerError, UsageError, one_line
from pocketshelf.network.polite import Polite
from pocketshelf_training.mine.categories.search.source import Found

__all__ = ["ApiSource", "Description", "read_description"]

MOST_ANSWER_BYTES = 10_000_000
MOST_PAGES = 50
MOST_ADDRESS = 2000
IN_URL = {"query", "count", "page", "offset", "key"}


@dataclass(frozen=True)
class Description:
    """How an API is asked, and where its answer says what; see the module."""

    url: str
    items: str
    image: str
    text: str = ""
    first_page: int = 1
    page_size: int = 30
    per_second: float = 1.0
    key: str = ""
    header: str = ""
    prefix: str = ""


def read_description(path: Path) -> Description:
    """The description in a TOML file.

    Raises:
        UsageError: it lacks something, or says something unknown; the message names what is known.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read as TOML ({one_line(error)})") from error
    known = {field.name: field for field in fields(Description)}
    for name, value in document.items():
        if name not in known:
            raise UsageError(f"{path}: {name} is none of {', '.join(known)}")
        kinds = {"int": int, "float": int | float}.get(str(known[name].type), str)
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise UsageError(f"{path}: {name} must be {'a number' if kinds is not str else 'text in quotes'}")
    missing = [name for name in ("url", "items", "image") if not document.get(name)]
    if missing:
        raise UsageError(f"{path}: {missing[0]} is missing; see --help for an example")
    description = Description(**document)
    _check(description, path)
    return description


def _check(given: Description, path: Path) -> None:
    if not given.url.startswith(("https://", "http://")) or "{query}" not in given.url:
        raise UsageError(f"{path}: url must begin with https:// or http:// and hold {{query}}")
    try:
        asked = {name for _, name, _, _ in Formatter().parse(given.url) if name is not None}
    except ValueError:
        asked = {""}
    if not asked <= IN_URL:
        raise UsageError(f"{path}: url may hold {', '.join(f'{{{name}}}' for name in sorted(IN_URL))} only")
    if not 1 <= given.page_size <= 1000 or not 0.001 <= given.per_second <= 100:
        raise UsageError(f"{path}: page_size is 1 to 1000, per_second 0.001 to 100")
    if given.header and not given.key:
        raise UsageError(f"{path}: header needs key, the name of the environment variable with the key")
    if given.key and not given.header and "{key}" not in given.url:
        raise UsageError(f"{path}: a key needs a header, or {{key}} in the url, to go into")
    for name in ("items", "image", "text"):
        _compiled(getattr(given, name) or "@", f"{path}: {name}")


def _compiled(expression: str, at: str) -> Any:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise UsageError(f"{at}: {expression!r} is no JMESPath ({one_line(error)})") from error


def _filled(given: Description, text: str, number: int, key: str) -> str:
    return given.url.format(
        query=quote(text, safe=""),
        count=given.page_size,
        page=given.first_page + number,
        offset=number * given.page_size,
        key=quote(key, safe=""),
    )


class ApiSource:
    """An HTTP search API; its pictures are fetched into a folder, each once.

    Args:
        folder: where the pictures are kept.
        polite, pictures: how the API and the servers of pictures are asked, if not as the description says.

    Raises:
        UsageError: the key is not in the environment.
        CatalogueError: the folder cannot be made.
    """

    def __init__(
        self,
        given: Description,
        folder: Path,
        environment: Mapping[str, str] = os.environ,
        polite: Polite | None = None,
        pictures: Polite | None = None,
    ) -> None:
        self._given = given
        self._key = environment.get(given.key, "").strip() if given.key else ""
        if given.key and not self._key:
            raise UsageError(f"the API wants a key: set the environment variable {given.key} to it")
        if not self._key.isprintable() or not self._key.isascii():
            raise UsageError(
                f"{given.key}: a key has no line breaks or unusual characters; was it copied whole?"
            )
        self._polite = polite or Polite(rate=given.per_second)
        self._pictures = PictureCache(folder, polite=pictures, again=False)
        self._items = _compiled(given.items, "items")
        self._image = _compiled(given.image, "image")
        self._text = _compiled(given.text, "text") if given.text else None

    @property
    def name(self) -> str:
        """The API's address, without the key."""
        return f"api {self._given.url}"

    def search(self, text: str, most: int) -> Iterator[Found]:
        """Page by page, until there are ``most`` or no more."""
        paged = "{page}" in self._given.url or "{offset}" in self._given.url
        seen: set[str] = set()
        for number in range(MOST_PAGES if paged else 1):
            base = _filled(self._given, text, number, self._key)
            new = [found for found in self._page(base) if found.address not in seen]
            for found in new:
                if found.address not in seen:
                    seen.add(found.address)
                    yield found
                    if len(seen) == most:
                        return
            if not new:
                return

    def _page(self, address: str) -> list[Found]:
        try:
            data = self._polite.get(address, MOST_ANSWER_BYTES, "application/json", self._private())
        except (ServerError, ValueError) as error:
            kind = type(error) if isinstance(error, ServerError) else ServerError
            # Not `from error`: its message, and its cause's, may hold the key.
            raise kind(self._without_key(str(error)) + self._hint(str(error))) from None
        return list(self._read(data, address))

    def _private(self) -> dict[str, str]:
        return {self._given.header: self._given.prefix + self._key} if self._given.header else {}

    def _read(self, data: bytes, address: str) -> Iterator[Found]:
        where = self._without_key(address)
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            what = "a web page" if data.lstrip()[:1] == b"<" else "no JSON"
            raise ServerError(f"{where}: the API answers {what}; check its url") from None
        items = self._found(self._items, document)
        if not isinstance(items, list):
            raise ServerError(f"{where}: no list at items = {self._given.items!r} in the API's answer")
        for item in items:
            image = self._found(self._image, item)
            if isinstance(image, str) and 0 < len(image) <= MOST_ADDRESS:
                image = urljoin(self._given.url, image.strip())
                if urlsplit(image).scheme in ("http", "https"):
                    yield Found(image, _said(self._found(self._text, item) if self._text else ""))

    @staticmethod
    def _found(expression: Any, document: Any) -> Any:
        from jmespath.exceptions import JMESPathError

        try:
            return expression.search(document)
        except JMESPathError:
            return None

    def _without_key(self, text: str) -> str:
        for secret in {self._key, quote(self._key, safe="")} - {""}:
            text = text.replace(secret, "…")
        return text

    def _hint(self, problem: str) -> str:
        if self._given.key and ("answers 401" in problem or "answers 403" in problem):
            return f"; is the key in {self._given.key} right?"
        return ""

    def fetch(self, found: Found) -> Path:
        """Its file, fetched if it was not before.

        Raises:
            PhotoError: it cannot be had, or what came is no picture.
        """
        self._pictures(found.address)
        path = self._pictures.path(found.address)
        if not path.is_file():  # What is no picture is not kept.
            raise PhotoError(f"{found.address}: what came is no picture")
        return path


def _said(value: Any) -> str:
    return " ".join(value.split())[:500] if isinstance(value, str) else ""
