"""What a file format for phones has to offer; each is a module in `converters.targets`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from converters.errors import ConversionError, one_line
from converters.inspection.model_file import ModelFile
from converters.toolchains import need
from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.runtime import open_model

if TYPE_CHECKING:
    from converters.networks import Network

__all__ = ["Job", "Runner", "Target"]

Runner = Callable[[np.ndarray], list[np.ndarray]]


@dataclass(frozen=True)
class Job:
    """One conversion.

    Attributes:
        network: what to convert.
        precision: one of the target's ``precisions``.
        calibration: network inputs, uint8 (h, w, 3); used by static quantization only.
        backend: which delegate to lower for, where the target has several.
    """

    network: Network
    precision: str
    calibration: Sequence[np.ndarray] = ()
    backend: str = ""


class Target(ABC):
    """A file format for phones. Its toolchain is imported inside functions.

    Attributes:
        name: as in ``--target``.
        suffix: of the file (or folder) written.
        toolchain: the modules that `convert` needs.
        precisions: precision → what it is, in one line; the first is the default.
        backends: what ``--backend`` may name → the precisions that it runs; the first is the default.
        calibrated: the precisions that need calibration photos.
        native: whether `load` runs files as a device would, so that the time it takes means something.
    """

    name: ClassVar[str]
    suffix: ClassVar[str]
    toolchain: ClassVar[tuple[str, ...]]
    precisions: ClassVar[Mapping[str, str]]
    backends: ClassVar[Mapping[str, Sequence[str]]] = {}
    calibrated: ClassVar[frozenset[str]] = frozenset({"int8"})
    native: ClassVar[bool] = True

    def plan(self, precision: str | None = None, backend: str = "") -> str:
        """The precision to convert to, where ``precision`` and ``backend`` are known and go together.

        Args:
            precision: None is the backend's default, or the target's.

        Raises:
            UsageError: one is not known, or not under the other; lists those that are.
        """
        if precision is not None and precision not in self.precisions:
            raise self._lacks(f"precision {precision!r}", self.precisions)
        if backend and backend not in self.backends:
            raise self._lacks(f"backend {backend!r}", self.backends)
        runs = self.backends.get(backend, self.precisions)
        if precision is not None and precision not in runs:
            raise UsageError(
                f"{self.name} backend {backend} has no precision {precision!r}; it has {', '.join(runs)}"
            )
        return precision or next(each for each in self.precisions if each in runs)

    def _lacks(self, what: str, known: Iterable[str]) -> UsageError:
        return UsageError(f"target {self.name} has no {what}; it has {', '.join(known) or 'none'}")

    def require(self, backend: str = "") -> None:
        """Return if `convert` can be called here: asked before any work is done.

        Raises:
            ToolchainMissing: the toolchain, or that of ``backend``, is not installed; says what to install.
        """
        for module in self.toolchain:
            need(module, self.name)

    @abstractmethod
    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """Write ``path``.

        Returns:
            operation → count of those that would not run on the neural unit, from the toolchain's own
            report.

        Raises:
            ToolchainMissing: the toolchain is not installed.
            ConversionError: the toolchain failed.
        """

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner | None:
        """A function from uint8 (1, h, w, 3) to the file's outputs, run by the runtime that ships.

        None where no runtime on this machine can run the file.

        Raises:
            RuntimeUnavailable: the runtime is not installed.
            BundleError: the runtime cannot load the file.
        """
        return open_model(path).run

    def inspect(self, path: Path) -> ModelFile:
        """Look into ``path``.

        Raises:
            ToolchainMissing: what reads the format is not installed.
            ConversionError: the file is missing or damaged.
        """
        if not path.exists():
            raise ConversionError(f"{path}: no such file")
        try:
            return self._read(path)
        except PocketshelfError:
            raise
        except Exception as error:  # parsers raise anything on damaged files
            raise ConversionError(
                f"{path}: damaged, or not a {self.suffix} file ({one_line(error)})"
            ) from error

    @abstractmethod
    def _read(self, path: Path) -> ModelFile:
        """The description of ``path``; any exception means that it is damaged."""
