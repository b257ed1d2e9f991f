"""One generation of a store, with what searches derive from it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pocketshelf.closely import Closely
from pocketshelf.encoded import EncodedRegion
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.product import Product
from pocketshelf.recall import CatalogueSpread, Neighbourhood, Signals
from pocketshelf.stages.colours import PALETTE
from pocketshelf.stages.outfit import Shelves
from pocketshelf.stages.search import FilteringSearcher, Match, Searcher
from pocketshelf.stages.search.scanning import rescore
from pocketshelf.stages.where import Where, fits
from pocketshelf.store import Store
from pocketshelf.types import Hit

__all__ = ["Shelf", "shelves_of"]

# Where few products fit `where`, so many times as many are looked at, and again.
WIDEN = 8
# So many products' rows are held at a time.
AT_ONCE = 500
# So many products tell whether a shelf has palettes.
LOOKED_AT = 32


@dataclass(frozen=True)
class Shelf:
    """One generation with what is derived from it; a search keeps to the one it began with.

    Attributes:
        named: which categories belong to which of the detector's groups, by their names.
        head: what tells the groups of categories of other names; None where the bundle has none.
        closely: its prints; None where it has none.
        stamp: of the prints that it was opened with (`Closely.stamp`).
    """

    store: Store
    searcher: Searcher
    counts: dict[str, int]
    coverage: dict[str, float] | None
    neighbourhood: Neighbourhood
    named: Shelves = field(default_factory=lambda: Shelves({}))
    head: GroupHead | None = None
    closely: Closely | None = None
    stamp: bytes = b""

    def looking_closely(self) -> Shelf:
        """The same with the prints that lie beside its shard now; itself where these are those it has."""
        stamp = Closely.stamp(self.store)
        return self if stamp == self.stamp else replace(self, closely=Closely.of(self.store), stamp=stamp)

    @functools.cached_property
    def has_palettes(self) -> bool:
        """Whether its products state their colours (`pocketshelf.stages.colours`), as far as the first tell.

        Raises:
            StoreError: the store is damaged.
        """
        query = "SELECT attributes FROM products LIMIT ?"
        return any(f'"{PALETTE}"' in str(row[0]) for row in self.store.shard.query(query, LOOKED_AT))

    @functools.cached_property
    def shelves(self) -> Shelves:
        """Which categories belong to which of the detector's groups, by their names or by what they hold.

        Raises:
            StoreError: the store is damaged.
        """
        return shelves_of(self.store, self.named, self.head)

    def hits(self, matches: Sequence[Match]) -> list[Hit]:
        """What the store says of matches, in their order."""
        hits: list[Hit] = []
        for first in range(0, len(matches), AT_ONCE):
            some = matches[first : first + AT_ONCE]
            products = self.store.products([match.product_id for match in some])
            hits += [_hit(match, products.get(match.product_id)) for match in some]
        return hits

    def looks(self, hits: Sequence[Hit], group: str) -> list[float | None]:
        """How far each hit's first picture looks to be of a detector's group, 0 to 1; None if nothing tells.

        Raises:
            StoreError: the store is damaged.
        """
        if self.head is None or group not in self.head.names:
            return [None] * len(hits)
        found: dict[str, float] = {}
        own = [hit.product_id for hit in hits if hit.source == "local"]
        for first in range(0, len(own), AT_ONCE):
            pictures = self.store.first_pictures(own[first : first + AT_ONCE])
            if pictures:
                looks = self.head.looks(np.stack(list(pictures.values())))
                found.update(zip(pictures, looks[:, self.head.names.index(group)].tolist(), strict=True))
        return [found.get(hit.product_id) if hit.source == "local" else None for hit in hits]

    def known(self, product_id: str, vector: np.ndarray) -> Hit | None:
        """The product with this id as a hit for a float32 (D,) query; None if the store has none."""
        product = self.store.product(product_id)
        if product is None:
            return None
        return _hit(Match(product_id, float(rescore(vector, product.vectors).max())), product)

    def nearest(self, vector: np.ndarray, categories: list[str], wanted: int, where: Where) -> list[Hit]:
        """The ``wanted`` nearest to a float32 (D,) vector that fit; where few do, it looks further."""
        if where and isinstance(self.searcher, FilteringSearcher):
            matches = self.searcher.search_where(vector, categories, wanted, where)
            return [hit for hit in self.hits(matches) if fits(hit.attributes, where)]
        held, depth = sum(self.counts.get(name, 0) for name in categories), wanted
        while True:
            hits = self.hits(self.searcher.search(vector, categories, depth))
            if not where:
                return hits
            hits = [hit for hit in hits if fits(hit.attributes, where)]
            if len(hits) >= wanted or depth >= held:
                return hits[:wanted]
            depth = min(depth * WIDEN, held)

    def signals(self, region: EncodedRegion, hits: list[Hit], told: CatalogueSpread | None = None) -> Signals:
        """What the estimates of recall and confidence go by.

        Args:
            told: of the full catalogue, in whose units hits of a server are judged: in those of a shelf that
                holds little of it a stranger would seem near. None: the shelf's own.
        """
        return Signals(
            scores=[hit.score for hit in hits],
            hit_categories=[hit.category for hit in hits],
            categories=sorted(region.embedding.categories.items(), key=lambda item: (-item[1], item[0])),
            coverage=self.coverage,
            held=self.counts,
            detected=region.detection.score,
            query=region.embedding.vector,
            hit=self._vector(hits) if told is None else None,
            shelf=told or self.neighbourhood,
            common=self._share_of(hits[0].category) if hits else 0.0,
            told=told.of_hits.get(hits[0].product_id) if told is not None and hits else None,
        )

    def _share_of(self, category: str) -> float:
        """Of the products, those of a category."""
        return self.counts.get(category, 0) / max(1, sum(self.counts.values()))

    def _vector(self, hits: list[Hit]) -> np.ndarray | None:
        """The first hit's vector, of its first picture; None of a server's."""
        product = self.store.product(hits[0].product_id) if hits and hits[0].source == "local" else None
        return None if product is None else product.vectors[0].astype(np.float32)


def _hit(match: Match, product: Product | None) -> Hit:
    if product is None:  # An injected searcher may know more than the store.
        return Hit(match.product_id, match.score, "", "")
    return Hit(
        product_id=product.product_id,
        score=match.score,
        title=product.title,
        category=product.category,
        image=product.image,
        attributes=product.attributes,
    )


def shelves_of(store: Store, named: Shelves, head: GroupHead | None) -> Shelves:
    """``named``, knowing the store's other categories by some products of each.

    Raises:
        StoreError: the store is damaged.
    """
    return named if head is None else named.looking(store.categories(), head, store.some_of)
