"""A progress bar on standard error, only where someone watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress_bar"]


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Yields a function to call with (done, total); a total of 0 is an unknown one."""
    from tqdm import tqdm

    with tqdm(
        desc=what, unit=unit if unit == "B" else f" {unit}s", unit_scale=unit == "B", disable=None
    ) as bar:

        def update(done: int, total: int) -> None:
            bar.total = total or None
            bar.update(done - bar.n)

        yield update
