"""The progress bar of all commands, on standard error."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

from pocketshelf.printable import printable

__all__ = ["ProgressBar"]


class ProgressBar:
    """How far work is, once there is something to tell; shown only where someone watches.

    Args:
        what: the work, in a word.
        unit: of what is counted; "B" for bytes.
        seldom: where no one watches, report all the same, first after this many seconds and as seldom.
    """

    def __init__(self, what: str = "", unit: str = "picture", seldom: float | None = None) -> None:
        self._what, self._unit = what, unit
        self._watched = sys.stderr.isatty()
        self._pace = {} if self._watched or seldom is None else {"delay": seldom, "mininterval": seldom}
        self._silent = not self._watched and seldom is None
        self._bar: Any = None

    def update(self, done: int, total: int) -> None:
        """``done`` of ``total`` (0: unknown) units."""
        self.step(self._what, done, total)

    def step(self, what: str, done: int, total: int) -> None:
        """The same for work in several pieces; each has its own bar."""
        if self._silent:
            return
        if self._bar is None or what != self._what:
            from tqdm import tqdm

            self.close()
            unit = {"unit": "B", "unit_scale": True} if self._unit == "B" else {"unit": f" {self._unit}s"}
            self._what = what
            self._bar = tqdm(
                desc=printable(what) or None, total=total or None, file=sys.stderr, **unit, **self._pace
            )
        self._bar.update(done - self._bar.n)

    def say(self, message: str) -> None:
        """One line to the person at the terminal, above the bar."""
        if self._bar is not None and self._watched:
            self._bar.write(printable(message), file=sys.stderr)
        else:
            print(printable(message), file=sys.stderr, flush=True)

    def close(self) -> None:
        """The bar stays as it is now."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
