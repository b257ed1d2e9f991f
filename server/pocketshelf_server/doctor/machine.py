"""The machine: room on the disk, and its clock."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.finding import Finding, advice, good, wrong
from pocketshelf_server.owner import out_of_reach, owner_of
from pocketshelf_server.site import DEFAULT_EXPIRY_DAYS
from pocketshelf_server.trust.expiry import renewal

__all__ = ["clock", "disk"]

# Beside what is published: databases' logs, metadata.
SPARE_BYTES = 50_000_000
# Clocks of machines that share a folder may differ by this.
TOLERANCE = timedelta(minutes=5)
RUN_AS = "run this as the one who publishes"
CLOCK = "set the clock (NTP), and then: pocketshelf-server keys refresh SITE --all"


def disk(case: Case) -> Iterator[Finding]:
    """Whether there is room for the next publication, and leave to write it."""
    folder = case.site.folder
    unpacked = (int(t.custom.get("uncompressed_length", 0)) for t in case.repository.signed())
    needed, free = 3 * max(unpacked, default=0) + SPARE_BYTES, case.free_bytes(folder)
    text = f"{free / 1e6:.0f} MB are free, a publication needs up to {needed / 1e6:.0f} MB"
    if free < needed:
        yield wrong("disk", text, f"free some space on the volume of {folder}")
    else:
        yield good("disk", text)
    if not os.access(folder, os.W_OK):
        yield advice("disk", f"{folder} cannot be written by this user", RUN_AS)


def owner(case: Case) -> Iterator[Finding]:
    """Whether what other users wrote here, as root by mistake, can be used by the one whose the site is."""
    found = out_of_reach(case.site)
    if not found:
        return
    whose, folder = owner_of(case.site), case.site.folder
    more = f" and {len(found) - 1} more" if found[1:] else ""
    yield wrong(
        "owner",
        f"the site is {whose}'s, who cannot use what another user wrote there: {found[0]}{more}",
        f"as root: chown -R {whose}: {folder}; and run commands as that user: sudo -u {whose} …",
    )


def clock(case: Case) -> Iterator[Finding]:
    """Whether something here is from the future."""
    late = case.now + TOLERANCE
    # Every signature replaces it; older versions beside it keep their time.
    written = datetime.fromtimestamp((case.site.metadata / "timestamp.json").stat().st_mtime, UTC)
    present = f"the clock says {case.now:%Y-%m-%d %H:%M} UTC"
    if written > late:
        yield wrong("clock", f"{present}, but files were written at {written:%Y-%m-%d %H:%M} UTC", CLOCK)
        return
    for status in case.repository.status():
        days = max(case.config.expiry_days[status.role], DEFAULT_EXPIRY_DAYS[status.role])
        if (signed := status.expires - timedelta(days=days)) > late:
            text = f"{present}, but {status.role} was signed after {signed:%Y-%m-%d %H:%M} UTC"
            yield wrong("clock", text, CLOCK if status.role != "root" else renewal("root"))
            return
    yield good("clock", present)
