"""Whose a site is: of what another user writes there, as root by mistake, its own cannot use all."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from pocketshelf_server.site import Site

__all__ = ["RUN_AS_ITS_USER", "is_not_let", "out_of_reach", "owner_of", "remedy"]

RUN_AS_ITS_USER = (
    "run this as the user whose the site is; `pocketshelf-server doctor SITE` names what is another's"
)

# Written in their place; whatever else is replaced, which only their folder must allow.
WRITTEN_IN_PLACE = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".lock")
NOT_LET = (errno.EACCES, errno.EPERM)


def owner_of(site: Site) -> str:
    """The name of the user whose the site's folder is; where the system knows none, the number."""
    uid = site.folder.stat().st_uid
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)


def out_of_reach(site: Site) -> list[Path]:
    """What other users' files and folders the site's own user can not use as it must.

    The offline keys need not be its, nor the pictures within their folder.
    """
    whose = site.folder.stat()
    if os.name == "nt" or whose.st_uid == 0:
        return []
    return [path for path in _looked_at(site) if not _usable(path, whose.st_uid, whose.st_gid)]


def _looked_at(site: Site) -> Iterator[Path]:
    for folder, names, files in os.walk(site.folder):
        here = Path(folder)
        yield from (here / name for name in (*names, *files))
        names[:] = [n for n in names if here / n not in (site.offline_keys, site.unpacked)]


def _usable(path: Path, uid: int, gid: int) -> bool:
    try:
        status = path.lstat()
    except OSError:  # Gone meanwhile, as a log of SQLite's.
        return True
    if status.st_uid == uid:
        return True
    mode = stat.S_IMODE(status.st_mode)
    allowed = (mode >> 3 if status.st_gid == gid else mode) & 7
    needed = 7 if stat.S_ISDIR(status.st_mode) else 6 if path.name.endswith(WRITTEN_IN_PLACE) else 4
    return allowed & needed == needed


def remedy(error: OSError) -> str:
    """What to do about a file that cannot be written."""
    if error.errno in NOT_LET:
        return RUN_AS_ITS_USER
    return "free some space"


def is_not_let(error: sqlite3.Error, path: Path) -> bool:
    """Whether SQLite fails at ``path`` as this process's user may not read it, or not write to it."""
    if "readonly" in str(error):
        return True
    place = path if os.access(path, os.F_OK) else path.parent
    effective = os.access in os.supports_effective_ids
    return "unable to open" in str(error) and not os.access(place, os.R_OK | os.W_OK, effective_ids=effective)
