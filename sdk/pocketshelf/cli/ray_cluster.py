"""``--ray ADDRESS``: the Ray cluster that a command computes on, for as long as it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pocketshelf.errors import UsageError

__all__ = ["ADDRESSES", "LOCAL", "connected"]

LOCAL = "local"
ADDRESSES = "auto, ray://host:10001, or local to try it here"


@contextmanager
def connected(address: str, processors: int | None = None) -> Iterator[None]:
    """Connected to the Ray cluster at ``address``; one that this process is connected to already is used.

    Args:
        address: as Ray knows it (``auto``, ``ray://host:10001``); "local" starts one on this machine.
        processors: that the one which "local" starts may use; None for all.

    Raises:
        UsageError: no cluster answers there.
        ModuleNotFoundError: Ray is not installed.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    alone: dict[str, Any] = {"include_dashboard": False, "num_cpus": processors} if address == LOCAL else {}
    try:
        ray.init(address=address, logging_level=logging.WARNING, log_to_driver=False, **alone)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UsageError(f"--ray {address}: no Ray cluster answers there ({error})") from error
    try:
        yield
    finally:
        ray.shutdown()
