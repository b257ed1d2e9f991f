"""Products with their street photos and shop pictures, and others: the same batches for every system."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.aligned import Views
from pocketshelf_training.samplers.labelled import Batch, Vocabulary, numbers
from pocketshelf_training.samplers.sampler import Sampler
from pocketshelf_training.samplers.views import training_input

__all__ = ["IdentitySampler", "labels_of", "positive_share"]


def labels_of(samples: list[Sample], vocabulary: Vocabulary) -> dict[str, np.ndarray]:
    """ "identity", "category" and each attribute: int64 (n,), -1 where unknown."""

    found = {
        "identity": numbers(vocabulary.identities, [s.identity for s in samples]),
        "category": numbers(vocabulary.categories, [s.category for s in samples]),
    }
    for name, values in vocabulary.attributes.items():
        found[name] = numbers(values, [s.attributes.get(name) for s in samples])
    return found


class IdentitySampler(Sampler[Batch]):
    """Training batches.

    Args:
        samples: of split "train".
        products: products a batch, each with one shop picture and ``photos`` street photos.
        others: pictures without identity a batch (fewer where there are none).
        size: side of the square input.
        views: how pictures are brought into the frame (default: by their boxes).
    """

    def __init__(
        self,
        samples: list[Sample],
        vocabulary: Vocabulary,
        size: int,
        seed: int,
        products: int = 14,
        photos: int = 2,
        others: int = 14,
        views: Views | None = None,
    ) -> None:
        self.vocabulary, self.size, self.seed = vocabulary, size, seed
        self.views = views or Views()
        self.products, self.photos, self.others = products, photos, others
        street: dict[str, list[Sample]] = defaultdict(list)
        shop: dict[str, list[Sample]] = defaultdict(list)
        self.loose = []
        for sample in samples:
            if sample.identity is None:
                self.loose.append(sample)
            else:
                (shop if sample.domain == "shop" else street)[sample.identity].append(sample)
        self.names = sorted(street.keys() & shop.keys())
        self.pairs = {name: (street[name], shop[name]) for name in self.names}

    def choose(self, step: int) -> tuple[list[Sample], np.random.Generator]:
        """The samples of a step, products in turns so that each comes equally often."""
        rng = np.random.default_rng((self.seed, step))
        chosen = []
        for name in self._turn(step):
            street, shop = self.pairs[name]
            chosen.append(shop[rng.integers(len(shop))])
            chosen += [street[i] for i in rng.choice(len(street), min(self.photos, len(street)), False)]
        if self.loose:
            count = min(self.others, len(self.loose))
            chosen += [self.loose[i] for i in rng.choice(len(self.loose), count, False)]
        return chosen, rng

    def _turn(self, step: int) -> list[str]:
        """Shuffled passes over the products, cut into steps; a pass's order depends on its number only."""
        if not self.names:
            return []
        count = min(self.products, len(self.names))
        found = []
        for position in range(step * count, (step + 1) * count):
            turn, index = divmod(position, len(self.names))
            order = np.random.default_rng((self.seed, 7, turn)).permutation(len(self.names))
            found.append(self.names[order[index]])
        # At a seam of two passes a product may come twice.
        return list(dict.fromkeys(found))

    def batch(self, step: int) -> Batch:
        """The batch of ``step``."""
        samples, rng = self.choose(step)
        views = [self.views.random(s, self.size, self.vocabulary.landmarks, rng) for s in samples]
        labels = {name: torch.from_numpy(v) for name, v in labels_of(samples, self.vocabulary).items()}
        return Batch(
            training_input([view for view, _, _ in views], rng),
            torch.tensor([s.domain == "shop" for s in samples]),
            labels.pop("identity"),
            labels.pop("category"),
            labels,
            torch.from_numpy(np.stack([places for _, places, _ in views])),
            torch.from_numpy(np.stack([visibility for _, _, visibility in views])).long(),
        )


def positive_share(samples: list[Sample], vocabulary: Vocabulary) -> Tensor:
    """Of every attribute value (all attributes' values in order), its share where the attribute is known."""
    labels = labels_of(samples, vocabulary)
    shares = []
    for name, values in vocabulary.attributes.items():
        known = labels[name][labels[name] >= 0]
        shares += [float((known == index).mean()) if len(known) else 0.5 for index in range(len(values))]
    return torch.tensor(shares, dtype=torch.float32)
