"""How near a catalogue's products are to each other and to a query: in these units a device judges its hits.

A device's shelf may hold a tenth of the catalogue. In its own units a stranger of the full range would seem
near: see `pocketshelf.recall.neighbourhood`, whose statistics these are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import takewhile

import numpy as np

from pocketshelf.recall import CatalogueSpread, Neighbourhood
from pocketshelf_server.catalogue import Catalogue

__all__ = ["CatalogueCohort"]

# Of the products, as of a shelf's.
COHORT = 2048
# So many of the first hits are told of.
HITS = 10
# After a change it is taken anew, but no sooner: a sample of thousands changes little by a few.
REFRESH_SECONDS = 600.0


class CatalogueCohort:
    """The statistics of a catalogue's products; called from any thread.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(self, catalogue: Catalogue, clock: Callable[[], float] = time.monotonic) -> None:
        self._catalogue, self._clock = catalogue, clock
        self._taken: tuple[int, float, Neighbourhood] | None = None

    def refresh(self, sequence: int) -> None:
        """Take the sample anew, if it is of an older state, and old.

        Args:
            sequence: of the catalogue now.

        Raises:
            CatalogueError: it cannot be read.
        """
        if self._taken is not None:
            as_of, when, _ = self._taken
            if as_of == sequence or self._clock() < when + REFRESH_SECONDS:
                return
        vectors = self._sample()
        neighbourhood = Neighbourhood(None, lambda: vectors)
        _ = neighbourhood.nearest  # Now, and not while somebody waits.
        self._taken = sequence, self._clock(), neighbourhood

    def told(self, query: np.ndarray, product_ids: Sequence[str]) -> CatalogueSpread | None:
        """What is told of a float (D,) query and of its first hits; None before there is a sample of two.

        Raises:
            CatalogueError: it cannot be read.
        """
        if self._taken is None or len(self._taken[2].cohort) < 2:
            return None
        cohort, first = self._taken[2], list(product_ids[:HITS])
        vectors = self._catalogue.first_vectors(first)
        # In their order: one that was deleted this very moment ends it.
        known = takewhile(vectors.__contains__, first)
        return cohort.told(query, {key: vectors[key] for key in known})

    def _sample(self) -> np.ndarray:
        with self._catalogue.reading() as view:
            ids = np.array(view.sample(COHORT), object)
            # As many as a shelf takes: the nearest of a larger sample would be nearer.
            ids = np.random.default_rng(0).permutation(ids)[:COHORT]
            products = view.get(ids.tolist())
        made = [products[key].vectors[0] for key in sorted(products)]
        return np.array(made, np.int8).reshape(-1, self._catalogue.space.dimension)
