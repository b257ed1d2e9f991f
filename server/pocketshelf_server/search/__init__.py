"""Full-catalogue search by vector. Which index to choose is measured in ``docs/server.md``."""

from pocketshelf_server.search.protocol import VectorIndex
from pocketshelf_server.search.scan import ScanIndex
from pocketshelf_server.search.service import SearchService, make_index

__all__ = ["ScanIndex", "SearchService", "VectorIndex", "make_index"]
