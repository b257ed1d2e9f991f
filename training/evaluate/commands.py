"""The project's commands, run as a user runs them; figures are read from their JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sdk.errors import PocketshelfError

__all__ = ["CommandFailed", "build_store", "detect", "search"]


class CommandFailed(PocketshelfError):
    """A command ended with an error; the message carries its last line."""


def _run(arguments: list[str], bundle: Path, stdin: str = "", allowed: tuple[int, ...] = (0,)) -> str:
    environment = {**os.environ, "POCKETSHELF_BUNDLE": str(bundle)}
    done = subprocess.run(
        [sys.executable, "-m", "sdk", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode not in allowed:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CommandFailed(f"pocketshelf {arguments[0]} ended with {done.returncode}: {last}")
    return done.stdout


def build_store(catalogue: Path, store: Path, bundle: Path) -> None:
    """``pocketshelf build CATALOGUE --store STORE`` with ``bundle``."""
    _run(["build", str(catalogue), "--store", str(store)], bundle)


def search(
    photos: Iterable[Path], store: Path, bundle: Path, whole: bool = False, options: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """One result a photo, in order, by ``pocketshelf search - --json``."""
    arguments = ["search", "-", "--store", str(store), "--json", *(["--whole"] if whole else []), *options]
    return _lines(_run(arguments, bundle, "\n".join(map(str, photos)), allowed=(0, 1)))


def detect(photos: Iterable[Path], bundle: Path) -> list[dict[str, Any]]:
    """One result a photo, in order, by ``pocketshelf detect - --json``."""
    return _lines(_run(["detect", "-", "--json"], bundle, "\n".join(map(str, photos)), allowed=(0, 1)))


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
