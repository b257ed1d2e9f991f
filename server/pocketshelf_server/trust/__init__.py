"""Trust: keys, and The Update Framework's signed metadata."""

from pocketshelf_server.trust.keys import KeyFolder
from pocketshelf_server.trust.repository import ROLES, RoleStatus, SignedRepository

__all__ = ["ROLES", "KeyFolder", "RoleStatus", "SignedRepository"]
