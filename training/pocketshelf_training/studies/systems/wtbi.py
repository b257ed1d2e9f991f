"""WTBI: "Where to Buy It: Matching Street Clothing Photos in Online Shops" (Kiapour et al., ICCV 2015).

Section 4.3, "Similarity Learning": features of a street photo and of a shop picture from a network
trained on ImageNet, which stays fixed, are put side by side; fully connected layers with ReLU say
whether both show the same item, trained by the cross-entropy of "match" and "no match". First one
*general* network is trained on the pairs of all categories, then a copy of it is tuned for each
category on its own pairs.

Ours: EfficientNet-Lite0's pooled features in place of AlexNet's, two hidden layers of 512, one logit
instead of a softmax over two (the same function). The paper is told the query's category and searches
in it alone; here the shop picture's category picks the network, which a shop knows of its own
catalogue. So a category's pairs are its shop pictures with *all* street photos: tuned on its own
photos only, the network of a category with one product would learn to say yes to everything.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.losses.pairs import balanced_pair_entropy
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.frozen import Frozen

__all__ = ["WTBI", "SimilarityNetwork"]

# The share of the steps that the general network gets before the categories' copies are tuned.
GENERAL_SHARE = 0.6


class SimilarityNetwork(nn.Module):
    """Two features to the logit of their showing the same item.

    Args:
        features: length of each of the two.
        hidden: width of both hidden layers.
    """

    def __init__(self, features: int, hidden: int = 512) -> None:
        super().__init__()
        # A linear layer of two vectors side by side is the sum of one layer for each: a query and a
        # gallery of thousands are then multiplied once each, not once a pair.
        self.street = nn.Linear(features, hidden)
        self.shop = nn.Linear(features, hidden, bias=False)
        self.second = nn.Linear(hidden, hidden)
        self.match = nn.Linear(hidden, 1)

    def forward(self, street: Tensor, shop: Tensor) -> Tensor:
        """Features (a, f) and (b, f) to logits of all pairs (a, b)."""
        first = functional.relu(self.street(street)[:, None] + self.shop(shop)[None])
        return self.match(functional.relu(self.second(first))).squeeze(2)


class WTBI(Frozen):
    """Fixed features, a general similarity network, and one for each category.

    Args:
        vocabulary: its categories get a network each.
        hidden: see `SimilarityNetwork`.
    """

    name: ClassVar[str] = "wtbi"
    source: ClassVar[str] = "Kiapour et al., ICCV 2015"

    def __init__(self, vocabulary: Vocabulary, hidden: int = 512) -> None:
        super().__init__(vocabulary)
        self.general = SimilarityNetwork(self.trunk.channels, hidden)
        self.specific = nn.ModuleList(
            SimilarityNetwork(self.trunk.channels, hidden) for _ in vocabulary.categories
        )
        self.tuning: Tensor
        self.register_buffer("tuning", torch.tensor(False))

    def begin(self, step: int, total: int) -> None:
        """At the turn, every category starts from the general network."""
        if step >= round(GENERAL_SHARE * total) and not self.tuning:
            for network in self.specific:
                network.load_state_dict(self.general.state_dict())
            self.tuning.fill_(True)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The general network's loss, and after the turn the categories' (the general one then rests)."""
        features = self.embed(batch.images, batch.shop)
        street = (~batch.shop & (batch.identities >= 0)).nonzero().squeeze(1)
        shop = (batch.shop & (batch.identities >= 0)).nonzero().squeeze(1)
        same = batch.identities[street][:, None] == batch.identities[shop][None]
        if not self.tuning:
            return {"match": balanced_pair_entropy(self.general(features[street], features[shop]), same)}
        terms = []
        for category in batch.categories[shop].unique().tolist():
            if category >= 0:
                columns = batch.categories[shop] == category
                logits = self.specific[category](features[street], features[shop[columns]])
                terms.append(balanced_pair_entropy(logits, same[:, columns]))
        return {"match": torch.stack(terms).mean()} if terms and len(street) else {}

    def scores(self, queries: Tensor, gallery: Tensor, gallery_categories: Tensor) -> Tensor:
        """Logits; columns by their category's network after the turn, by the general one before."""
        result = self.general(queries, gallery)
        if self.tuning:
            for category in gallery_categories.unique().tolist():
                columns = gallery_categories == category
                if category >= 0:
                    result[:, columns] = self.specific[category](queries, gallery[columns])
        return result
