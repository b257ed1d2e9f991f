"""A worker that is always there: a bounded queue before it, and a watchdog that replaces it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pocketshelf.kiosk.worker.messages import Answer, Order
from pocketshelf.kiosk.worker.process import START_SECONDS, WorkerLost, WorkerProcess, WorkerSpec, WorkerUnfit
from pocketshelf.kiosk.worker.turnstile import Turnstile

__all__ = ["Busy", "Engine", "Refused", "Stuck", "Waits"]

WATCH_EVERY_S = 1.0
# After a worker could not start, so that a damaged bundle does not cost a start a second.
FIRST_REST_S, LONGEST_REST_S = 2.0, 60.0
# Where a worker grows as fast as it is replaced, it is not replaced without end.
RENEW_EVERY_S = 600.0
log = logging.getLogger("pocketshelf.kiosk")


class Busy(Exception):
    """No answer now: the worker is at another photo, or starting."""


class Stuck(Exception):
    """The worker ended at this one, or had to be ended; another takes its place."""


class Refused(Exception):
    """The worker says no.

    Attributes:
        code: of the kiosk's errors.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Waits:
    """How long an order may wait for its turn, and how long it may then take, in seconds."""

    turn_s: float = 0.0
    answer_s: float = 20.0


class Engine:
    """One worker, or the next one.

    Args:
        spec: what a worker starts with.
        places: orders that may wait for their turn.
        most_growth: bytes of memory that a worker may take beyond what it had when it was fresh; then it is
            replaced when it rests. No bound if 0.
        on_shelf: told a new revision of the shelf, on any thread; it may ask for what that is.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        spec: WorkerSpec,
        places: int = 3,
        most_growth: int = 0,
        on_shelf: Callable[[str], object] = lambda revision: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec, self._most_growth, self._clock = spec, most_growth, clock
        self._on_shelf = on_shelf
        self._turnstile = Turnstile(places)
        self._worker: WorkerProcess | None = None
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._watch_on, name="pocketshelf-watchdog", daemon=True)
        self._rss, self._fresh_rss, self._revision, self._news = 0, 0, "", False
        self._rest_until, self._rest = 0.0, FIRST_REST_S
        self._renewed = -math.inf
        self.fault: str | None = None
        self.restarts = 0
        self.restarted: float | None = None

    @property
    def pid(self) -> int | None:
        """The worker's process, if one runs."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive else None

    @property
    def is_free(self) -> bool:
        """Whether an order would be taken at once."""
        return self._turnstile.is_free

    @property
    def rss(self) -> int:
        """Bytes of memory that the worker held at its last answer."""
        return self._rss

    def launch(self) -> None:
        """Start the first worker, without waiting: several engines' load their models side by side."""
        self._replace()

    def start(self) -> None:
        """Start the first worker if it was not, wait until it is ready, and watch over it and those after it.

        Raises:
            WorkerUnfit: it could not start.
        """
        with self._turn(START_SECONDS):
            if self._worker is None:
                self._replace()
            try:
                self._await_ready()
            except WorkerUnfit:
                self.close()
                raise
        self._announce()
        self._watch.start()

    def close(self) -> None:
        """End the worker."""
        self._closed.set()
        if self._worker is not None:
            self._worker.close()

    def ask(self, order: Order, body: bytes = b"", waits: Waits | None = None) -> Answer:
        """The worker's answer.

        Raises:
            Busy: it is at another order for longer than this one may wait.
            Stuck: it ended at this order, or had to be ended.
            Refused: it says no, or cannot start.
        """
        waits = waits or Waits()
        with self._turn(waits.turn_s):
            answer = self._asked(order, body, waits.answer_s)
        self._announce()
        if answer.error is not None:
            raise Refused(answer.error, answer.message or answer.error)
        return answer

    def _asked(self, order: Order, body: bytes, seconds: float) -> Answer:
        worker = self._worker
        if self.fault is not None:
            raise Refused("store", self.fault)
        if worker is None or not worker.alive or not worker.ready:
            raise Busy("starting")
        try:
            answer = worker.ask(order, body, seconds)
        except WorkerLost as error:
            log.warning(
                "the worker (process %d) ended at %s: %s; another one starts", worker.pid, order.do, error
            )
            self._count_restart()
            self._replace()
            raise Stuck(str(error)) from error
        self._rss = answer.rss
        self._take_revision(answer)
        return answer

    @contextmanager
    def _turn(self, wait_s: float) -> Iterator[None]:
        if not self._turnstile.enter(wait_s):
            raise Busy("at another photo")
        try:
            yield
        finally:
            self._turnstile.leave()

    def _replace(self) -> None:
        """Another worker in the place of this one, whose turn it must be."""
        if self._worker is not None:
            self._worker.close()
        if not self._closed.is_set():
            self._worker = WorkerProcess(self._spec)

    def _count_restart(self) -> None:
        self.restarts += 1
        self.restarted = self._clock()

    def _await_ready(self) -> None:
        if self._worker is None:
            return
        said = self._worker.wait_until_ready()
        self.fault, self._rest = None, FIRST_REST_S
        if said is not None:
            self._rss = self._fresh_rss = said.rss
            self._take_revision(said)

    def _take_revision(self, answer: Answer) -> None:
        self._news = self._news or answer.revision != self._revision
        self._revision = answer.revision

    def _announce(self) -> None:
        """Outside of a turn, since who is told may ask."""
        if self._news:
            self._news = False
            self._on_shelf(self._revision)

    def _watch_on(self) -> None:
        while not self._closed.wait(WATCH_EVERY_S):
            try:
                self._look_after()
            except Exception:  # Whatever it was, the watch goes on.
                log.exception("the watch over the worker")

    def _look_after(self) -> None:
        worker = self._worker
        if worker is None or self._clock() < self._rest_until:
            return
        if not worker.alive:
            self._at_rest(self._revive)
        elif not worker.ready:
            self._at_rest(self._make_ready)
        elif self._has_grown() and self._clock() > self._renewed + RENEW_EVERY_S:
            self._at_rest(self._renew)

    def _has_grown(self) -> bool:
        return bool(self._most_growth) and self._rss > self._fresh_rss + self._most_growth

    def _at_rest(self, act: Callable[[], None]) -> None:
        """In its turn; if it has none soon, at the next look."""
        try:
            with self._turn(WATCH_EVERY_S):
                act()
        except Busy:
            return
        self._announce()

    def _revive(self) -> None:
        if self._worker is not None and not self._worker.alive:
            if self.fault is None:
                log.warning("the worker (process %d) is gone; another one starts", self._worker.pid)
                self._count_restart()
            self._replace()
            self._make_ready()

    def _make_ready(self) -> None:
        try:
            self._await_ready()
        except WorkerUnfit as error:
            if self._closed.is_set():
                return
            log.error("the worker cannot start: %s; next try in %.0f s", error, self._rest)
            self.fault = str(error)
            self._rest_until = self._clock() + self._rest
            self._rest = min(2 * self._rest, LONGEST_REST_S)

    def _renew(self) -> None:
        """A fresh worker for one that has grown; the old one goes when the new one is ready."""
        log.info("the worker holds %.0f MB; a fresh one takes its place", self._rss / 1e6)
        self._renewed = self._clock()
        old, fresh = self._worker, WorkerProcess(self._spec)
        try:
            said = fresh.wait_until_ready()
        except WorkerUnfit as error:
            log.error("no fresh worker: %s", error)
            fresh.close()
            self._rest_until = self._clock() + LONGEST_REST_S
            return
        self._worker = fresh
        if old is not None:
            old.close()
        if said is not None:
            self._rss = self._fresh_rss = said.rss
            self._take_revision(said)
