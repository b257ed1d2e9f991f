"""The project's commands, run as a user runs them; figures are read from their JSON."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.answer import Answer, from_line

__all__ = ["CommandFailed", "answers", "build_store", "detect", "search"]

# Crops asked for ahead of their answers: enough to keep the other side busy, far below a pipe's size.
AHEAD = 8
ANSWERS = ("-m", "pocketshelf.answers")


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
        raise _failed(f"pocketshelf {arguments[0]}", done.returncode, done.stderr)
    return done.stdout


def _failed(command: str, code: int, stderr: str) -> CommandFailed:
    last = (stderr.strip().splitlines() or ["no message"])[-1]
    return CommandFailed(f"{command} ended with {code}: {last.removeprefix('pocketshelf: ')}")


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


def answers(kind: str, bundle: Path, crops: Sequence[Any]) -> Iterator[Answer]:
    """One answer a crop, in order and as they come, by ``python -m pocketshelf.answers``.

    Args:
        kind: "embedder" or "detector".
        crops: with ``image`` and ``box``, see `pocketshelf_training.predict.subject.Crop`.

    Raises:
        CommandFailed: the bundle cannot be used; the message is the process's last line.
    """
    command = [sys.executable, *ANSWERS, kind, "--bundle", str(bundle)]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdin is not None and process.stdout is not None
        try:
            asked = 0
            for place in range(len(crops)):
                while asked < min(len(crops), place + AHEAD):
                    _ask(process.stdin, crops[asked])
                    asked += 1
                line = process.stdout.readline()
                if not line.endswith("\n"):
                    code = process.wait()
                    log.seek(0)
                    raise _failed("python -m pocketshelf.answers", code, log.read())
                yield from_line(line)
        finally:
            # Whoever stops reading half-way leaves the process nothing to do.
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    pipe.close()


def _ask(stream: IO[str], crop: Any) -> None:
    # A process that has ended is noticed where its answer is read, with its message.
    with contextlib.suppress(BrokenPipeError):
        stream.write(json.dumps({"photo": str(crop.image), "box": crop.box}) + "\n")
        stream.flush()


def _lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]
