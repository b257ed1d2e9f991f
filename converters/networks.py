"""What can be exported: one registered loader a kind of network.

A network of one's own joins with `register`: a function from a checkpoint's path to a `Network`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from converters.deploy import Core, Deployed, DetectorCore, EmbedderCore, fold_batch_norm
from converters.errors import UsageError
from sdk.formats.bundle import DetectorSpec, EmbedderSpec
from sdk.preprocess import Preprocessing

__all__ = ["Network", "fingerprint", "kinds", "load_network", "register"]

Spec = EmbedderSpec | DetectorSpec
Loader = Callable[[Path], "Network"]
_loaders: dict[str, Loader] = {}


@dataclass(frozen=True)
class Network:
    """A network ready for conversion.

    Attributes:
        kind: "embedder", "detector", or one registered elsewhere.
        core: folded; normalised float (1, 3, h, w) to the outputs.
        original: as the checkpoint gives it; parity is measured against this.
        preprocessing: what turns a photo into its uint8 (h, w, 3) input.
        outputs: names of the outputs, in order.
        labels: name of an output → what its columns mean.
        describe: file name and precision → the entry in ``bundle.json``.
        space: id of the embedding space, for embedders.
        strides: of a detector's levels.
    """

    kind: str
    core: Core
    original: nn.Module
    preprocessing: Preprocessing
    outputs: tuple[str, ...]
    labels: dict[str, list[str]]
    describe: Callable[[str, str], Spec]
    space: str = ""
    strides: tuple[int, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def deployed(self) -> Deployed:
        """uint8 (1, h, w, 3) to the outputs."""
        return Deployed(self.core).eval()

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(1, h, w, 3)."""
        return (1, *self.preprocessing.size, 3)

    def reference(self, image: Tensor) -> tuple[Tensor, ...]:
        """What PyTorch computes in float from uint8 (n, h, w, 3): the original, nothing folded."""
        with torch.no_grad():
            return Deployed(Core(self.original))(image)


def register(kind: str, loader: Loader) -> None:
    """Make ``--model kind`` known; ``loader`` turns a checkpoint's path into a `Network`."""
    _loaders[kind] = loader


def kinds() -> tuple[str, ...]:
    """The registered kinds, in the order of their registration."""
    return tuple(_loaders)


def load_network(kind: str, checkpoint: str | Path) -> Network:
    """Load and fold the network of ``kind`` in ``checkpoint``.

    Raises:
        UsageError: no such kind; lists those there are.
        CheckpointError: the checkpoint is missing, damaged or of another architecture.
    """
    if kind not in _loaders:
        raise UsageError(f"unknown model {kind!r}; there are {', '.join([*_loaders, 'all'])}")
    return _loaders[kind](Path(checkpoint))


def fingerprint(network: nn.Module) -> str:
    """Twelve hexadecimal digits of the weights; the default id of an embedding space."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _load_embedder(path: Path) -> Network:
    from training.models.checkpoint import load_checkpoint
    from training.models.embedder import Embedder

    network = Embedder.from_checkpoint(path)
    meta = load_checkpoint(path).meta
    categories = list(network.categories)
    describe = partial(
        EmbedderSpec,
        preprocessing=network.preprocessing,
        dimension=network.config["dimension"],
        categories=tuple(categories),
        temperature=float(meta.get("temperature", 1.0)),
    )
    return Network(
        kind="embedder",
        core=EmbedderCore(fold_batch_norm(network, network.preprocessing.size)).eval(),
        original=network,
        preprocessing=network.preprocessing,
        outputs=("embedding", "categories"),
        labels={"categories": categories},
        describe=lambda file, precision: describe(file=file, precision=precision),
        space=str(meta.get("space") or f"embedder-{fingerprint(network)}"),
        meta=meta,
    )


def _load_detector(path: Path) -> Network:
    from training.models.checkpoint import load_checkpoint
    from training.models.detector import Detector

    network = Detector.from_checkpoint(path)
    meta = load_checkpoint(path).meta
    tuned = {key: meta[key] for key in ("score_threshold", "nms_iou", "frame_weight") if key in meta}
    groups, strides = tuple(network.groups), tuple(network.strides)
    describe = partial(
        DetectorSpec, preprocessing=network.preprocessing, groups=groups, strides=strides, **tuned
    )
    return Network(
        kind="detector",
        core=DetectorCore(fold_batch_norm(network, network.preprocessing.size)).eval(),
        original=network,
        preprocessing=network.preprocessing,
        outputs=("scores", "distances"),
        labels={"scores": list(groups)},
        describe=lambda file, precision: describe(file=file, precision=precision),
        strides=strides,
        meta=meta,
    )


register("embedder", _load_embedder)
register("detector", _load_detector)
