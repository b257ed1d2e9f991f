"""A few worker processes and a short queue before them."""

from __future__ import annotations

import json
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import numpy as np

from pocketshelf.errors import PhotoError
from pocketshelf.formats.features import Print
from pocketshelf.types import Box
from pocketshelf_server.photos.limits import Limits
from pocketshelf_server.photos.process import WorkerLost, WorkerProcess, WorkerUnfit
from pocketshelf_server.photos.protocol import Enrolled, PhotoEmbedder, PhotoLost, PhotosBusy
from pocketshelf_server.photos.worker import (
    ENCODER,
    ENROLLED,
    FAILED,
    PICTURE,
    REFUSED,
    VECTOR,
    Options,
    Order,
)

__all__ = ["PhotoPool"]

WAITING = 4
# After a worker could not start, so that a damaged bundle does not cost a start a photo.
REST_SECONDS = 30
RETRY_AFTER = 2
log = logging.getLogger("pocketshelf.server")


class PhotoPool:
    """`pocketshelf_server.photos.Photos` by worker processes.

    A worker is started at the first photo that needs it: a server that is sent none pays for none. One that
    crashes, hangs or takes too much is ended; its photo costs one error, and the next one starts another.

    Args:
        bundle: folder of the models.
        workers: processes.
        waiting: photos that may wait for one.
        opener: ``module:function`` from the folder to the embedder that a worker uses.
        closely: pictures will be enrolled with their local features.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        bundle: str,
        workers: int = 1,
        waiting: int = WAITING,
        limits: Limits | None = None,
        opener: str = ENCODER,
        clock: Callable[[], float] = time.monotonic,
        closely: bool = False,
    ) -> None:
        self._options = Options(bundle, opener, limits or Limits(), closely)
        self._clock = clock
        self._places, self._taken = workers + waiting, 0
        self._rest_until = -math.inf
        # Last in, first out: the second worker is only started when the first is at work.
        self._workers: queue.LifoQueue[WorkerProcess | None] = queue.LifoQueue()
        self._guard = threading.Lock()
        self._started: set[WorkerProcess] = set()
        self._closed = False
        for _ in range(workers):
            self._workers.put(None)

    @contextmanager
    def place(self) -> Iterator[PhotoEmbedder]:
        """See `Photos.place`."""
        with self._guard:
            self.check()
            self._taken += 1
        try:
            yield self
        finally:
            with self._guard:
                self._taken -= 1

    def check(self) -> None:
        """See `Photos.check`."""
        if (left := self._rest_until - self._clock()) > 0:
            raise PhotosBusy("no photo can be read now; search by vector", math.ceil(left))
        if self._taken >= self._places:
            raise PhotosBusy("too many photos at once; send this one again, or search by vector", RETRY_AFTER)

    def embed(self, photo: bytes, box: Box | None = None) -> np.ndarray:
        """See `PhotoEmbedder.embed`."""
        return _vector(self._ask(Order(box=box), photo))

    def enrol(self, photo: bytes, closely: bool = False) -> Enrolled:
        """See `PhotoEmbedder.enrol`."""
        return _enrolled(self._ask(Order(enrol=True, closely=closely), photo))

    def smaller(self, photo: bytes, side: int) -> bytes:
        """``photo`` as a JPEG, upright, at most ``side`` pixels high and wide; raises as `embed`."""
        answer = self._ask(Order(side=side), photo)
        return answer[1:] if answer[:1] == PICTURE else _refuse(answer)

    def pids(self) -> list[int]:
        """Numbers of the processes that run now."""
        with self._guard:
            return [worker.pid for worker in self._started if worker.alive]

    def close(self) -> None:
        """End all workers; who waits for one gets an error."""
        with self._guard:
            self._closed = True
            for worker in self._started:
                worker.close()
            self._started.clear()

    def _ask(self, order: Order, photo: bytes) -> bytes:
        try:
            return self._ask_once(order, photo)
        except WorkerLost as error:
            if not error.killed:
                raise _lost(error) from error
        # Killed from outside, perhaps while it rested: that is not the photo's fault, once.
        try:
            return self._ask_once(order, photo)
        except WorkerLost as error:
            raise _lost(error) from error

    def _ask_once(self, order: Order, photo: bytes) -> bytes:
        with self._worker() as worker:
            try:
                return worker.ask(order, photo)
            except WorkerLost as error:
                log.warning("a photo worker (process %d) ended at a photo: %s", worker.pid, error)
                worker.close()
                raise
            except WorkerUnfit as error:
                log.error("no photo can be read for %d s: %s", REST_SECONDS, error)
                worker.close()
                self._rest_until = self._clock() + REST_SECONDS
                raise PhotosBusy("no photo can be read now; search by vector", REST_SECONDS) from error

    @contextmanager
    def _worker(self) -> Iterator[WorkerProcess]:
        """A worker that is alive, to be had by one thread at a time."""
        try:
            found = self._workers.get(timeout=self._options.limits.wall_seconds)
        except queue.Empty:
            raise PhotosBusy("the photos before this one take too long; send it again", RETRY_AFTER) from None
        try:
            if found is None or not found.alive:
                found = self._replaced(found)
            yield found
        finally:
            self._workers.put(found)

    def _replaced(self, old: WorkerProcess | None) -> WorkerProcess:
        with self._guard:
            if self._closed:
                raise PhotosBusy("the server is closing", RETRY_AFTER)
            if old is not None:
                self._started.discard(old)
                old.close()
            worker = WorkerProcess(self._options)
            self._started.add(worker)
            return worker


def _vector(answer: bytes) -> np.ndarray:
    return _numbers(answer[1:]) if answer[:1] == VECTOR else _refuse(answer)


def _numbers(data: bytes) -> np.ndarray:
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _enrolled(answer: bytes) -> Enrolled:
    if answer[:1] != ENROLLED:
        _refuse(answer)
    head, _, data = answer[1:].partition(b"\n")
    try:  # Whatever has taken a worker over may say anything.
        said = json.loads(head)
        length, palette = 4 * int(said["numbers"]), str(said["palette"])
        vector, features = _numbers(data[:length]), data[length:]
        if features and Print.from_bytes(features) is None:
            raise ValueError("what it calls local features are none")
    except (ValueError, KeyError, TypeError) as error:
        _refuse(FAILED + f"no answer of a worker's ({error})".encode())
    return Enrolled(vector, palette, features)


def _refuse(answer: bytes) -> NoReturn:
    text = answer[1:].decode("utf-8", "replace")
    if answer[:1] == REFUSED:
        raise PhotoError(text)
    log.error("a photo could not be read: %s", text)
    raise PhotoLost("this photo could not be read; the server's log has the details")


def _lost(error: WorkerLost) -> PhotoLost | PhotoError:
    if error.late:
        return PhotoError("photo: it takes too long to read; reduce it, or save it as a plain JPEG")
    return PhotoLost("the process that read this photo ended at it; send another photo")
