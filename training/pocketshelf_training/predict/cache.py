"""Answers kept in a file, line by line, so that a killed evaluation goes on where it was.

The file's name is a digest of the model and of the list of crops with their photos' sizes: answers of
anything else are never found. Each line carries its place in the list; what follows the first line that is
cut or out of place is dropped and asked for again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.answer import Answer, from_json, to_json
from pocketshelf_training.predict.subject import Crop, Subject

__all__ = ["CacheError", "Progress", "answers_of"]

# Changes when the arithmetic of the answers does.
VERSION = 1


class CacheError(PocketshelfError):
    """The folder of kept answers cannot be written."""


def answers_of(subject: Subject, crops: Sequence[Crop], cache: Path, what: str) -> list[Answer]:
    """One answer a crop, from ``cache`` as far as it goes; the rest are computed and appended.

    Args:
        what: a few words for the progress line.

    Raises:
        CacheError: the cache cannot be written.
    """
    path = cache / f"{subject.kind}-{_digest(subject, crops)}.jsonl"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as stream:
            known = _read(stream, len(crops))
            _compute(subject, crops, known, stream, what)
    except OSError as error:
        raise CacheError(f"{path}: cannot be written ({error.strerror or error})") from error
    return known


def _digest(subject: Subject, crops: Sequence[Crop]) -> str:
    digest = hashlib.blake2b(f"{VERSION} {subject.kind} {subject.digest}".encode(), digest_size=12)
    for image, box in crops:
        size = -1
        with contextlib.suppress(OSError):
            size = image.stat().st_size
        digest.update(f"\n{image} {size} {box}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _read(stream: TextIO, most: int) -> list[Answer]:
    """The answers in order; the file is cut behind the last good one."""
    known: list[Answer] = []
    stream.seek(0)
    good = stream.tell()
    while line := stream.readline():
        try:
            document = json.loads(line)
            if not line.endswith("\n") or document["n"] != len(known) or len(known) >= most:
                break
            known.append(from_json(document))
        except (ValueError, KeyError, TypeError):
            break
        good = stream.tell()
    stream.seek(good)
    stream.truncate()
    return known


def _compute(subject: Subject, crops: Sequence[Crop], known: list[Answer], stream: TextIO, what: str) -> None:
    progress = Progress(len(crops), len(known), what)
    for answer in subject.answers(crops[len(known) :]) if len(known) < len(crops) else ():
        stream.write(json.dumps({"n": len(known), **to_json(answer)}) + "\n")
        stream.flush()
        known.append(answer)
        progress.step()
    progress.end()


class Progress:
    """``what: done/total, time left`` on standard error: one line that changes, or one every ten seconds.

    Args:
        done: of ``total``, before this run.
    """

    def __init__(self, total: int, done: int, what: str) -> None:
        self.total, self.first, self.done, self.what = total, done, done, what
        self.started = self.said = self.paced = time.monotonic()
        self.terminal = sys.stderr.isatty()
        if done and done < total:
            print(f"{what}: {done} of {total} are known, going on", file=sys.stderr, flush=True)

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        now = time.monotonic()
        if self.done == self.first + 1:  # The model was loaded meanwhile: no measure of the pace.
            self.paced = now
        elif self.done < self.total and now - self.said >= (0.2 if self.terminal else 10):
            self.said = now
            self._say(now)

    def _say(self, now: float) -> None:
        pace = (now - self.paced) / (self.done - self.first - 1)
        line = f"{self.what}: {self.done}/{self.total}, {_time(pace * (self.total - self.done))} left"
        print(
            f"\r{line}\x1b[K" if self.terminal else line, end="" if self.terminal else "\n", file=sys.stderr
        )
        sys.stderr.flush()

    def end(self) -> None:
        """All is done; leaves a clean line."""
        if self.done > self.first:
            line = f"{self.what}: {self.done}/{self.total}, {_time(time.monotonic() - self.started)}"
            print(f"\r{line}\x1b[K" if self.terminal else line, file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    whole = math.ceil(seconds)
    return f"{whole} s" if whole < 120 else f"{math.ceil(whole / 60)} min"
