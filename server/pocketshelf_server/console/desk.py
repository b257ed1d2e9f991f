"""What the console's pages draw on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.console.access.forms import SignInForm
from pocketshelf_server.console.access.guard import Guard
from pocketshelf_server.console.access.sessions import Sessions
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.console.activity.store import ActivityStore
from pocketshelf_server.console.activity.tally import Tally
from pocketshelf_server.console.browse.pictures import Pictures
from pocketshelf_server.console.jobs.bench import Bench
from pocketshelf_server.console.record import Record
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.http.admission import RateLimit
from pocketshelf_server.photos import Photos
from pocketshelf_server.search import SearchService
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import SignedRepository, open_repository

__all__ = ["Desk", "folders_for_import", "picture_folders"]

MOST_FOLDERS = 200


@dataclass(frozen=True)
class Desk:
    """Everything of the site that a page may show or use.

    Attributes:
        photos: reads photos to search by; None if none are taken.
        guesses: how often an address may try a token.
        bundle: the folder of models that imports use; None for the default.
    """

    site: Site
    config: SiteConfig
    catalogue: Catalogue
    service: SearchService
    watch: HealthWatch
    photos: Photos | None
    tokens: ConsoleTokens
    sessions: Sessions
    sign_in: SignInForm
    guard: Guard
    guesses: RateLimit
    activity: ActivityStore
    tally: Tally
    record: Record
    bench: Bench
    pictures: Pictures
    bundle: str | None

    @property
    def repository(self) -> SignedRepository:
        """The signed metadata."""
        return open_repository(self.site)


def picture_folders(site: Site, config: SiteConfig) -> list[Path]:
    """The folders that ``config.json`` names for pictures."""
    return [site.folder / name for name in config.picture_folders]


def folders_for_import(site: Site, config: SiteConfig) -> list[Path]:
    """Where an import of the console may take pictures from: those folders, and what lies in them."""
    found = list(_folders(site, config))
    return found[:MOST_FOLDERS]


def _folders(site: Site, config: SiteConfig) -> Iterator[Path]:
    for folder in picture_folders(site, config):
        if folder.is_dir():
            yield folder
            yield from sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
