"""Each picture's vector drawn towards its nearest neighbours', before anything is clustered.

What query expansion does to queries (Chum et al., "Total recall", ICCV 2007; weights by a power of the
cosine as in Radenović, Tolias and Chum, 2018) is done to every picture: what one light or distance adds to a
vector averages out, and the pictures of one product move together.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from pocketshelf.cli import values
from pocketshelf.stages.colours import histograms
from pocketshelf_training.mine.cluster import ALONE, Settings
from pocketshelf_training.mine.neighbours import nearest
from pocketshelf_training.mine.vectors import Embedded, embedded_of

__all__ = ["add_colours", "expanded", "prepared", "settings_of"]


def add_colours(parser: argparse.ArgumentParser) -> None:
    """``--colours``: the weight that `prepared` takes."""
    parser.add_argument(
        "--colours",
        type=values.amount,
        default=Settings.colours,
        metavar="WEIGHT",
        help="of the pictures' palettes beside their vectors; 0: vectors alone, whose distances are smaller "
        f"(default: {Settings.colours:g})",
    )


def settings_of(colours: float, reach: float | None = None) -> Settings:
    """The settings of a command line; what is not said is as chosen, of vectors alone for colours of 0."""
    chosen = Settings() if colours else ALONE
    return replace(chosen, colours=colours, reach=chosen.reach if reach is None else reach)


def prepared(embedded: Embedded, settings: Settings) -> Embedded:
    """What is clustered by ``settings``: colours beside the vectors, both expanded."""
    beside = _with_colours(embedded, settings.colours)
    return expanded(beside, settings.expansion, settings.power, settings.exact_limit)


def _with_colours(embedded: Embedded, weight: float) -> Embedded:
    """Histograms of palettes beside the vectors: a cosine is the mean of the vectors' and the colours'.

    Colours count ``weight`` times as much as vectors. An embedding that finds a product again in other light
    has learnt to pass over some of its colour (`pocketshelf.stages.colours`). Where nobody looked at
    colours, or the weight is 0, vectors stay alone.
    """
    if not weight or not embedded.palettes:
        return embedded
    beside = np.hstack([embedded.vectors, weight**0.5 * histograms(embedded.palettes)])
    return embedded_of(embedded.pictures, beside, embedded.shares, embedded.categories)


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
