"""A worker process as the kiosk holds it: started, asked, and ended when it is late."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from pocketshelf.kiosk.worker.messages import UNFIT, Answer, Order, receive, send

__all__ = ["SECRETS", "WorkerLost", "WorkerProcess", "WorkerSpec", "WorkerUnfit"]

MAIN = "import sys; from pocketshelf.kiosk.worker.main import main; main(sys.argv[1:])"
# Models are loaded, and a large shelf's attributes counted, on a busy small machine.
START_SECONDS = 120.0
# A worker that reads strangers' photos has no need of them.
SECRETS = ("POCKETSHELF_KIOSK_PIN",)


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker starts with.

    Attributes:
        desk: ``module:class`` of what it does; made of ``options``, see `pocketshelf.kiosk.desk`.
        options: JSON's types only.
    """

    desk: str
    options: Mapping[str, Any] = field(default_factory=dict)


class WorkerLost(Exception):
    """The process ended before it answered.

    Attributes:
        late: it was ended since it took too long.
    """

    def __init__(self, how: str, late: bool = False) -> None:
        super().__init__(how)
        self.late = late


class WorkerUnfit(Exception):
    """The process could not start; the message says why."""


class WorkerProcess:
    """One process, which loads its models while this goes on. One thread at a time may use it.

    It is started afresh, never forked: this process has threads, and locks that they hold.
    """

    def __init__(self, spec: WorkerSpec) -> None:
        self._late = False
        self._closing = threading.Lock()
        self.ready = False
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", MAIN, spec.desk, json.dumps(dict(spec.options))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def wait_until_ready(self, seconds: float = START_SECONDS) -> Answer | None:
        """What it says of itself when it is; None if it said so before.

        Raises:
            WorkerUnfit: it did not start.
        """
        if self.ready:
            return None
        try:
            said = self._exchange(None, b"", seconds)
        except WorkerLost as error:
            raise WorkerUnfit(f"the process ended before it was ready ({error})") from error
        if said.error == UNFIT:
            raise WorkerUnfit(said.message or "it does not say why")
        self.ready = True
        return said

    def ask(self, order: Order, body: bytes, seconds: float) -> Answer:
        """Its answer.

        Raises:
            WorkerLost: it ended, or had to be ended after ``seconds``.
        """
        return self._exchange(order, body, seconds)

    def close(self) -> None:
        """End it, at once."""
        self._process.kill()
        self._process.wait()
        with self._closing:
            for stream in (self._process.stdin, self._process.stdout):
                try:
                    cast(BinaryIO, stream).close()
                except OSError:  # What was not sent yet is for nobody.
                    continue

    def _exchange(self, order: Order | None, body: bytes, seconds: float) -> Answer:
        # A timer, not a poll: a process that has stopped would block the sending as well.
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            if order is not None:
                send(cast(BinaryIO, self._process.stdin), order.to_json(), body)
            return Answer.of(*receive(cast(BinaryIO, self._process.stdout)))
        except (EOFError, OSError, ValueError) as error:
            raise self._end() from error
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _end(self) -> WorkerLost:
        try:
            # It has ended, or is about to: its end of a pipe is closed.
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return WorkerLost("it closed its pipes")
        if self._late:
            return WorkerLost("it took too long", late=True)
        return WorkerLost(signal.strsignal(-code) or str(code) if code < 0 else f"exit code {code}")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    # Two heaps: with one a thread, what a large photo took would be given back late (glibc).
    return {"MALLOC_ARENA_MAX": "2", **kept, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
