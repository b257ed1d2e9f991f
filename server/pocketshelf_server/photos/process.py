"""A worker process as the server holds it: started, asked, and ended when it is late."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict

from pocketshelf_server.photos.worker import READY, Options, Order

__all__ = ["WorkerLost", "WorkerProcess", "WorkerUnfit"]

MAIN = "import sys; from pocketshelf_server.photos.worker import main; main(sys.argv[1:])"
START_SECONDS = 60.0
# A vector of the largest dimension that a space may have, or a line of text.
MAX_ANSWER = 1_000_000
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


class WorkerLost(Exception):
    """The process ended before it answered.

    Attributes:
        late: it was ended since the photo took too long.
        killed: something else on the machine ended it, most likely not for this photo.
    """

    def __init__(self, how: str, late: bool = False, killed: bool = False) -> None:
        super().__init__(how)
        self.late = late
        self.killed = killed


class WorkerUnfit(Exception):
    """The process could not start; the message says why."""


class WorkerProcess:
    """One process, which loads its models while this goes on. One thread at a time may use it.

    It is started afresh, never forked: this process has threads, and locks that they hold.
    """

    def __init__(self, options: Options) -> None:
        self._limits = options.limits
        self._late = False
        self._ready = False
        self._closing = threading.Lock()
        self._connection, theirs = multiprocessing.Pipe()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", MAIN, str(theirs.fileno()), options.to_json()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
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
        self._process.kill()
        self._process.wait()
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
        # A timer, not a poll: a process that has stopped would block the sending as well.
        timer = threading.Timer(seconds, self._give_up)
        timer.start()
        try:
            for message in messages:
                self._connection.send_bytes(message)
            return self._connection.recv_bytes(MAX_ANSWER)
        except (EOFError, OSError) as error:
            raise self._end() from error
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _end(self) -> WorkerLost:
        try:
            # It has ended, or is about to: its end of the connection is closed.
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return WorkerLost("it closed its connection")
        if self._late or code == -signal.SIGXCPU:
            return WorkerLost("it took too long", late=True)
        how = signal.strsignal(-code) or str(code) if code < 0 else f"exit code {code}"
        return WorkerLost(how, killed=code == -signal.SIGKILL)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    # One thread each: the processes are as many as the operator wants of them.
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return {**kept, **single, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
