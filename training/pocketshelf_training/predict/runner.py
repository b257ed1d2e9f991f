"""A PyTorch network behind the SDK's own stages, so that checkpoints and phone files are measured alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from pocketshelf.stages.detect import NetworkDetector
from pocketshelf_training.engine.compute import device_of
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.specs import detector_spec

__all__ = ["NetworkRunner", "one_thread", "torch_detector"]


class NetworkRunner:
    """A `pocketshelf.runtime.ModelRunner`: in float32, where the network's weights are.

    Args:
        network: is put into evaluation mode.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()

    @torch.no_grad()
    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        """uint8 (1, h, w, 3) to every output, float32."""
        # A copy: decoded pixels are read-only, which torch warns about.
        images = normalise(torch.tensor(pixels)).to(device_of(self._network))
        with one_thread():
            return [output.float().cpu().numpy() for output in self._network(images)]


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch with one thread, as the files run; what it had before comes back.

    One picture gains little from a second thread, and a busy machine keeps it waiting at every layer.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def torch_detector(network: nn.Module, meta: Mapping[str, Any]) -> NetworkDetector:
    """The SDK's detection stage, with its floor of scores, suppression and number of boxes."""
    return NetworkDetector(detector_spec(network, meta), NetworkRunner(network))
