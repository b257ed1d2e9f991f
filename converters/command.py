"""What the commands here share: progress, options, and how a failure becomes one line and an exit code."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from converters.errors import unknown
from pocketshelf.cli import output
from pocketshelf.errors import PocketshelfError, UsageError

__all__ = ["add_models", "choose", "exit_code", "named_checkpoints", "say"]

SHIPPED = Path(__file__).resolve().parents[1] / "models" / "universal"
_start = time.monotonic()


def say(message: str) -> None:
    """One line of progress on standard error, with the seconds since the start."""
    output.say(f"[{time.monotonic() - _start:6.1f} s] {message}")


def choose(name: str, known: Sequence[str], what: str) -> tuple[str, ...]:
    """``name`` alone, or of "all" those known.

    Raises:
        UsageError: it is not known; lists those that are.
    """
    if name not in (*known, "all"):
        raise unknown(what, name, known)
    return tuple(known) if name == "all" else (name,)


def add_models(parser: argparse.ArgumentParser, kinds: Sequence[str]) -> None:
    """Add ``--model`` and a ``--checkpoint-KIND`` each; the shipped bundle's weights unless named."""
    parser.add_argument("--model", default="all", help=f"{', '.join(kinds)}, or all (default)")
    for kind in kinds:
        parser.add_argument(
            f"--checkpoint-{kind}",
            type=Path,
            default=SHIPPED / f"{kind}.npz",
            help=f".pt or .npz (default: models/universal/{kind}.npz)",
        )


def named_checkpoints(arguments: argparse.Namespace, kinds: Sequence[str]) -> dict[str, Path]:
    """Kind → checkpoint of the models that ``arguments`` choose.

    Raises:
        UsageError: an unknown model; lists those known.
    """
    chosen = choose(arguments.model, kinds, "model")
    return {kind: getattr(arguments, f"checkpoint_{kind}") for kind in chosen}


def exit_code(work: Callable[[], None]) -> int:
    """Run ``work``; its failure is one line on standard error.

    Returns:
        0 done · 1 the input is bad or the output cannot be written · 2 wrong usage · 130 interrupted.
    """
    try:
        work()
    except UsageError as error:
        return _failed(str(error), 2)
    except PocketshelfError as error:
        return _failed(str(error), 1)
    except OSError as error:  # a full disk or a lost file, wherever it strikes
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}", 1)
    except KeyboardInterrupt:
        return 130
    return 0


def _failed(message: str, code: int) -> int:
    output.say(f"error: {message}")
    return code
