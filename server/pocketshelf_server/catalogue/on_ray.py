"""Reading and embedding on the machines of a Ray cluster, by Ray Data.

This process reads the file, says what is stored already, and writes; the cluster does what takes the time.
Outcomes come back in the file's order, so that the catalogue gets the same rows and numbers as without Ray.
A worker that dies is replaced and its batch done again; when this process dies, the import is run again and
goes on as any other. Pictures are read where the workers are: the folder must be theirs under the same path,
or the file names addresses.
"""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue.download import PictureCache
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.cli.ray_cluster import LOCAL, connected
from pocketshelf.errors import CatalogueError, PocketshelfError, UsageError, one_line
from pocketshelf_server.catalogue.rows import Batch, EmbedderFactory, Outcome, Rows, Spread

__all__ = ["RemoteRows", "on_ray"]

# Batches that are handed to Ray at once: what this process and Ray's store hold of the file in memory.
WINDOW = 512
QUIET = ("ray", "ray.data")


@dataclass(frozen=True)
class RemoteRows:
    """How a worker makes its `Rows`; travels to it.

    Args:
        images: the folder of pictures, on every machine.
        make_embedder: without a catalogue in it, see `pocketshelf_server.catalogue.embedders`.
        download: fetch what is named by address; each worker asks servers for itself, and keeps what it got.
    """

    images: Path
    make_embedder: EmbedderFactory
    download: bool = False

    def __call__(self) -> Rows:
        return Rows(PictureFolder(self.images, PictureCache() if self.download else None), self.make_embedder)


class _Worker:
    """What Ray Data keeps for each worker: one loaded model."""

    def __init__(self, make: Callable[[], Rows]) -> None:
        self._rows = make()

    def __call__(self, batches: dict[str, np.ndarray]) -> dict[str, list[bytes]]:
        return {"outcomes": [self._outcomes(pickle.loads(batch)) for batch in batches["batch"]]}

    def _outcomes(self, batch: Batch) -> bytes:
        """The outcomes, or the error that ends the import, which is to arrive as itself."""
        try:
            return pickle.dumps([self._rows.outcome(row) for row in batch])
        except PocketshelfError as error:
            return pickle.dumps(error)


@contextmanager
def on_ray(address: str, workers: int | None, make: Callable[[], Rows]) -> Iterator[Spread]:
    """On the Ray cluster at ``address``, for as long as the block lasts.

    Args:
        workers: processes that read and embed, on a processor each; None for all that the cluster has.

    Raises:
        UsageError: no cluster answers there, or it has fewer processors.
        CatalogueError: Ray failed; what was written stays.
        ModuleNotFoundError: Ray Data is not installed.
    """
    import ray.data  # Before a cluster is sought: that it is missing is to be said first.
    from ray.exceptions import RayError

    with connected(address, workers if address == LOCAL else None):
        have = int(ray.cluster_resources().get("CPU", 0))
        if (workers or 1) > have:
            raise UsageError(f"--workers {workers}: the Ray cluster at {address} has {have} processors")
        _be_quiet()
        try:
            yield lambda batches: _spread(batches, workers or have, make)
        except RayError as error:
            raise CatalogueError(
                f"--ray {address}: {one_line(error)}; run it again: it goes on where it stopped"
            ) from error


def _be_quiet() -> None:
    """A command's own progress is what is shown."""
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)


def _spread(batches: Iterable[Batch], workers: int, make: Callable[[], Rows]) -> Iterator[list[Outcome]]:
    import ray

    left = iter(batches)
    while window := [{"batch": pickle.dumps(batch)} for batch in islice(left, WINDOW)]:
        # A batch is a block: they come back one by one, and a worker that dies costs one.
        dataset = ray.data.from_items(window, override_num_blocks=len(window)).map_batches(
            _Worker,
            fn_constructor_args=(make,),
            batch_size=1,
            num_cpus=1,
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(window))),
        )
        for row in dataset.iter_rows():
            yield _outcomes_of(row)


def _outcomes_of(row: dict[str, Any]) -> list[Outcome]:
    found = pickle.loads(row["outcomes"])
    if isinstance(found, PocketshelfError):
        raise found
    return found
