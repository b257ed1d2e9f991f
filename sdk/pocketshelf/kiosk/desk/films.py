"""Live pictures: each page that films has a `pocketshelf.live.Watch` of its own, for as long as it does."""

from __future__ import annotations

from typing import Any

from pocketshelf.kiosk.desk.lines import region_box
from pocketshelf.live import LiveRegion, LiveView, Watch
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import Photo

__all__ = ["Films", "live_line"]

# Pages that film at once; of more, the one that was silent longest begins anew.
MOST = 4


class Films:
    """The watches of a shelf's pages, by names that the pages chose by chance."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._watches: dict[str, Watch] = {}

    def see(self, film: str, frame: Photo) -> LiveView:
        """One more frame of ``film``."""
        # Whoever filmed last stands last.
        watch = self._watches.pop(film, None) or Watch(self._retriever, top_k=1)
        self._watches[film] = watch
        while len(self._watches) > MOST:
            del self._watches[next(iter(self._watches))]
        return watch.see(frame)


def live_line(live: LiveRegion) -> dict[str, Any]:
    """A region as the page gets it: ``seen`` is the product that it is confidently taken for."""
    region = live.region
    seen = region.hits[0] if region.confident and region.hits else None
    return {
        **region_box(region),
        "number": live.number,
        "seen": None if seen is None else {"product_id": seen.product_id, "title": seen.title},
    }
