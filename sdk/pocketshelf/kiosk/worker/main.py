"""The process that reads photos: `main` with DESK and OPTIONS as its command line (see `WorkerSpec`).

Orders come on its standard input and answers leave on its standard output, see `messages`. It ends when the
kiosk does, in whichever way, since its standard input then closes.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pocketshelf.errors import PhotoError, PocketshelfError, UsageError, one_line
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.kiosk.worker.messages import UNFIT, Answer, receive, send
from pocketshelf.runtime.notices import owns_process

__all__ = ["Desk", "main", "resident_bytes"]

STATM = Path("/proc/self/statm")
log = logging.getLogger("pocketshelf.kiosk")


class Desk(Protocol):
    """What a worker does."""

    @property
    def revision(self) -> str:
        """Which shelf is open."""
        ...

    def serve(self, do: str, wishes: Mapping[str, Any], body: bytes) -> bytes:
        """Carry out an order; the project's errors, and `NotFound`, are answers."""
        ...


@owns_process
def main(arguments: list[str]) -> None:
    """Serve until the other end closes."""
    orders, answers = _own_streams()
    _bind()
    pending: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    try:
        desk = _desk(arguments[0], json.loads(arguments[1]))
    except Exception as error:
        if not isinstance(error, PocketshelfError | OSError):
            log.exception("a worker's start")
        send(answers, Answer(error=UNFIT, message=one_line(error, 500)).head())
        return
    # In a thread, so that the kiosk's end is noticed in the midst of a photo.
    threading.Thread(target=_receive, args=(orders, pending), daemon=True).start()
    send(answers, Answer(revision=desk.revision, rss=resident_bytes()).head())
    while True:
        answer = _answer(desk, *pending.get())
        send(answers, answer.head(), answer.body)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """The pipes, out of the way of whatever a library prints: that goes to standard error."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return orders, answers


def _bind() -> None:
    """No interrupt but the kiosk's own end, and no core dump: it would hold a photo."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="pocketshelf: worker: %(message)s", stream=sys.stderr)
    with contextlib.suppress(ImportError):  # Windows writes none.
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _desk(name: str, options: dict[str, Any]) -> Desk:
    module, _, made = name.partition(":")
    desk: Desk = getattr(importlib.import_module(module), made)(**options)
    return desk


def _receive(orders: BinaryIO, pending: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    try:
        while True:
            pending.put(receive(orders))
    finally:
        os._exit(0)


def _answer(desk: Desk, wishes: dict[str, Any], body: bytes) -> Answer:
    try:
        done, error, message = desk.serve(wishes.pop("do"), wishes, body), None, None
    except Exception as failure:
        done, (error, message) = b"", _told(failure)
    return Answer(done, error, message, desk.revision, resident_bytes())


def _told(failure: Exception) -> tuple[str, str]:
    """A code of the kiosk's errors, and one line."""
    if isinstance(failure, PhotoError):
        return "photo_unreadable", str(failure)
    if isinstance(failure, UsageError | ValueError | TypeError):
        return "usage", one_line(failure)
    if isinstance(failure, NotFound):
        return "not_found", str(failure)
    if isinstance(failure, MemoryError):
        return "photo_unreadable", "photo: not enough memory to read it; reduce it first"
    if isinstance(failure, PocketshelfError):
        return "store", str(failure)
    # Where it happened, and not what it says: that may quote what was sent.
    places = "".join(traceback.format_tb(failure.__traceback__))
    log.error("%s\n%s", type(failure).__name__, places)
    return "store", f"{type(failure).__name__}; the kiosk's log has the details"


def resident_bytes() -> int:
    """Memory that this process holds; 0 where that cannot be told."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
