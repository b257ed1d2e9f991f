"""Who estimates how far a shelf's own answer can be trusted, and what the estimate needs to know of it."""

from __future__ import annotations

from typing import Protocol

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.recall.signals import Signals
from pocketshelf.store import Store
from pocketshelf.store.digest import read_recorded
from pocketshelf.sync.manifest import MANIFEST_BYTES, MANIFEST_NAME, parse_manifest

__all__ = ["RecallEstimator", "shelf_coverage"]


class RecallEstimator(Protocol):
    """Estimates the probability that the wanted product is among the local hits; `RecallModel` is one."""

    def estimate(self, signals: Signals) -> float | None:
        """The probability, or None where there is no calibration to say."""

    def suffices(self, recall: float) -> bool:
        """Whether an estimate is good enough to answer locally."""


def shelf_coverage(store: Store) -> dict[str, float] | None:
    """Category → share of the catalogue's products in the open generation; None without a manifest.

    A shelf that came from a server has a manifest; one that was built from a CSV file is all there is.
    """
    try:
        data = read_recorded(store.folder, store.generation, MANIFEST_NAME, MANIFEST_BYTES)
        manifest = parse_manifest(data, f"{store.folder.path}: {MANIFEST_NAME}")
    except (StoreError, SyncError):
        return None
    return {
        name: min(1.0, count.local / count.catalogue) if count.catalogue else 0.0
        for name, count in manifest.categories.items()
    }
