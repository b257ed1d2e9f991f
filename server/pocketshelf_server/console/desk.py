"""What the console's pages draw on."""

from __future__ import annotations

from dataclasses import dataclass

from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.console.access.forms import SignInForm
from pocketshelf_server.console.access.guard import Guard
from pocketshelf_server.console.access.sessions import Sessions
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.console.activity.store import ActivityStore
from pocketshelf_server.console.activity.tally import Tally
from pocketshelf_server.console.jobs.bench import Bench
from pocketshelf_server.console.record import Record
from pocketshelf_server.health import HealthWatch
from pocketshelf_server.http.admission import RateLimit
from pocketshelf_server.photos import Photos, Pictures
from pocketshelf_server.search import SearchService
from pocketshelf_server.site import Site, SiteConfig
from pocketshelf_server.trust import SignedRepository, open_repository

__all__ = ["Desk"]


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
