"""What can be exported: one registered loader a kind of network.

A network of one's own joins with `register`: a function from a checkpoint's path to a `Network`.
"""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from converters.errors import ConversionError, unknown
from pocketshelf.formats.bundle import DetectorSpec, EmbedderSpec
from pocketshelf.formats.preprocessing import Preprocessing

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from converters.deploy import Core, Deployed

__all__ = ["Network", "embedder_network", "fingerprint", "kinds", "load_network", "register"]

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
    """

    kind: str
    core: Core
    original: nn.Module
    preprocessing: Preprocessing
    outputs: tuple[str, ...]
    labels: dict[str, list[str]]
    describe: Callable[[str, str], Spec]
    space: str = ""
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def deployed(self) -> Deployed:
        """uint8 (1, h, w, 3) to the outputs."""
        from converters.deploy import Deployed

        return Deployed(self.core).eval()

    @property
    def quantizable(self) -> Core:
        """A copy of the core whose every filter has a scale that int8 can hold."""
        from converters.deploy import lift_dead_filters

        core = copy.deepcopy(self.core)
        lift_dead_filters(core)
        return core

    @property
    def normalisation(self) -> tuple[float, float]:
        """Mean and deviation that the core's input is normalised with, in grey levels; of all channels."""
        from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

        return IMAGENET_MEAN, IMAGENET_STD

    @property
    def input_shape(self) -> tuple[int, int, int, int]:
        """(1, h, w, 3)."""
        return (1, *self.preprocessing.size, 3)

    def reference(self, image: np.ndarray) -> list[np.ndarray]:
        """What PyTorch computes in float from uint8 (n, h, w, 3): the original, nothing folded."""
        from converters.deploy import Core
        from pocketshelf_training.predict.runner import NetworkRunner

        return NetworkRunner(Core(self.original)).run(image)


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
        ConversionError: it cannot be brought into the exported form.
        CheckpointError: the checkpoint is missing, damaged or of another architecture.
    """
    if kind not in _loaders:
        raise unknown("model", kind, kinds())
    return _loaders[kind](Path(checkpoint))


def fingerprint(network: nn.Module) -> str:
    """Twelve hexadecimal digits of the weights; the default id of an embedding space."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def _load_embedder(path: Path) -> Network:
    from pocketshelf_training.models.checkpoint import load_checkpoint
    from pocketshelf_training.models.embedder import Embedder

    return embedder_network(Embedder.from_checkpoint(path), load_checkpoint(path).meta)


def embedder_network(network: nn.Module, meta: Mapping[str, Any]) -> Network:
    """An embedder, ready for conversion.

    Args:
        network: has what the embedder of `pocketshelf_training.models` has: ``trunk``, ``embedding``,
            ``category``, ``attribute_heads``, ``config``, ``preprocessing``; its forward returns the logits
            of ``config["attributes"]`` (name → labels) behind the embedding and the category logits.
        meta: of its checkpoint.

    Raises:
        ConversionError: an attribute's name is taken, or its output is not that of a head of its own.
    """
    from converters.deploy import EmbedderCore, fold_batch_norm
    from pocketshelf_training.models.specs import embedder_spec

    spec = embedder_spec(network, meta)
    names = _output_names(spec.attributes)
    size = spec.preprocessing.size
    heads = {name: list(head.labels) for name, head in zip(names, spec.attributes.values(), strict=True)}
    return Network(
        kind="embedder",
        core=EmbedderCore(fold_batch_norm(network, size), size).eval(),
        original=network,
        preprocessing=spec.preprocessing,
        outputs=("embedding", "categories", *names),
        labels={"categories": list(spec.categories), **heads},
        describe=lambda file, precision: replace(spec, file=file, precision=precision),
        space=str(meta.get("space") or f"embedder-{fingerprint(network)}"),
        meta=dict(meta),
    )


def _output_names(attributes: Iterable[str]) -> list[str]:
    """The attributes' names as Core ML allows them: letters, digits and underscores."""
    names = [re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII) for name in attributes]
    taken = ["image", "embedding", "categories", *names]
    for name in names:
        if taken.count(name) > 1:
            raise ConversionError(f"the attribute {name!r} has the name of another output; rename it")
    return names


def _load_detector(path: Path) -> Network:
    from converters.deploy import DetectorCore, fold_batch_norm
    from pocketshelf_training.models.checkpoint import load_checkpoint
    from pocketshelf_training.models.detector import Detector
    from pocketshelf_training.models.specs import detector_spec

    network = Detector.from_checkpoint(path)
    meta = load_checkpoint(path).meta
    spec = detector_spec(network, meta)
    return Network(
        kind="detector",
        core=DetectorCore(fold_batch_norm(network, network.preprocessing.size)).eval(),
        original=network,
        preprocessing=network.preprocessing,
        outputs=("scores", "distances"),
        labels={"scores": list(spec.groups)},
        describe=lambda file, precision: replace(spec, file=file, precision=precision),
        meta=meta,
    )


register("embedder", _load_embedder)
register("detector", _load_detector)
