"""The bundle's calibrated model of local recall, applied to a search in this shelf."""

from __future__ import annotations

from collections.abc import Mapping

from pocketshelf.errors import SyncError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.recall.estimate import Evidence, LogisticEstimator, RecallEstimator
from pocketshelf.recall.model import RecallModel, Signals, parse_recall
from pocketshelf.store import Store
from pocketshelf.sync.manifest import MANIFEST_NAME, parse_manifest

__all__ = ["CalibratedEstimator", "bundled_estimator", "shelf_coverage"]


class CalibratedEstimator:
    """The `RecallEstimator` of `pocketshelf.recall.estimate` by a bundle's calibration.

    Args:
        model: the calibration.
        coverage: category → share of the catalogue's products that this shelf holds; None if the shelf
            is the whole catalogue, as one that was built from a CSV file is.
    """

    def __init__(self, model: RecallModel, coverage: Mapping[str, float] | None = None) -> None:
        self._model = model
        self._coverage = coverage

    def signals(self, evidence: Evidence) -> Signals:
        """What the model looks at."""
        ordered = sorted(evidence.categories.items(), key=lambda item: (-item[1], item[0]))
        return Signals(evidence.scores, evidence.hit_categories, ordered, self._coverage)

    def estimate(self, evidence: Evidence) -> float | None:
        """Probability that the wanted product is among the first hits; see `RecallModel.k`."""
        return self._model.probability(self.signals(evidence))

    def suffices(self, recall: float) -> bool:
        """Whether the server need not be asked."""
        return not self._model.should_ask(recall)


def bundled_estimator(bundle: Bundle, store: Store) -> RecallEstimator | None:
    """The estimator that a bundle's "recall" describes; None if it describes none.

    Raises:
        BundleError: the block is malformed.
    """
    if bundle.recall is None:
        return None
    if "features" not in bundle.recall:
        return LogisticEstimator.from_bundle(bundle.recall)
    return CalibratedEstimator(parse_recall(bundle.recall), shelf_coverage(store))


def shelf_coverage(store: Store) -> dict[str, float] | None:
    """Category → share of the catalogue's products in the open generation; None without a manifest."""
    path = store.folder.generation(store.generation) / MANIFEST_NAME
    try:
        manifest = parse_manifest(path.read_bytes(), str(path))
    except (OSError, SyncError):
        return None
    return {
        name: min(1.0, count.local / count.catalogue) if count.catalogue else 0.0
        for name, count in manifest.categories.items()
    }
