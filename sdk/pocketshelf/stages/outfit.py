"""Several things in one photo: how much of the frame belongs in a box's query, and which shelf it is about.

The frame says much about a thing that fills it, and the wrong thing about a shoe below a coat. A box's
group says which categories its product can be in, as far as their names tell, or what lies in them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pocketshelf.formats.group_head import GroupHead
from pocketshelf.types import Box, Detection

__all__ = ["Shelves", "frame_share"]

# A box of this share of the frame, or more, is what the frame is about; below, the frame counts for less.
FULL_SHARE = 0.15
# Cosine that a product of another group's category loses, where nothing but its category tells.
PENALTY = 0.15
# Where its own picture tells, too: what each of the two witnesses may cost. Chosen on val: docs/universal.md.
WORD, LOOK = 0.12, 0.12


def frame_share(box: Box, others: Iterable[Box], frame: tuple[int, int]) -> float:
    """How far the frame shows the same thing as ``box``, 0 to 1; it scales a bundle's ``frame_weight``.

    min(1, a / 0.15) · max(0, 1 - b / a), a being the box's share of the frame's area, b that of all others.

    Args:
        others: the photo's other regions; frame: (width, height).
    """
    area = frame[0] * frame[1]
    own = box[2] * box[3] / area
    rest = sum(other[2] * other[3] for other in others) / area
    return min(1.0, own / FULL_SHARE) * max(0.0, 1.0 - rest / max(own, 1e-9))


@dataclass(frozen=True)
class Shelves:
    """Which categories of a catalogue belong to a detector's group, by their names.

    Names are compared without case and plural, the last part of a path ("Women > Tops" is "top"). A name
    that no group claims belongs where its products look to be of, if that is known, else to any.

    Attributes:
        names: group → names.
        looks: category → the groups that its products look to be of.
        shares: of the same categories, group → how likely a product is of it (`GroupHead.shares`).
        penalty: cosine that a product of another group's category loses where nothing else tells; it falls,
            it does not vanish: a box may be of the wrong group.
    """

    names: Mapping[str, Sequence[str]]
    penalty: float = PENALTY
    looks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def looking(
        self, categories: Iterable[str], head: GroupHead, products: Callable[[str], np.ndarray]
    ) -> Shelves:
        """The same, knowing those of ``categories`` that no group claims by their products, too.

        Args:
            products: category → vectors (n, D) of some of its products.
        """
        unknown = frozenset(self.names).difference(head.names)
        found = {name: products(name) for name in categories if _plain(name) not in self._owners}
        seen = {name: vectors for name, vectors in found.items() if len(vectors)}
        looks = {name: head.groups(vectors) | unknown for name, vectors in seen.items()}
        return replace(self, looks=looks, shares={n: head.shares(vectors) for n, vectors in seen.items()})

    def fits(self, group: str, category: str) -> bool:
        """Whether a product of ``category`` may be what a box of ``group`` shows."""
        if group not in self.names:
            return True
        owners = self.owners(category)
        return owners is None or group in owners

    def fall(self, detection: Detection, category: str, look: float | None = None) -> float:
        """Cosine that a product of ``category`` loses in a search for a box.

        Two witnesses say whether it may be what the box shows: its category, and its own picture. A jacket
        among a shop's "Tops" loses half of what a shirt there does.

        Args:
            look: how far its picture looks to be of the box's group, 0 to 1; None where nothing tells.
        """
        if detection.group not in self.names:
            return 0.0
        stranger = 0.0 if self.fits(detection.group, category) else 1.0
        cost = self.penalty * stranger if look is None else WORD * stranger + LOOK * (1.0 - look)
        return cost * detection.score

    def owners(self, category: str) -> frozenset[str] | None:
        """The groups that ``category`` belongs to; None if nothing tells."""
        return self._owners.get(_plain(category)) or self.looks.get(category)

    @functools.cached_property
    def _owners(self) -> dict[str, frozenset[str]]:
        """Plain name → the groups that claim it; a group claims its own."""
        owners: dict[str, set[str]] = {}
        for group, names in self.names.items():
            for name in (group, *names):
                owners.setdefault(_plain(name), set()).add(group)
        return {name: frozenset(groups) for name, groups in owners.items()}

    def weighed(self, detection: Detection, probabilities: Mapping[str, float]) -> dict[str, float]:
        """Category probabilities in the light of the group: the surer the box, the less others keep."""
        strangers = {name for name in probabilities if not self.fits(detection.group, name)}
        if not strangers:
            return dict(probabilities)
        kept = 1.0 - detection.score
        left = {name: p * kept if name in strangers else p for name, p in probabilities.items()}
        total = sum(left.values())
        return {name: p / total for name, p in left.items()} if total > 0 else dict(probabilities)


@functools.lru_cache(maxsize=4096)  # A search asks for each category of the model and of each hit.
def _plain(name: str) -> str:
    last = name.replace(">", "/").split("/")[-1].strip().casefold()
    return last[:-1] if last.endswith("s") and not last.endswith("ss") else last
