"""Local semantics: features gathered around landmarks that the network finds itself.

FashionNet (Liu et al., CVPR 2016, section 3) pools in a hard window around each landmark. Here each
landmark has a map over the places of the trunk's features, and what is gathered is the mean under that
map: soft, so that a slope reaches the map from every loss, and nothing but a 1x1 convolution, a softmax
and a matrix product, which phones' neural units have.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["LOCAL_STAGE", "LandmarkAttention"]

# The trunk's fifth stage: stride 16, as FashionNet's shared layers.
LOCAL_STAGE = 4


class LandmarkAttention(nn.Module):
    """One attention map a landmark.

    Args:
        channels: of the features.
        landmarks: how many.
    """

    def __init__(self, channels: int, landmarks: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, landmarks, 1)
        self.seen = nn.Parameter(torch.zeros(landmarks, channels, 2))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (n, c, h, w) to what is there (n, l, c), places (n, l, 2), hidden or visible (n, l, 2).

        Places are shares of the frame, x before y: the mean under the map.
        """
        height, width = features.shape[2:]
        attention = self.maps(features).flatten(2).softmax(2)
        local = attention @ features.flatten(2).transpose(1, 2)
        seen = torch.einsum("nlc,lcv->nlv", local, self.seen)
        return local, attention @ _centres(height, width).to(features), seen


def _centres(height: int, width: int) -> Tensor:
    """(h · w, 2): the middle of each cell as shares of the frame."""
    ys, xs = torch.meshgrid(
        (torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / width, indexing="ij"
    )
    return torch.stack([xs.flatten(), ys.flatten()], 1)
