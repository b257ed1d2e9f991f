"""FashionNet: "DeepFashion: Powering Robust Clothes Recognition and Retrieval" (Liu et al., CVPR 2016).

Section 3: the first layers are shared; then come three branches. The *pose* branch says where landmarks are
and whether they can be seen. The *local* branch pools the shared features around the landmarks
("Landmark pooling layer": the maximum in a window around each, 0 where it is not visible). The
*global* branch sees the whole. Global and local are joined (fc7 fusion), and from there come
category, attributes and, by triplets, identity.

"Backward pass": training alternates. First the pose branch is the main task, the others help with a
small weight; then category, attributes and identity are, with the landmarks helping; and again.
Landmarks are found first and then pooled at: no slope goes through where they were found.

Ours: EfficientNet-Lite0; shared are its first five stages (stride 16), the others come twice, for the
pose and for the whole. An attribute of several values is one that is there or not for each value.
The paper names no weights, margin or period; these are in the constants below.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.landmarks import landmark_distance
from pocketshelf_training.losses.presence import weighted_attribute_entropy
from pocketshelf_training.losses.triplets import ranking_triplets
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.protocol import System, imagenet_trunk

__all__ = ["FashionNet", "Tail", "landmark_pooling"]

SHARED_STAGES = 5
MARGIN = 0.3
# Steps before the other task becomes the main one; its terms count fully, the others this much.
PERIOD, HELP = 50, 0.1
POSE_TERMS = ("landmarks", "visibility")


def landmark_pooling(features: Tensor, landmarks: Tensor, visible: Tensor, window: int = 3) -> Tensor:
    """The maximum of the features in a window around each landmark; 0 where it is not visible.

    Args:
        features: (n, c, h, w).
        landmarks: (n, l, 2), x and y as shares of the frame; outside is taken at the border.
        visible: bool (n, l).
        window: odd side length in cells.

    Returns:
        (n, l · c), landmark by landmark.
    """
    count, channels, height, width = features.shape
    highest = functional.max_pool2d(features, window, stride=1, padding=window // 2)
    size = landmarks.new_tensor([width, height])
    cells = (landmarks.detach() * size).floor().clamp(min=0).minimum(size - 1).long()
    flat = (cells[..., 1] * width + cells[..., 0])[:, None].expand(-1, channels, -1)
    picked = highest.flatten(2).gather(2, flat).transpose(1, 2)
    return (picked * visible[..., None]).reshape(count, -1)


class Tail(nn.Module):
    """What follows the shared stages of a trunk, with weights of its own, to pooled features."""

    def __init__(self, whole: EfficientNetLite, stages: int) -> None:
        super().__init__()
        self.trunk_blocks = nn.Sequential(*whole._blocks[whole.stage_ends[stages - 1] + 1 :])
        self.trunk_head = nn.Sequential(whole._conv_head, whole._bn1, nn.ReLU6())
        self.channels = whole.channels

    def forward(self, shared: Tensor) -> Tensor:
        """(n, c, h, w) to (n, channels)."""
        return self.trunk_head(self.trunk_blocks(shared)).mean((2, 3))


class FashionNet(System):
    """Pose, local and global branch on shared stages.

    Args:
        vocabulary: without landmarks there is neither pose nor local branch, only the global one.
        positive_share: of every attribute value in the training data, in the vocabulary's order
            (None: a half each).
        width: of the global, local and fused layers.
        period: steps between the turns of the main task.
    """

    name: ClassVar[str] = "fashionnet"
    source: ClassVar[str] = "Liu et al., CVPR 2016"

    def __init__(
        self,
        vocabulary: Vocabulary,
        positive_share: Tensor | None = None,
        width: int = 512,
        period: int = PERIOD,
    ) -> None:
        super().__init__(vocabulary)
        self.trunk = imagenet_trunk(SHARED_STAGES, head=False)
        self.period, self.pose_first = period, True
        self.marks = len(vocabulary.landmarks)
        self.whole = Tail(imagenet_trunk(), SHARED_STAGES)
        self.fc6_global = nn.Linear(self.whole.channels, width)
        joined = width
        if self.marks:
            self.pose = Tail(imagenet_trunk(), SHARED_STAGES)
            self.places = nn.Linear(self.pose.channels, 2 * self.marks)
            self.visibility = nn.Linear(self.pose.channels, 2 * self.marks)
            self.fc6_local = nn.Linear(self.marks * self.trunk.channels, width)
            joined += width
        self.fc7_fusion = nn.Linear(joined, width)
        self.category = nn.Linear(width, len(vocabulary.categories))
        values = sum(map(len, vocabulary.attributes.values()))
        if values:
            self.attributes = nn.Linear(width, values)
        share = torch.full((values,), 0.5) if positive_share is None else positive_share
        self.positive_share: Tensor
        self.register_buffer("positive_share", share)

    def begin(self, step: int, total: int) -> None:
        """Whose turn it is."""
        self.pose_first = bool(self.marks) and step // self.period % 2 == 0

    def find_landmarks(self, shared: Tensor) -> tuple[Tensor, Tensor]:
        """Places (n, l, 2) as shares of the frame, and logits (n, l, 2) of hidden and visible."""
        pooled = self.pose(shared)
        shape = (len(pooled), self.marks, 2)
        # Zero weights put every landmark in the middle.
        return self.places(pooled).reshape(shape) + 0.5, self.visibility(pooled).reshape(shape)

    def fuse(self, shared: Tensor, places: Tensor | None, visibility: Tensor | None) -> Tensor:
        """The fused feature (n, width) from the whole and, where there are landmarks, from around them."""
        parts = [functional.relu(self.fc6_global(self.whole(shared)))]
        if places is not None and visibility is not None:
            local = landmark_pooling(shared, places, visibility.argmax(2) == 1)
            parts.append(functional.relu(self.fc6_local(local)))
        return functional.relu(self.fc7_fusion(torch.cat(parts, 1)))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """The three stages of the paper's forward pass: fused feature, places, visibility."""
        shared = self.trunk(images)
        places, visibility = self.find_landmarks(shared) if self.marks else (None, None)
        return self.fuse(shared, places, visibility), places, visibility

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        return functional.normalize(self(images)[0], dim=1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """All five terms, those of the main task in full."""
        fused, places, visibility = self(batch.images)
        unit = functional.normalize(fused, dim=1)
        terms = {
            "category": known_cross_entropy(self.category(fused), batch.categories),
            "triplet": ranking_triplets(unit, _street(batch), unit, batch.identities, MARGIN),
        }
        if self.vocabulary.attributes:
            present = _present(batch, self.vocabulary)
            terms["attributes"] = weighted_attribute_entropy(
                self.attributes(fused), present, self.positive_share
            )
        if places is not None and visibility is not None:
            terms["landmarks"] = landmark_distance(places, batch.landmarks, batch.visibility)
            terms["visibility"] = known_cross_entropy(visibility.flatten(0, 1), batch.visibility.flatten())
        return {name: term * self._weight(name) for name, term in terms.items()}

    def _weight(self, term: str) -> float:
        if not self.marks:
            return 1.0
        return 1.0 if (term in POSE_TERMS) == self.pose_first else HELP

    def category_logits(self, images: Tensor) -> Tensor | None:
        return self.category(self(images)[0]) if self.vocabulary.categories else None

    def attribute_logits(self, images: Tensor) -> dict[str, Tensor]:
        """Of an attribute's values, each there or not, the likeliest is taken."""
        if not self.vocabulary.attributes:
            return {}
        logits = self.attributes(self(images)[0]).split(
            [len(v) for v in self.vocabulary.attributes.values()], 1
        )
        return dict(zip(self.vocabulary.attributes, logits, strict=True))


def _street(batch: Batch) -> Tensor:
    """Identities of the street photos; a shop picture is no anchor."""
    return torch.where(batch.shop, torch.full_like(batch.identities, -1), batch.identities)


def _present(batch: Batch, vocabulary: Vocabulary) -> Tensor:
    """int64 (n, all values): 1 and 0 where an attribute is known, -1 where not."""
    columns = []
    for name, values in vocabulary.attributes.items():
        label = batch.attributes[name]
        hot = functional.one_hot(label.clamp(min=0), len(values))
        columns.append(torch.where((label >= 0)[:, None], hot, torch.full_like(hot, -1)))
    return torch.cat(columns, 1)
