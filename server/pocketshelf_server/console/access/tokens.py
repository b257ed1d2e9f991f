"""The console's tokens: ``keys/console-tokens.json`` holds their digests, never themselves.

::

    {"format": "pocketshelf-console-tokens", "version": 1,
     "tokens": [{"name": "anna", "role": "operator", "sha256": "…", "made": "…", "expires": "…" or null}]}

The site's admin token signs in as well, to read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pocketshelf.errors import CatalogueError, reason
from pocketshelf.files import read_plain
from pocketshelf.formats import strict_json
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.owner import RUN_AS_ITS_USER, remedy
from pocketshelf_server.site import Site, write_atomically

__all__ = ["ADMIN", "ConsoleToken", "ConsoleTokens"]

ADMIN = "admin"
"""What the site's own token is called; no other may be."""
FORMAT, VERSION = "pocketshelf-console-tokens", 1
MOST, MOST_BYTES = 100, 100_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class ConsoleToken:
    """What is known of a token.

    Attributes:
        sha256: of the token, hexadecimal.
        made: when, ISO 8601 in UTC; "" of the admin token.
        expires: when it is good for nothing any more; None for never.
    """

    name: str
    role: Role
    sha256: str
    made: str = ""
    expires: str | None = None

    def days_left(self, now: datetime) -> float | None:
        """Days until it expires, below zero after it; None if it never does."""
        if self.expires is None:
            return None
        return (datetime.fromisoformat(self.expires) - now).total_seconds() / 86400

    def expired(self, now: datetime) -> bool:
        """Whether it is good for nothing any more."""
        left = self.days_left(now)
        return left is not None and left <= 0


class ConsoleTokens:
    """The tokens of a site; read anew at each question, so that one that is revoked is so at once.

    Args:
        admin_sha256: digest of the site's admin token; None if there is none.
    """

    def __init__(self, site: Site, admin_sha256: str | None) -> None:
        self.path = site.folder / "keys/console-tokens.json"
        self._admin = None if admin_sha256 is None else ConsoleToken(ADMIN, Role.VIEWER, admin_sha256)

    def all(self) -> list[ConsoleToken]:
        """Every token, the admin's first.

        Raises:
            CatalogueError: the file is damaged.
        """
        return [*([self._admin] if self._admin else []), *self._stored()]

    def find(self, token: str, now: datetime | None = None) -> ConsoleToken | None:
        """Whose token it is; None of nobody's, or an expired one's. Takes the same time for each."""
        digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
        return self.of_digest(digest, now)

    def of_digest(self, digest: str, now: datetime | None = None) -> ConsoleToken | None:
        """The same by the token's digest."""
        found = None
        for known in self.all():
            if hmac.compare_digest(known.sha256, digest) and not known.expired(now or datetime.now(UTC)):
                found = known
        return found

    def make(self, name: str, role: Role, days: int | None = None) -> str:
        """Add a token; itself, which is kept nowhere.

        Args:
            days: of its life; None for no end.

        Raises:
            CatalogueError: the name is taken or none, or there are too many.
        """
        stored = self._stored()
        if not NAME.fullmatch(name) or name == ADMIN:
            raise CatalogueError(
                f"{name!r} names no token: letters, digits, '.', '_' and '-', at most 40, and not {ADMIN!r}"
            )
        if any(known.name == name for known in stored):
            raise CatalogueError(
                f"there is a token {name!r}; revoke it first: pocketshelf-server token revoke"
            )
        if len(stored) >= MOST:
            raise CatalogueError(f"there are {MOST} tokens; revoke some first")
        now, token = datetime.now(UTC), secrets.token_urlsafe(32)
        expires = None if days is None else (now + timedelta(days=days)).isoformat(timespec="seconds")
        digest = hashlib.sha256(token.encode()).hexdigest()
        made = ConsoleToken(name, role, digest, now.isoformat(timespec="seconds"), expires)
        self._write([*stored, made])
        return token

    def revoke(self, name: str) -> None:
        """Take a token away; sessions that it opened end at their next request.

        Raises:
            CatalogueError: there is none of that name, or it is the admin's.
        """
        if name == ADMIN:
            raise CatalogueError("the admin token is replaced: pocketshelf-server token renew SITE")
        stored = self._stored()
        kept = [known for known in stored if known.name != name]
        if len(kept) == len(stored):
            names = ", ".join(known.name for known in stored) or "(none)"
            raise CatalogueError(f"no token {name!r}; there are {names}")
        self._write(kept)

    def _stored(self) -> list[ConsoleToken]:
        try:
            document = strict_json.loads(read_plain(self.path, MOST_BYTES))
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ValueError("another format or version")
            return [_parsed(entry) for entry in document["tokens"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            todo = RUN_AS_ITS_USER if isinstance(error, PermissionError) else "restore or remove it"
            raise CatalogueError(f"{self.path}: cannot be read ({reason(error)}); {todo}") from error

    def _write(self, tokens: list[ConsoleToken]) -> None:
        document = {"format": FORMAT, "version": VERSION, "tokens": [asdict(token) for token in tokens]}
        try:
            write_atomically(self.path, (json.dumps(document, indent=2) + "\n").encode(), 0o600)
        except OSError as error:
            raise CatalogueError(
                f"{self.path}: cannot be written ({error.strerror}); {remedy(error)}"
            ) from error


def _parsed(entry: dict[str, Any]) -> ConsoleToken:
    if not re.fullmatch(r"[0-9a-f]{64}", entry["sha256"]):
        raise ValueError("'sha256' is none")
    token = ConsoleToken(
        str(entry["name"]), Role(entry["role"]), entry["sha256"], entry["made"], entry["expires"]
    )
    if token.expires is not None and datetime.fromisoformat(token.expires).tzinfo is None:
        raise ValueError("'expires' has no time zone")
    return token
