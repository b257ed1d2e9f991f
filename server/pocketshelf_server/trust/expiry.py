"""What an expired signature means: devices refuse the whole site until it is signed again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pocketshelf.errors import StoreError
from pocketshelf_server.trust.repository import RoleStatus

__all__ = ["expired", "expiring_root", "renewal", "require_root"]

# A root is renewed by a person, with a key that is locked away.
ROOT_WARNING = timedelta(days=30)


def expired(statuses: Iterable[RoleStatus], now: datetime) -> list[tuple[str, str]]:
    """(what, remedy) of each role whose signature has expired at ``now``."""
    return [
        (
            f"the signature of {status.role} expired on {status.expires:%Y-%m-%d %H:%M} UTC: devices refuse "
            "this site",
            renewal(status.role),
        )
        for status in statuses
        if status.expires <= now
    ]


def expiring_root(statuses: Iterable[RoleStatus], now: datetime) -> tuple[str, str] | None:
    """The same if the root's signature expires within a month; None if not, or if it has already."""
    root = next(status for status in statuses if status.role == "root")
    if not now < root.expires < now + ROOT_WARNING:
        return None
    day = f"{root.expires:%Y-%m-%d}"
    return f"the signature of root expires on {day}: devices then refuse this site", renewal("root")


def require_root(statuses: Iterable[RoleStatus], now: datetime | None = None) -> None:
    """Refuse to go on under a root that has expired: whatever is signed under it would be refused.

    Raises:
        StoreError: it has; the message names the remedy.
    """
    root = [status for status in statuses if status.role == "root"]
    if lines := expired(root, now or datetime.now(UTC)):
        raise StoreError("; sign it again with ".join(lines[0]))


def renewal(role: str) -> str:
    """The command that signs ``role`` again."""
    action = "keys renew SITE --offline DIR" if role == "root" else "keys refresh SITE"
    return f"pocketshelf-server {action}"
