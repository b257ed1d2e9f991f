"""Where categories are clustered: in this process, or on the machines of a Ray cluster.

Each category is a task of its own; what exceeds one machine is many categories, not one. Ray's own scheduler
gives them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from pocketshelf.cli.ray_cluster import connected
from pocketshelf_training.mine.cluster import Spread, in_one_process

__all__ = ["spread_over"]


@contextmanager
def spread_over(address: str | None) -> Iterator[Spread]:
    """The `Spread` of a Ray cluster, for as long as the block lasts.

    Args:
        address: see `pocketshelf.cli.ray_cluster.connected`; None computes here without Ray.

    Raises:
        UsageError: no cluster answers there.
        ModuleNotFoundError: Ray is not installed.
    """
    if address is None:
        yield in_one_process
        return
    import ray

    def on_cluster(
        function: Callable[[np.ndarray], np.ndarray], items: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        task = ray.remote(_plain(function))
        # Ray puts a copy of each into its store; results come in the order asked for.
        return ray.get([task.remote(item) for item in items])

    with connected(address):
        yield on_cluster


def _plain(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """A plain function, for Ray takes no partial one."""

    def task(item: np.ndarray) -> np.ndarray:
        return function(item)

    return task
