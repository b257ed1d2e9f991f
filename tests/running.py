"""Whether a process still runs: one that ended is no error, whenever it did."""

from __future__ import annotations

import os
from pathlib import Path


def runs(pid: int) -> bool:
    """Whether there is such a process; a zombie that nobody waits for is no longer running."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not Path("/proc/self/stat").exists():
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False  # Ended since, between being asked for and being read.
    return stat.rpartition(")")[2].split()[0] != "Z"
