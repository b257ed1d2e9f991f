"""Stores that are no shelves: libraries of looks (`pocketshelf.outfit.looks`)."""

from __future__ import annotations

from pocketshelf.store.store import Store

__all__ = ["LOOKS", "is_library"]

# What a look's categories begin with.
LOOKS = "looks"


def is_library(store: Store) -> bool:
    """Whether all that the store holds are looks, as its categories say: then it is no shelf."""
    categories = store.categories()
    return bool(categories) and all(name.startswith(f"{LOOKS}/") for name in categories)
