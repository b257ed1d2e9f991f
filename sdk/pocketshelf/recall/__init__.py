"""When the local answer does not suffice: the calibrated estimate of local recall, and whom to ask.

The model that a bundle carries (`pocketshelf.recall.model`) is fitted by ``pocketshelf-train recall``. A
shelf that came from a server knows from its manifest which share of each category it holds.
"""

from pocketshelf.recall.estimator import CalibratedEstimator, bundled_estimator
from pocketshelf.recall.fallback import ServerFallback

__all__ = ["CalibratedEstimator", "ServerFallback", "bundled_estimator"]
