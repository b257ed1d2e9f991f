"""Where the site's pictures lie: where the last imports took them from, ``config.json``'s folders, archives.

Archives come last; they are looked through, too, where the site was moved, or their imports are forgotten.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf_server.console.jobs.archive import unpacked_folders
from pocketshelf_server.console.record import Record
from pocketshelf_server.photos import Limits, PhotoPool, Pictures
from pocketshelf_server.photos.worker import NO_MODEL
from pocketshelf_server.site import Site, SiteConfig

__all__ = ["folders_for_import", "pictures_of"]

MOST_FOLDERS = 200
WAITING_PICTURES = 24
log = logging.getLogger("pocketshelf.server")


def pictures_of(site: Site, config: SiteConfig) -> Pictures:
    """The products' pictures, and a process that makes them small, begun at the first; to be closed."""
    limits = Limits(config.photo_memory_bytes, config.photo_seconds, 3.0 * config.photo_seconds)
    record = Record(site.folder / "imports.sqlite")

    def folders() -> list[Path]:
        try:
            recent = record.folders()
        except StoreError as error:
            log.warning("%s", error)
            recent = []
        return list(dict.fromkeys([*recent, *_named(site, config), *unpacked_folders(site.unpacked)]))

    return Pictures(folders, PhotoPool("", 1, WAITING_PICTURES, limits, opener=NO_MODEL))


def folders_for_import(site: Site, config: SiteConfig) -> list[Path]:
    """Where an import of the console may take pictures from: the named folders, and what lies in them."""
    return list(_within(site, config))[:MOST_FOLDERS]


def _named(site: Site, config: SiteConfig) -> list[Path]:
    return [site.folder / name for name in config.picture_folders]


def _within(site: Site, config: SiteConfig) -> Iterator[Path]:
    for folder in _named(site, config):
        if folder.is_dir():
            yield folder
            yield from sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
