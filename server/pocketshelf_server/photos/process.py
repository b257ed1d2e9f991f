"""A worker process as the server holds it: started, asked, and ended when it is late."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import threading
from dataclasses import asdict

from pocketshelf.process import AskedProcess, WorkerLost, WorkerUnfit
from pocketshelf.recall.pictures import MAX_BYTES
from pocketshelf_server.photos.worker import READY, Options, Order

__all__ = ["WorkerLost", "WorkerProcess", "WorkerUnfit"]

MAIN = "import sys; from pocketshelf_server.photos.worker import main; main(sys.argv[1:])"
START_SECONDS = 60.0
# A picture made small, a vector of the largest dimension that a space may have, or a line of text.
MAX_ANSWER = MAX_BYTES + 1000
# The environment is not handed on: it may hold the root key's passphrase or a database's password.
ENVIRONMENT = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "TZ",
    "VIRTUAL_ENV",
)


class WorkerProcess(AskedProcess):
    """One process, which loads its models while this goes on."""

    def __init__(self, options: Options) -> None:
        self._limits = options.limits
        self._ready = False
        self._closing = threading.Lock()
        self._connection, theirs = multiprocessing.Pipe()
        with theirs:
            super().__init__(
                subprocess.Popen(
                    [sys.executable, "-P", "-c", MAIN, str(theirs.fileno()), options.to_json()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=_environment(),
                )
            )

    def ask(self, order: Order, photo: bytes) -> bytes:
        """Its answer, see `pocketshelf_server.photos.worker`.

        Raises:
            WorkerLost: it ended at the photo; so it does when it takes longer than its limits say.
            WorkerUnfit: it did not start.
        """
        if not self._ready:
            self._wait_until_ready()
        return self._exchange([json.dumps(asdict(order)).encode(), photo], self._limits.wall_seconds)

    def close(self) -> None:
        """End it, at once."""
        self.kill()
        with self._closing:
            self._connection.close()

    def _wait_until_ready(self) -> None:
        try:
            said = self._exchange([], START_SECONDS)
        except WorkerLost as error:
            raise WorkerUnfit(f"the process ended before it was ready ({error})") from error
        if said != READY:
            raise WorkerUnfit(said[1:].decode("utf-8", "replace"))
        self._ready = True

    def _exchange(self, messages: list[bytes], seconds: float) -> bytes:
        with self.within(seconds):
            for message in messages:
                self._connection.send_bytes(message)
            return self._connection.recv_bytes(MAX_ANSWER)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # One thread each: the processes are as many as the operator wants of them.
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**kept, **single, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
