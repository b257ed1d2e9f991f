"""How many connections this process may hold: as many as its file descriptors suffice for."""

from __future__ import annotations

from pocketshelf.errors import ServerError

__all__ = ["connections_for"]

WANTED = 2000
LEAST = 16
# A socket, and a file for a long body or a long answer.
A_CONNECTION = 2
# Databases, and the files that requests open while they are answered; then logs, pipes, libraries.
A_THREAD, OTHERS = 10, 64


def connections_for(threads: int) -> int:
    """The most connections; the process's soft limit is raised as far as that needs and the hard one allows.

    Raises:
        ServerError: there are too few descriptors to serve at all.
    """
    reserve = A_THREAD * threads + OTHERS
    soft = _raise_limit(A_CONNECTION * WANTED + reserve)
    connections = min(WANTED, (soft - reserve) // A_CONNECTION)
    if connections < LEAST:
        least = A_CONNECTION * LEAST + reserve
        raise ServerError(
            f"{soft} open files are too few for {threads} threads; allow {least} (ulimit -n), or take fewer "
            "--threads"
        )
    return connections


def _raise_limit(need: int) -> int:
    try:
        import resource
    except ImportError:  # Windows has no such limit on sockets.
        return need
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return need if soft == resource.RLIM_INFINITY else soft
