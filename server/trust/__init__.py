"""Trust: keys, and The Update Framework's signed metadata."""

from server.trust.keys import KeyFolder
from server.trust.repository import ROLES, RoleStatus, SignedRepository

__all__ = ["ROLES", "KeyFolder", "RoleStatus", "SignedRepository"]
