"""A shelf's prints, and which of them a photo shows."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterable

import numpy as np

from pocketshelf.closely.features import Features, extract, is_available
from pocketshelf.closely.file import features_of
from pocketshelf.closely.geometry import Sighting, sighted
from pocketshelf.closely.words import Inverted
from pocketshelf.formats.features import SHAPE, FeatureTable, features_file, most_bytes, parse
from pocketshelf.stages.preprocess import Photo
from pocketshelf.store import Store

__all__ = ["Closely"]

# So many products that the photo's corners speak for are looked at, and so many of the embedding's.
VOTED, NEAREST = 10, 5

_log = logging.getLogger(__name__)

# A photo's features and the places of the prints they speak for; None where it has none.
_Asked = tuple[Features, list[int]] | None


class Closely:
    """The prints of one generation of a store; safe to share between threads.

    Args:
        ids: the products' ids, ascending.
        table: their features.
    """

    def __init__(self, ids: list[str], table: FeatureTable) -> None:
        self._ids = ids
        self._table = table
        self._prints = table.each()
        self._places = {product_id: place for place, product_id in enumerate(ids)}
        self._lock = threading.Lock()
        self._inverted: Inverted | None = None
        self._last: tuple[weakref.ref[Photo], _Asked] | None = None

    @classmethod
    def of(cls, store: Store) -> Closely | None:
        """The store's prints; None where it has none, or OpenCV is not installed, which is logged."""
        file = features_file(store.folder.index(store.generation), store.digest)
        if not file.path.exists():
            return None
        if not is_available():
            _log.warning(
                "%s: its covers and cartons are searched by their vectors alone, since OpenCV is not "
                "installed: pip install 'pocketshelf[closely]'",
                store.folder.path,
            )
            return None
        ids = [
            str(row[0]) for row in store.shard.query("SELECT product_id FROM products ORDER BY product_id")
        ]
        data = file.read(most_bytes(len(ids)))
        table = None if data is None else parse(data, len(ids))
        if table is None:
            _log.warning(
                "%s: its local features are damaged and are left out; sync or build the store again",
                file.path,
            )
            return None
        return cls(ids, table) if len(table.rows) else None

    @staticmethod
    def stamp(store: Store) -> bytes:
        """What tells the prints that lie beside the store's shard from those that take their place."""
        return features_file(store.folder.index(store.generation), store.digest).stamp()

    def __len__(self) -> int:
        """How many products have features."""
        return self._table.prints

    def sightings(self, photo: Photo, nearest: Iterable[str] = ()) -> list[Sighting]:
        """The products whose picture the photo shows, most inliers first.

        Args:
            nearest: ids of the embedding's hits, best first, of each region.
        """
        asked = self._asked(photo)
        if asked is None:
            return []
        features, places = asked
        near = [self._places[product_id] for product_id in nearest if product_id in self._places]
        found = []
        for place in dict.fromkeys([*places, *near]):
            if (print_ := self._prints[place]) is not None:
                shape = print_.shape / SHAPE
                size = photo.width, photo.height
                found.append(sighted(self._ids[place], features_of(print_), features, size, shape))
        seen = [each for each in found if each is not None]
        return sorted(seen, key=lambda each: (-each.inliers, each.product_id))

    def _asked(self, photo: Photo) -> _Asked:
        """A photo's features and who is voted for, once for all the regions that are asked one by one."""
        last = self._last
        if last is not None and last[0]() is photo:
            return last[1]
        features = extract(photo.pixels, gallery=False)
        asked = None
        if features is not None and len(features):
            asked = features, self._index().votes(features.descriptors, VOTED)
        self._last = weakref.ref(photo), asked
        return asked

    def _index(self) -> Inverted:
        with self._lock:
            if self._inverted is None:
                table, owners = self._table, np.repeat(np.arange(len(self._ids)), self._table.counts)
                rows = table.rows
                self._inverted = Inverted(table.words, rows["word"], owners, rows["descriptor"])
            return self._inverted
