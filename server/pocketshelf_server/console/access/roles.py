"""What a session may do: read, or import and publish as well."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Role"]


class Role(StrEnum):
    """A viewer reads; an operator may import and publish."""

    VIEWER = "viewer"
    OPERATOR = "operator"

    @property
    def changes(self) -> bool:
        """Whether it may change anything."""
        return self is Role.OPERATOR
