"""What one photo may cost, and how a process binds itself to it (``setrlimit``; POSIX)."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Limits"]

STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Limits:
    """What one photo may cost.

    Attributes:
        memory_bytes: address space beyond what the loaded models take. Pixels of 64 megapixels with alpha,
            and what flattening them needs, fit into the default.
        cpu_seconds: processor time.
        wall_seconds: time on the clock; longer, since the machine has other work.
    """

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 10
    wall_seconds: float = 30.0

    def bind_memory(self) -> None:
        """Bound this process's address space from now on. Linux only: elsewhere it cannot be told or kept."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if STATM.exists():
            taken = int(STATM.read_text().split()[0]) * resource.getpagesize()
            _lower(resource.RLIMIT_AS, taken + self.memory_bytes)

    def bind_cpu(self) -> None:
        """Let the next photo use ``cpu_seconds``; then the kernel ends the process (SIGXCPU)."""
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(time.process_time()) + 1 + self.cpu_seconds
        resource.setrlimit(
            resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
        )


def _lower(kind: int, most: int) -> None:
    """Soft and hard limit, never above what is allowed already."""
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))
