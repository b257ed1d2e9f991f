"""A site folder: everything that one server keeps, and where.

::

    site/
      config.json            what is published, how long it is kept, when signatures expire
      catalogue.sqlite       the products (unless the catalogue is PostgreSQL)
      published.sqlite       which product, in which state, was in which published generation
      publish.lock           held by the publisher that is at work
      keys/online/           the keys that publishing and refreshing use, PEM files named by role
      keys/offline/          the root key: move it off this machine
      keys/admin.token       the bearer token of /v1/changes
      repository/metadata/   The Update Framework's metadata
      repository/targets/    manifests, snapshots and deltas
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf.errors import CatalogueError
from pocketshelf.store import filesystem as durable
from pocketshelf.store.filesystem import FileSystem

__all__ = ["Site", "SiteConfig", "write_atomically"]

FORMAT = "pocketshelf-site"
VERSION = 1
DEFAULT_EXPIRY_DAYS = {"root": 365, "targets": 90, "snapshot": 14, "timestamp": 2}
INDEXES = ("scan", "sqlite-vec", "graph", "pgvector")


@dataclass
class SiteConfig:
    """What ``config.json`` holds. An unknown key is an error: a typing slip must not pass silently.

    Attributes:
        catalogue: "sqlite", or a PostgreSQL address (``postgresql://user@host/database``).
        index: how the full catalogue is searched: one of `INDEXES`.
        shards: name to rule, see `pocketshelf_server.publish.rules`.
        retain: how many published generations a device may be behind and still get a delta.
        expiry_days: life of each role's signature, in days (fractions allowed).
        token_sha256: digest of the bearer token that opens /v1/changes; None closes it.
        changes_per_minute: rate limit of /v1/changes: calls a minute with the token; without it, by address.
        searches_per_minute, photos_per_minute: rate limits of the searches, calls a minute by an address.
        max_k: the most hits that one search may ask for.
        photo_search: whether /v1/search/photo takes photos.
        max_photo_bytes: the largest photo that it takes.
        photo_workers: processes that read photos; each takes about 200 MB once a photo came.
        photo_seconds: processor time that one photo may take.
        photo_memory_bytes: memory that one photo may take.
    """

    catalogue: str = "sqlite"
    index: str = "scan"
    shards: dict[str, dict[str, Any]] = field(default_factory=lambda: {"all": {"rule": "all"}})
    retain: int = 8
    expiry_days: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_EXPIRY_DAYS))
    token_sha256: str | None = None
    changes_per_minute: int = 60
    searches_per_minute: int = 30_000
    photos_per_minute: int = 600
    max_k: int = 1000
    photo_search: bool = True
    max_photo_bytes: int = 20_000_000
    photo_workers: int = 1
    photo_seconds: int = 10
    photo_memory_bytes: int = 1 << 30

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> SiteConfig:
        """Check and take over a parsed ``config.json``.

        Raises:
            CatalogueError: another format or version, an unknown key, or a value out of range.
        """
        data = dict(data)
        if data.pop("format", None) != FORMAT or data.pop("version", None) != VERSION:
            raise CatalogueError(f"config.json is not a {FORMAT} of version {VERSION}")
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise CatalogueError(f"config.json: unknown key {unknown[0]!r} (known: {known})")
        config = cls(**data)
        config._check()
        return config

    def _check(self) -> None:
        if self.index not in INDEXES:
            raise CatalogueError(f"config.json: index {self.index!r} is none of {', '.join(INDEXES)}")
        if self.retain < 1:
            raise CatalogueError("config.json: retain must be at least 1")
        unknown = sorted(set(self.expiry_days) ^ set(DEFAULT_EXPIRY_DAYS))
        if unknown:
            roles = ", ".join(DEFAULT_EXPIRY_DAYS)
            raise CatalogueError(f"config.json: expiry_days must name {roles}; see {unknown[0]!r}")

    def to_json(self) -> dict[str, Any]:
        """The inverse of `from_json`."""
        return {"format": FORMAT, "version": VERSION, **self.__dict__}


class Site:
    """The paths of the site in ``folder``; see the module's drawing. Nothing here need exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.config_path = self.folder / "config.json"
        self.catalogue_path = self.folder / "catalogue.sqlite"
        self.history_path = self.folder / "published.sqlite"
        self.publish_lock = self.folder / "publish.lock"
        self.online_keys = self.folder / "keys/online"
        self.offline_keys = self.folder / "keys/offline"
        self.token_path = self.folder / "keys/admin.token"
        self.metadata = self.folder / "repository/metadata"
        self.targets = self.folder / "repository/targets"

    @classmethod
    def create(cls, folder: Path, config: SiteConfig) -> Site:
        """Make the folder, its ``config.json`` and the admin token.

        Raises:
            CatalogueError: the folder is a site already.
        """
        site = cls(folder)
        if site.config_path.exists():
            raise CatalogueError(f"{folder}: is a site already; choose another folder")
        for path in (site.online_keys, site.metadata, site.targets):
            path.mkdir(parents=True, exist_ok=True)
        site._make_token(config)
        site.write_config(config)
        return site

    @classmethod
    def open(cls, folder: Path) -> Site:
        """Open a folder that `create` made.

        Raises:
            CatalogueError: there is no site in it.
        """
        site = cls(folder)
        if not site.config_path.is_file():
            raise CatalogueError(f"{folder}: no site here; make one with `pocketshelf-server init`")
        return site

    def config(self) -> SiteConfig:
        """Read ``config.json``.

        Raises:
            CatalogueError: it is not JSON or not valid; the message names the key.
        """
        try:
            data = json.loads(self.config_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CatalogueError(f"{self.config_path}: cannot be read ({error})") from error
        if not isinstance(data, dict):
            raise CatalogueError(f"{self.config_path}: not a JSON object")
        try:
            return SiteConfig.from_json(data)
        except TypeError as error:
            raise CatalogueError(f"{self.config_path}: a value has the wrong type ({error})") from error

    def write_config(self, config: SiteConfig) -> None:
        """Write ``config.json`` in one step."""
        text = json.dumps(config.to_json(), indent=2, ensure_ascii=False) + "\n"
        write_atomically(self.config_path, text.encode())

    def _make_token(self, config: SiteConfig) -> None:
        token = secrets.token_urlsafe(32)
        config.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
        write_atomically(self.token_path, token.encode() + b"\n", mode=0o600)


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write ``data`` so that a reader, or a crash, sees the old file or the new one, never a part."""
    files = FileSystem(mode)
    files.mkdir(path.parent)
    durable.write_atomically(files, path, data)
