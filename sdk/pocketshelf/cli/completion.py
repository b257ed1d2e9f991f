"""Shell completion of commands and options, by shtab."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Protocol

from pocketshelf.cli.output import tell_lines
from pocketshelf.cli.parser import FILES, FOLDERS
from pocketshelf.errors import RuntimeUnavailable

__all__ = ["SHELLS", "Completion"]

SHELLS = ("bash", "zsh", "tcsh")


class _Program(Protocol):
    def parser(self) -> argparse.ArgumentParser: ...


class Completion(argparse.Action):
    """``--print-completion SHELL``: print the script and leave.

    Args:
        program: what is completed; its whole parser is made only now.
    """

    def __init__(self, *args: Any, program: _Program, **options: Any) -> None:
        super().__init__(*args, **options)
        self._program = program

    def __call__(
        self, parser: argparse.ArgumentParser, _namespace: argparse.Namespace, values: Any, _: Any = None
    ) -> None:
        try:
            import shtab
        except ImportError as error:
            raise RuntimeUnavailable(
                "shell completion needs shtab: pip install 'pocketshelf[completion]'"
            ) from error
        whole = self._program.parser()
        for action in _actions(whole):
            kind = str(action.metavar or "")
            if kind.startswith(FOLDERS):
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif kind.startswith(FILES):
                action.complete = shtab.FILE  # type: ignore[attr-defined]
        tell_lines(shtab.complete(whole, values))
        parser.exit()


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _actions(each)
        else:
            yield action
