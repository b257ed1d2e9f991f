"""Ways to score every garment of a table against every other: the head, the looks, both, and what is cheaper.

Each is a matrix (n, n) as `pocketshelf_training.outfits.figures` wants it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from pocketshelf.outfit import ROLES, Looks, OutfitHead
from pocketshelf.outfit.looks import Advisor, look_product
from pocketshelf_training.outfits.pairing import Outfits

__all__ = ["by_chance", "by_colour", "by_cosine", "by_head", "by_looks", "by_popularity", "fused", "looks_of"]

# Of the garment and of its partner, as a form shows them; None: unknown.
Shades = tuple[np.ndarray | None, np.ndarray | None]
UNKNOWN: Shades = (None, None)
Block = Callable[[int, np.ndarray, int, np.ndarray], np.ndarray | None]


def by_head(
    head: OutfitHead,
    outfits: Outfits,
    garments: np.ndarray,
    partners: np.ndarray,
    shades: Shades = UNKNOWN,
) -> np.ndarray:
    """The head's compatibility of embeddings (n, d), seen as the garment and as its partner.

    Args:
        shades: histograms of the palettes of both, float32 (n, 700).
    """
    a, b = _placed(head, garments, partners, shades)

    def block(r: int, i: np.ndarray, s: int, j: np.ndarray) -> np.ndarray:
        return np.stack([head.compatibility(ROLES[r], a[row], ROLES[s], b[j]) for row in i])

    return _by_roles(outfits, block)


def by_looks(
    head: OutfitHead,
    looks: Looks,
    outfits: Outfits,
    garments: np.ndarray,
    partners: np.ndarray,
    shades: Shades = UNKNOWN,
) -> np.ndarray:
    """What the looks say, in standard deviations among the partners of a role; arguments as of `by_head`."""
    advisor, (a, b) = Advisor(looks, head), _placed(head, garments, partners, shades)

    def block(r: int, i: np.ndarray, s: int, j: np.ndarray) -> np.ndarray | None:
        advice = [advisor.advice(ROLES[r], a[row], ROLES[s]) for row in i]
        votes = [np.zeros(len(j)) if each is None else each.votes(b[j]).sum(1) for each in advice]
        return np.stack([(v - v.mean()) / max(float(v.std()), 1e-6) for v in votes])

    return _by_roles(outfits, block)


def fused(own: np.ndarray, looks: np.ndarray, weight: float) -> np.ndarray:
    """As the SDK fuses them."""
    return own + weight * looks


def _placed(
    head: OutfitHead, garments: np.ndarray, partners: np.ndarray, shades: Shades
) -> tuple[np.ndarray, np.ndarray]:
    a, b = (head.project(rows, "street", of) for rows, of in zip((garments, partners), shades, strict=True))
    return a, b


def _by_roles(outfits: Outfits, block: Block) -> np.ndarray:
    scores = np.zeros((len(outfits), len(outfits)), np.float32)
    rows = [np.flatnonzero(outfits.roles == role) for role in range(len(ROLES))]
    for r, i in enumerate(rows):
        for s, j in enumerate(rows):
            if r != s and len(i) and len(j):
                scores[np.ix_(i, j)] = block(r, i, s, j)
    return scores


def looks_of(outfits: Outfits, vectors: np.ndarray) -> Looks:
    """A library of these outfits, through the very products that a store of looks holds."""
    names, roles, palettes = outfits.garments.photos, outfits.roles, outfits.garments.palettes
    together = np.concatenate(outfits.worn)
    return Looks.of(
        look_product(str(names[i]), ROLES[roles[i]], vectors[i], str(names[i]), palette=str(palettes[i]))
        for i in together
    )


def by_cosine(garments: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """Likeness: what an embedding says that knows nothing of outfits, but of the same street and light."""
    return garments @ partners.T


def by_colour(garments: np.ndarray, partners: np.ndarray) -> np.ndarray:
    """Affinity of HSV histograms."""
    return garments @ partners.T


def by_popularity(known: Outfits, asked: Outfits) -> np.ndarray:
    """How often the two labels are worn together in ``known``, for each that the first is worn.

    The labels are those that a person gave, which no device has.
    """
    labels = known.garments.labels
    together = Counter((str(labels[i]), str(labels[j])) for i, j in known.pairs)
    alone = Counter(map(str, labels))
    mine = [str(label) for label in asked.garments.labels]
    return np.array([[together[a, b] / max(alone[a], 1) for b in mine] for a in mine], np.float32)


def by_chance(count: int, seed: int = 0) -> np.ndarray:
    """Random numbers."""
    return np.random.default_rng(seed).random((count, count))
