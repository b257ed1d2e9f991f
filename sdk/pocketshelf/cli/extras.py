"""A library that is not installed is one line, which names the extra that brings it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

from pocketshelf.cli.output import say

__all__ = ["missing_library", "says_what_to_install"]

P = ParamSpec("P")

# Libraries of a command's other doors; what is not here comes with the command's own extra.
_EXTRAS = {
    "shtab": "completion",
    "pyarrow": "lookbench",
    "coreai_torch": "coreai",
    "coreai_opt": "coreai",
    "ray": "ray",
    **dict.fromkeys(("rapidocr", "rapidfuzz", "onnxruntime"), "read"),
    **dict.fromkeys(("imagehash", "jmespath", "yaml"), "mine"),
}
_OURS = ("pocketshelf", "pocketshelf_server", "pocketshelf_training", "converters")


def missing_library(error: ModuleNotFoundError, extra: str | None) -> str | None:
    """What to install, in words; None where a module of our own is missing, which no extra brings.

    Args:
        extra: that of the command; None for what comes with the package itself.
    """
    library = (error.name or "").split(".")[0]
    if not library or library in _OURS:
        return None
    extra = _EXTRAS.get(library, extra)
    package = f"pocketshelf[{extra}]" if extra else "pocketshelf"
    return f"{library} is not installed: pip install '{package}'"


def says_what_to_install(
    extra: str, complaint: str = "error"
) -> Callable[[Callable[P, int]], Callable[P, int]]:
    """For a command's ``main``: a library that is missing ends it with one line and exit code 1."""

    def around(main: Callable[P, int]) -> Callable[P, int]:
        @functools.wraps(main)
        def wrapped(*args: P.args, **options: P.kwargs) -> int:
            try:
                return main(*args, **options)
            except ModuleNotFoundError as error:
                line = missing_library(error, extra)
                if line is None:
                    raise
                say(f"{complaint}: {line}")
                return 1

        return wrapped

    return around
