"""The export targets: one module each, found by looking into this folder; each has a ``TARGET``."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from converters.errors import unknown
from converters.inspection.model_file import ModelFile
from converters.target import Target
from pocketshelf.errors import UsageError

__all__ = ["find_target", "inspect_file", "target_names"]


def target_names() -> tuple[str, ...]:
    """The targets there are, by name."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(__path__)))


def find_target(name: str) -> Target:
    """The target called ``name``.

    Raises:
        UsageError: there is none; lists those there are.
    """
    if name not in target_names():
        raise unknown("target", name, target_names())
    return importlib.import_module(f"{__name__}.{name}").TARGET


def inspect_file(path: Path) -> ModelFile:
    """Look into a file that one of the targets wrote.

    Raises:
        UsageError: none has its suffix; lists those known.
        ToolchainMissing: what reads the format is not installed.
        ConversionError: the file is missing or damaged.
    """
    targets = {target.suffix: target for target in map(find_target, target_names())}
    if path.suffix not in targets:
        raise UsageError(f"{path}: unknown kind of file; known are {', '.join(targets)} and bundle folders")
    return targets[path.suffix].inspect(path)
