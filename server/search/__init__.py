"""Full-catalogue search by vector. Which index to choose is measured in ``docs/server.md``."""

from server.search.protocol import VectorIndex
from server.search.scan import ScanIndex
from server.search.service import Hit, SearchService, make_index

__all__ = ["Hit", "ScanIndex", "SearchService", "VectorIndex", "make_index"]
