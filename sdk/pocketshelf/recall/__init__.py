"""When the local answer does not suffice: the calibrated estimate of local recall, and whom to ask.

The model that a bundle carries (`pocketshelf.recall.model`) is fitted by ``pocketshelf-train recall``. A
shelf that came from a server knows from its manifest which share of each category it holds.
"""

from pocketshelf.recall.estimator import RecallEstimator, shelf_coverage
from pocketshelf.recall.fallback import Fallback, Found, ServerFallback
from pocketshelf.recall.model import parse_confidence, parse_recall
from pocketshelf.recall.neighbourhood import CatalogueSpread, Neighbourhood
from pocketshelf.recall.pictures import ServerPictures
from pocketshelf.recall.signals import Signals

__all__ = [
    "CatalogueSpread",
    "Fallback",
    "Found",
    "Neighbourhood",
    "RecallEstimator",
    "ServerFallback",
    "ServerPictures",
    "Signals",
    "parse_confidence",
    "parse_recall",
    "shelf_coverage",
]
