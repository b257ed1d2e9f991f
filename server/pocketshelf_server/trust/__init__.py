"""Trust: keys, and The Update Framework's signed metadata."""

from pocketshelf_server.trust.keys import KeyFolder
from pocketshelf_server.trust.repository import ROLES, RoleStatus, SignedRepository, Vouched, open_repository
from pocketshelf_server.trust.target import PublishedTarget

__all__ = [
    "ROLES",
    "KeyFolder",
    "PublishedTarget",
    "RoleStatus",
    "SignedRepository",
    "Vouched",
    "open_repository",
]
