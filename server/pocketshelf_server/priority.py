"""What nobody waits for gives way: publishing and importing take what searches leave of the machine.

A priority cannot be raised again by whoever is not root. So nothing is lowered before the process has said
that it is `own`: a caller of the library, or a server, would be slowed for good.

Linux shares the processor between sessions first, and within each by niceness (``sched(7)``, autogroups: on
by default in Debian): a publisher of niceness 19 in a shell of its own takes half of the machine from a
server. So a process that gives way is put into a session of its own, whose niceness is set as well.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from pathlib import Path

__all__ = ["HELPER", "PUBLISH", "give_way", "own"]

# Niceness. The helper's work is what a change waits for until it is found: it gets more of a full machine.
# Not 19, nor SCHED_IDLE: on a machine that other work fills, a publication would never end.
HELPER, PUBLISH = 5, 10
GROUP = Path("/proc/self/autogroup")
DIE_WITH_PARENT = 1  # prctl(2), PR_SET_PDEATHSIG
_owned = False


def own(whole: bool) -> None:
    """Say whether this process does one thing, and ends with it."""
    global _owned
    _owned = whole


def give_way(niceness: int) -> None:
    """From here on an `own` process, and what it starts, has a smaller share wherever others want theirs.

    Where the system shares by session the work goes on in a new process, which is a session, and this one
    passes on signals and its exit code. The disk's scheduler goes by niceness as well (``ioprio_set(2)``).
    """
    if not _owned:
        return
    if GROUP.exists():
        if os.getsid(0) != os.getpid():
            _go_on_in_a_session()
        with contextlib.suppress(OSError):
            GROUP.write_text(str(niceness))
    with contextlib.suppress(OSError):
        os.nice(niceness)


def _go_on_in_a_session() -> None:
    parent = os.getpid()
    # Held back until it can be passed on: what came before would end the work with this process.
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.setsid()
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        return
    for number in signals:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)
