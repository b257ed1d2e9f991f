"""Each picture's vector drawn towards its nearest neighbours', before anything is clustered.

What query expansion does to queries (Chum et al., "Total recall", ICCV 2007; weights by a power of the
cosine as in Radenović, Tolias and Chum, 2018) is done to every picture: what one light or distance adds to a
vector averages out, and the pictures of one product move together.
"""

from __future__ import annotations

import numpy as np

from pocketshelf_training.mine.neighbours import nearest
from pocketshelf_training.mine.vectors import Embedded, embedded_of

__all__ = ["expanded"]


def expanded(embedded: Embedded, neighbours: int, power: float, exact_limit: int = 4000) -> Embedded:
    """The same pictures; vectors and category shares averaged with the nearest others'.

    Args:
        neighbours: so many others of each; 0 changes nothing.
        power: of the cosine, is a neighbour's weight; a picture itself weighs 1, a right angle 0.
        exact_limit: as `pocketshelf_training.mine.neighbours.nearest` takes it.
    """
    if neighbours < 1 or len(embedded) < 2:
        return embedded
    rows, distances = nearest(embedded.vectors, neighbours, exact_limit)
    weights = np.maximum(1.0 - distances, 0.0)[..., None] ** power
    vectors = embedded.vectors + (weights * embedded.vectors[rows]).sum(1)
    shares = embedded.shares + (weights * embedded.shares[rows]).sum(1)
    return embedded_of(embedded.pictures, vectors, shares / (1.0 + weights.sum(1)), embedded.categories)
