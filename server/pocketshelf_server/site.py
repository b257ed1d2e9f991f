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
      keys/console-tokens.json  digests of the console's further tokens
      imports.sqlite         what was imported, and which rows failed
      activity.sqlite        how much devices ask for, by hour and day
      pictures/              what the console's imports bring; see ``picture_folders``
      repository/metadata/   The Update Framework's metadata
      repository/targets/    manifests, snapshots and deltas
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf.errors import CatalogueError, reason
from pocketshelf.formats import strict_json
from pocketshelf.store import filesystem as durable
from pocketshelf.store.filesystem import FileSystem
from pocketshelf_server.settings import DEFAULT_EXPIRY_DAYS, holds_password, problem

__all__ = ["Site", "SiteConfig", "make_private", "write_atomically"]

log = logging.getLogger(__name__)

FORMAT = "pocketshelf-site"
VERSION = 1


@dataclass
class SiteConfig:
    """What ``config.json`` holds. An unknown key is an error: a typing slip must not pass silently.

    Attributes:
        catalogue: "sqlite", or a PostgreSQL address (``postgresql://user@host/database``).
        index: how the full catalogue is searched: one of `INDEXES`.
        milvus: where the index "milvus" is: a server's address, or a file of milvus-lite, from the site's
            folder on. Its token is in the environment: POCKETSHELF_MILVUS_TOKEN.
        shards: name to rule, see `pocketshelf_server.publish.rules`.
        retain: how many published generations a device may be behind and still get a delta.
        closely: whether imports keep local features of covers and cartons, and publications carry them; null
            for up to 20,000 products of the catalogue, and of a shard, where OpenCV is installed, but not of
            garments by their category's name.
        expiry_days: life of each role's signature, in days (fractions allowed).
        token_sha256: digest of the bearer token that opens /v1/changes; None closes it.
        changes_per_minute: rate limit of /v1/changes: calls a minute with the token; without it, by address.
        searches_per_minute, photos_per_minute, pictures_per_minute: rate limits of the searches, and of
            /v1/pictures: calls a minute by an address.
        max_k: the most hits that one search may ask for.
        photo_search: whether /v1/search/photo takes photos.
        product_pictures: whether /v1/pictures shows products' pictures to everybody, as searches do titles.
        max_photo_bytes: the largest photo that it takes.
        photo_workers: processes that read photos; each takes about 200 MB once a photo came.
        photo_seconds: processor time that one photo may take.
        photo_memory_bytes: memory that one photo may take.
        names: names by which devices and browsers reach the site, beside addresses and local names: any other
            is refused; null where they are not said, see `pocketshelf_server.http.names`.
        console: whether ``/`` is the console.
        picture_folders: where the console's imports may take pictures from, and its pages look for them;
            from the site's folder on, or absolute.
        console_downloads: whether an import of the console may fetch pictures that its file names by address.
    """

    catalogue: str = "sqlite"
    index: str = "scan"
    milvus: str = "milvus.db"
    shards: dict[str, dict[str, Any]] = field(default_factory=lambda: {"all": {"rule": "all"}})
    retain: int = 8
    closely: bool | None = None
    expiry_days: dict[str, float] = field(default_factory=lambda: dict(DEFAULT_EXPIRY_DAYS))
    token_sha256: str | None = None
    changes_per_minute: int = 60
    searches_per_minute: int = 30_000
    photos_per_minute: int = 600
    pictures_per_minute: int = 3_000
    max_k: int = 1000
    photo_search: bool = True
    product_pictures: bool = True
    max_photo_bytes: int = 20_000_000
    photo_workers: int = 1
    photo_seconds: int = 10
    photo_memory_bytes: int = 1 << 30
    names: list[str] | None = None
    console: bool = True
    picture_folders: list[str] = field(default_factory=lambda: ["pictures"])
    console_downloads: bool = False

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
        config.check()
        return config

    def check(self) -> None:
        """Refuse a value of another type, or out of range.

        Raises:
            CatalogueError: the message names the key and what its value must be.
        """
        default = SiteConfig()
        for name in self.__dataclass_fields__:
            if wrong := problem(name, getattr(self, name), getattr(default, name)):
                raise CatalogueError(f"config.json: {name!r} {wrong}")

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
        self.unpacked = self.folder / "pictures"

    @classmethod
    def create(cls, folder: Path, config: SiteConfig) -> Site:
        """Make the folder, its ``config.json`` and the admin token.

        Raises:
            CatalogueError: the folder is a site already, or what is left of one; or a value of ``config`` is
                out of range.
        """
        site = cls(folder)
        if site.config_path.exists():
            raise CatalogueError(f"{folder}: is a site already; choose another folder")
        site._refuse_remains()
        config.check()
        # Whatever the umask: nobody else on this machine plants a configuration or a token.
        site.folder.mkdir(parents=True, exist_ok=True, mode=0o775)
        make_private(site.online_keys)
        for path in (site.metadata, site.targets):
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
            site._refuse_remains()
            raise CatalogueError(f"{folder}: no site here; make one with `pocketshelf-server init`")
        return site

    def _refuse_remains(self) -> None:
        """Where all but ``config.json`` is there, a new site would only do more harm."""
        if self.catalogue_path.exists() or any(self.metadata.glob("*.root.json")):
            raise CatalogueError(f"{self.config_path}: missing, and the rest of a site is there; restore it")

    def config(self) -> SiteConfig:
        """Read ``config.json``.

        Raises:
            CatalogueError: it is not JSON or not valid; the message names the key.
        """
        try:
            data = strict_json.loads(self.config_path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise CatalogueError(f"{self.config_path}: cannot be read ({reason(error)})") from error
        if not isinstance(data, dict):
            raise CatalogueError(f"{self.config_path}: not a JSON object")
        config = SiteConfig.from_json(data)
        if holds_password(config.catalogue):
            self._keep_private()
        return config

    def write_config(self, config: SiteConfig) -> None:
        """Write ``config.json`` in one step; for its owner alone if there is a password in it.

        Raises:
            CatalogueError: a value is out of range.
        """
        config.check()
        text = json.dumps(config.to_json(), indent=2, ensure_ascii=False) + "\n"
        mode = 0o600 if holds_password(config.catalogue) else 0o644
        if self.config_path.exists():
            mode &= stat.S_IMODE(self.config_path.stat().st_mode)
        write_atomically(self.config_path, text.encode(), mode)

    def _keep_private(self) -> None:
        """Someone has written a password into a file that others may read: from now on they may not."""
        if os.name == "nt" or not stat.S_IMODE(self.config_path.stat().st_mode) & 0o077:
            return
        try:
            self.config_path.chmod(0o600)
        except OSError as error:
            log.warning("%s holds a password and others may read it (%s)", self.config_path, error.strerror)
        else:
            log.warning("%s holds a password: only its owner may read it now", self.config_path)

    def renew_token(self) -> None:
        """Make another admin token; a server that runs takes it from its next start on.

        Raises:
            CatalogueError: ``config.json`` cannot be read.
            OSError: one of the files cannot be written.
        """
        config = self.config()
        self._make_token(config)
        self.write_config(config)

    def _make_token(self, config: SiteConfig) -> None:
        token = secrets.token_urlsafe(32)
        config.token_sha256 = hashlib.sha256(token.encode()).hexdigest()
        write_atomically(self.token_path, token.encode() + b"\n", mode=0o600)


def make_private(folder: Path) -> None:
    """Make ``folder``, and the one that it lies in, their owner's alone; what is there stays as it is."""
    for path in (folder.parent, folder):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write ``data`` so that a reader, or a crash, sees the old file or the new one, never a part."""
    files = FileSystem(mode)
    files.mkdir(path.parent)
    path.with_name(f".{path.name}.new").unlink(missing_ok=True)  # A killed writer's: of another mode.
    durable.write_atomically(files, path, data)
