"""Spoiling a JSON document at one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["put"]


def put(document: Any, where: Sequence[str | int], value: Any) -> None:
    """Set what lies at the keys and places ``where`` of ``document`` to ``value``; None takes it out."""
    *parents, key = where
    for parent in parents:
        document = document[parent]
    if value is None:
        del document[key]
    else:
        document[key] = value
