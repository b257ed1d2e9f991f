"""A tiny embedder and a tiny registered network, so that real toolchains run in seconds."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from converters import export, networks, photos
from converters.deploy import Core, UnitLength, fold_batch_norm
from converters.networks import Network
from converters.target import Job
from converters.targets import find_target
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


@pytest.fixture(scope="session")
def other_tiny() -> Network:
    """Another one, of the same form."""
    return tiny_network(1)


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these networks' arithmetic."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", autouse=True)
def _drawn_once() -> Iterator[None]:
    """The pictures that every export compares and calibrates with."""
    with pytest.MonkeyPatch.context() as patch:
        for draw in ("draw_picture", "draw_garment"):
            patch.setattr(photos, draw, functools.cache(getattr(photos, draw)))
        yield


@pytest.fixture(autouse=True)
def _no_real_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn pictures by default: quick, and the same everywhere."""
    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)


@pytest.fixture
def tiny_embedder(monkeypatch: pytest.MonkeyPatch, tiny: Network) -> Path:
    """Registers the tiny network as the embedder; returns the checkpoint's path to name."""
    monkeypatch.setitem(networks._loaders, "embedder", lambda path: tiny)
    return Path("tiny.npz")


Exported = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def exported(tiny: Network, export_once: Callable) -> Exported:
    """Target and precision → the tiny embedder's bundle, exported by the command once; to read only."""
    return functools.partial(export_once, tiny)


@pytest.fixture(scope="session")
def export_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Network, str, str], Path]:
    """Network, target and precision → the bundle that the command exports when first asked for it."""
    folders: dict[tuple[int, str, str], Path] = {}

    def folder(network: Network, target: str, precision: str) -> Path:
        key = id(network), target, precision
        if key in folders:
            return folders[key]
        out = tmp_path_factory.mktemp("export") / "tiny"
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("POCKETSHELF_DATA", raising=False)
            patch.setitem(networks._loaders, "embedder", lambda path: network)
            arguments = ["--target", target, "--model", "embedder", "--quantize", precision]
            assert export.main([*arguments, "--out", str(out)]) == 0
        folders[key] = out
        return out

    return folder


@pytest.fixture
def converted(exported: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversions give the files of `exported`: for tests of what an export does with its files."""
    wanted = (("tflite", "int8"), ("tflite", "none"), ("coreml", "none"))
    known = {each: exported(*each) for each in wanted}

    def convert(job: Job, path: Path, target: str) -> dict[str, int]:
        file = known[target, job.precision] / path.name
        shutil.copytree(file, path) if file.is_dir() else shutil.copy2(file, path)
        return {}

    for target in ("tflite", "coreml"):
        monkeypatch.setattr(find_target(target), "convert", functools.partial(convert, target=target))
