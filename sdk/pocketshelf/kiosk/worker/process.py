"""A worker process as the kiosk holds it: started, asked, and ended when it is late."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

from pocketshelf.kiosk.worker.messages import UNFIT, Answer, Order, receive, send
from pocketshelf.process import AskedProcess, WorkerLost, WorkerUnfit

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


class WorkerProcess(AskedProcess):
    """One process, which loads its models while this goes on."""

    def __init__(self, spec: WorkerSpec) -> None:
        self._closing = threading.Lock()
        self.ready = False
        self.started = time.monotonic()
        super().__init__(
            subprocess.Popen(
                [sys.executable, "-P", "-c", MAIN, spec.desk, json.dumps(dict(spec.options))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
            )
        )

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
        self.kill()
        with self._closing:
            for stream in (self._process.stdin, self._process.stdout):
                try:
                    cast(BinaryIO, stream).close()
                except OSError:  # What was not sent yet is for nobody.
                    continue

    def _exchange(self, order: Order | None, body: bytes, seconds: float) -> Answer:
        with self.within(seconds):
            if order is not None:
                send(cast(BinaryIO, self._process.stdin), order.to_json(), body)
            return Answer.of(*receive(cast(BinaryIO, self._process.stdout)))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    # Two heaps: with one a thread, what a large photo took would be given back late (glibc).
    return {"MALLOC_ARENA_MAX": "2", **kept, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
