"""What devices would run into at a site, seen quickly: expired signatures, and missing signed files.

For a server that runs: it looks at times and lengths alone. `doctor` looks at everything.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pocketshelf.errors import StoreError
from pocketshelf_server.publish.files import hashed_path
from pocketshelf_server.site import Site
from pocketshelf_server.trust import ROLES, SignedRepository, open_repository
from pocketshelf_server.trust.expiry import expired

__all__ = ["Health", "HealthWatch"]

LOOK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Health:
    """One look at a site.

    Attributes:
        problems: what devices would be refused for, in words, each with its remedy.
        expiries: seconds since 1970 at which each role's signature expires; 0 if that cannot be read.
        missing: signed files that are not there, or not of the signed length.
    """

    problems: tuple[str, ...] = ()
    expiries: dict[str, float] = field(default_factory=lambda: dict.fromkeys(ROLES, 0.0))
    missing: int = 0


class HealthWatch:
    """Looks at a site, at most every few seconds. May be called from any thread.

    Args:
        now: the present time, with a time zone.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        site: Site,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._repository = open_repository(site)
        self._now = now
        self._clock = clock
        self._guard = threading.Lock()
        self._due = -1.0
        self._seen = Health()

    def look(self) -> Health:
        """The site's health as it was a few seconds ago, or is now."""
        with self._guard:
            if self._clock() >= self._due:
                self._seen = _look(self._site, self._repository, self._now())
                self._due = self._clock() + LOOK_AGAIN_SECONDS
            return self._seen


def _look(site: Site, repository: SignedRepository, now: datetime) -> Health:
    try:
        statuses, signed = repository.status(), repository.signed()
    except StoreError as error:
        return Health((str(error),))
    problems = ["; sign it again with ".join(pair) for pair in expired(statuses, now)]
    lengths = ((hashed_path(site.targets, t.name, t.sha256), t.length) for t in signed)
    missing = sum(not path.is_file() or path.stat().st_size != length for path, length in lengths)
    if missing:
        problems.append(
            f"{missing} signed files are missing or damaged; make them again with "
            "`pocketshelf-server publish SITE`"
        )
    return Health(tuple(problems), {s.role: s.expires.timestamp() for s in statuses}, missing)
