"""A tiny embedder and a tiny registered network, so that real toolchains run in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from converters import networks, photos
from converters.deploy import Core, UnitLength, fold_batch_norm
from converters.networks import Network
from pocketshelf.formats.bundle import EmbedderSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf_training.models.efficientnet_lite import MBConv, SameConv2d

SIZE = (32, 32)


class TinyNetwork(nn.Module):
    """Stem, one inverted residual block of each kind, pooling, a vector and three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(SameConv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU6())
        self.blocks = nn.Sequential(MBConv(8, 16, 5, 2, 2), MBConv(16, 16, 3, 1, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.vector, self.logits = nn.Linear(16, 12), nn.Linear(16, 3)
        self.unit = UnitLength()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pooled = self.pool(self.blocks(self.stem(x))).flatten(1)
        return self.unit(self.vector(pooled)), self.logits(pooled)


def tiny_network(seed: int = 0) -> Network:
    """A `TinyNetwork` with lived-in batch statistics, as `converters.networks.load_network` returns it."""
    torch.manual_seed(seed)
    module = TinyNetwork()
    inputs = [image for _, image in photos.drawn_set(16, 5).inputs(Preprocessing(SIZE), False)]
    batch = torch.stack([torch.from_numpy(image.copy()) for image in inputs])
    with torch.no_grad():
        for _ in range(30):
            module((batch.permute(0, 3, 1, 2).float() - 127) / 128)
    module.eval()
    preprocessing = Preprocessing(SIZE)
    labels = ("a", "b", "c")
    return Network(
        kind="embedder",
        core=Core(fold_batch_norm(module, SIZE)).eval(),
        original=module,
        preprocessing=preprocessing,
        outputs=("embedding", "categories"),
        labels={"categories": list(labels)},
        describe=lambda file, precision: EmbedderSpec(
            file=file, preprocessing=preprocessing, dimension=12, categories=labels, precision=precision
        ),
        space="tiny",
    )


@pytest.fixture(scope="session")
def tiny() -> Network:
    """A tiny embedder."""
    return tiny_network()


@pytest.fixture(autouse=True)
def _no_real_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn pictures by default: quick, and the same everywhere."""
    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)


@pytest.fixture
def tiny_embedder(monkeypatch: pytest.MonkeyPatch, tiny: Network) -> Path:
    """Registers the tiny network as the embedder; returns the checkpoint's path to name."""
    monkeypatch.setitem(networks._loaders, "embedder", lambda path: tiny)
    return Path("tiny.npz")
