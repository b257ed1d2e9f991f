"""Stores that are no shelves: libraries of looks (`pocketshelf.outfit.looks`)."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import StoreError, UsageError
from pocketshelf.store.store import Store

__all__ = ["LOOKS", "is_library", "require_no_library"]

# What a look's categories begin with.
LOOKS = "looks"


def is_library(store: Store) -> bool:
    """Whether all that the store holds are looks, as its categories say: then it is no shelf."""
    categories = store.categories()
    return bool(categories) and all(name.startswith(f"{LOOKS}/") for name in categories)


def require_no_library(path: str | Path) -> None:
    """Refuse to make a shelf where a library of looks is, before the long work.

    Raises:
        UsageError: one is there, which products would replace.
    """
    folder = Path(path)
    try:
        store = Store.open(folder)
    except StoreError:  # None, or one that nobody can read.
        return
    with store:
        if is_library(store):
            other = folder.absolute().with_name(f"{folder.absolute().name.removesuffix('-looks')}-shelf")
            raise UsageError(
                f"{folder}: a library of looks is there, which products would replace; "
                f"name another place with --store, as {other}"
            )
