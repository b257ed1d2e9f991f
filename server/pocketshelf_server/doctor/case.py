"""What an examination looks at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pocketshelf_server.photos import Pictures
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import SignedRepository, open_repository

__all__ = ["Case"]


@dataclass(frozen=True)
class Case:
    """A site, the present, and devices to compare it with.

    Attributes:
        devices: folders of stores.
        pictures: finds the products' pictures; None: they are not looked at.
        now: with a time zone.
        free_bytes: how much room the volume of a folder has.
    """

    site: Site
    devices: tuple[Path, ...] = ()
    pictures: Pictures | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    @property
    def config(self) -> SiteConfig:
        """``config.json``; raises as `Site.config`."""
        return self.site.config()

    @property
    def repository(self) -> SignedRepository:
        """The signed metadata."""
        return open_repository(self.site)
