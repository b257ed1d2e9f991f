"""A process beside this one that is asked one thing at a time, and ended when it is late.

What reads strangers' photos may hang, be killed or eat all memory; so it is not this process. How the two
talk (pipes, a connection) is for those who build on this.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["AskedProcess", "WorkerLost", "WorkerUnfit"]


class WorkerLost(Exception):
    """The process ended before it answered.

    Attributes:
        late: it was ended since it took too long.
        killed: something else on the machine ended it, most likely not for what it was asked.
    """

    def __init__(self, how: str, late: bool = False, killed: bool = False) -> None:
        super().__init__(how)
        self.late = late
        self.killed = killed


class WorkerUnfit(Exception):
    """The process could not start; the message says why."""


class AskedProcess:
    """One process, started afresh and never forked: this one has threads, and locks that they hold.

    One thread at a time may ask it.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._late = False

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, at once."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """For one exchange: past ``seconds`` the process is killed, which ends the exchange as well.

        Raises:
            WorkerLost: the exchange broke off, for whatever reason.
        """
        # A timer, not a poll: a process that has stopped would block the sending as well.
        timer = threading.Timer(seconds, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (EOFError, OSError, ValueError) as error:
            raise self._lost() from error
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def _lost(self) -> WorkerLost:
        try:
            # It has ended, or is about to: its end of the connection is closed.
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.kill()
            return WorkerLost("it closed its connection")
        if self._late or code == -signal.SIGXCPU:
            return WorkerLost("it took too long", late=True)
        how = signal.strsignal(-code) or str(code) if code < 0 else f"exit code {code}"
        return WorkerLost(how, killed=code == -signal.SIGKILL)
