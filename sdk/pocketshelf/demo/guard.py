"""Run a command that must not outlive its parent: ``python guard.py COMMAND…``.

The parent holds the other end of standard input. When that closes, because the parent is done or because
it was killed, the command is ended. This file imports nothing of the package, so that it starts at once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

__all__ = ["main"]

_PATIENCE_SECONDS = 5.0


def main(command: list[str]) -> int:
    """Run ``command`` until it ends or standard input does; returns its exit code."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_wait_for_parent, args=(child,), daemon=True).start()
    return child.wait()


def _wait_for_parent(child: subprocess.Popen[bytes]) -> None:
    # Not by `sys.stdin`: a thread that waits in its buffer makes Python abort at exit.
    while os.read(0, 4096):
        pass
    child.terminate()
    try:
        child.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
