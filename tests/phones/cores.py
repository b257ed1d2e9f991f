"""The phones' cores by their command line, where they are built: `android_demo/check`, `ios_demo/check`."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["CORES", "REQUIRED", "Core"]

ROOT = Path(__file__).resolve().parents[2]
# Set by the CI: there a core that is not built is a failure.
REQUIRED = os.environ.get("POCKETSHELF_PHONES") == "required"


@dataclass(frozen=True)
class Core:
    """One core's program.

    Attributes:
        demo: the folder of its demo, whose ``check`` builds it.
    """

    name: str
    demo: str

    @property
    def program(self) -> Path:
        """What runs it."""
        return ROOT / self.demo / "build" / "pocketshelf-core"

    def require(self) -> Path:
        """The program; skips the test where it is not built, or fails it where it has to be."""
        if self.program.exists():
            return self.program
        why = f"the {self.name} core is not built: {self.demo}/check builds it"
        return pytest.fail(why) if REQUIRED else pytest.skip(why)

    def command(self, *arguments: object) -> list[str]:
        """The command line."""
        return [str(self.require()), *map(str, arguments)]

    def run(self, *arguments: object, seconds: float = 120) -> list[Any]:
        """The JSON lines that a command prints.

        Raises:
            AssertionError: it does not end with 0.
        """
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=seconds)
        assert done.returncode == 0, f"{self.name} {arguments[0]}: exit {done.returncode}: {done.stderr}"
        return [json.loads(line) for line in done.stdout.splitlines()]


CORES = (Core("kotlin", "android_demo"), Core("swift", "ios_demo"))
