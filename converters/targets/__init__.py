"""The export targets: one module each, found by looking into this folder.

A target's module has a ``TARGET`` that fulfils `Target`, and imports its toolchain inside functions.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from converters.errors import ToolchainMissing, UsageError
from converters.networks import Network

__all__ = ["Job", "Runner", "Target", "find_target", "need", "target_names"]

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


class Target(Protocol):
    """A file format for phones.

    Attributes:
        name: as in ``--target``.
        suffix: of the file (or folder) written.
        precisions: precision → what it is, in one line; the first is the default.
        backends: what ``--backend`` may name → the precisions that it runs; the first is the default.
        calibrated: the precisions that need calibration photos.
        native: whether `load` runs files as a device would, so that the time it takes means something.
    """

    name: str
    suffix: str
    precisions: dict[str, str]
    backends: Mapping[str, Sequence[str]]
    calibrated: frozenset[str]
    native: bool

    def require(self, backend: str = "") -> None:
        """Return if `convert` can be called here: asked before any work is done.

        Raises:
            ToolchainMissing: the toolchain, or that of ``backend``, is not installed; says what to install.
        """

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """Write ``path``.

        Returns:
            operation → count of those that would not run on the neural unit, from the toolchain's own
            report.
        """

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner | None:
        """A function from uint8 (1, h, w, 3) to the file's outputs, run by the target's own runtime.

        None where no runtime on this machine can run the file.
        """


def target_names() -> tuple[str, ...]:
    """The targets there are, by name."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_")))


def find_target(name: str) -> Target:
    """The target called ``name``.

    Raises:
        UsageError: there is none; lists those there are.
    """
    if name not in target_names():
        raise UsageError(f"unknown target {name!r}; there are {', '.join([*target_names(), 'all'])}")
    return importlib.import_module(f"{__name__}.{name}").TARGET


def need(module: str, target: str, extra: str = "export") -> None:
    """Import a toolchain's module, or say what to install.

    Raises:
        ToolchainMissing: it is not there, or does not import.
    """
    from converters.quiet import swallow

    try:
        with swallow():
            importlib.import_module(module)
    except Exception as error:  # a broken binary raises OSError, a protobuf conflict TypeError
        reason = " ".join(str(error).split())[:120]
        raise ToolchainMissing(
            f"target {target} needs {module.split('.')[0]}: pip install 'pocketshelf[{extra}]' ({reason})"
        ) from error
