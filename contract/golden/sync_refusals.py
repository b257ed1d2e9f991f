"""Why a sync was refused, as one name a reason: what golden syncs say beside Python's sentence.

A client of another language refuses in words of its own; its replay compares that it did for this reason.
"""

from __future__ import annotations

import re

__all__ = ["REASONS", "reason_of"]

# Reason → what Python's sentence holds then. The first that fits is it.
REASONS = {
    "rollback": "is older than what this device has seen",
    "older": "going back is refused",
    "expired": "has expired",
    "signature": "is not signed by the keys",
    "endless": "endless data",
    "slow": "sends too slowly",
    "time": "the sync took longer than",
    "mixed": "its metadata is not what was signed",
    "metadata": "its metadata is invalid",
    "another root": "another root of version|another site's",
    "bad root": "the root of trust given|the root of trust is damaged",
    "no root": "no root of trust yet",
    "no repository": "no signed repository there",
    "unpublished": "the server has not published it",
    "not served": "does not have the file it signed",
    "another part": "another part than was asked for",
    "another file": "not the file that was signed",
    "too long": "bytes are more than the|the local features of this shelf have",
    "bomb": "zip bomb|would unpack to",
    "unpacked": "does not unpack to|without its unpacked length",
    "gzip": "not a gzip file|more than one gzip member|gzip stream is cut short",
    "database": "the database is not one of this format",
    "replayed": r"the manifest's is .* \(replayed\?\)",
    "counts": "the manifest counts",
    "manifest": "manifest.json",
    "space": "update the app's bundle",
    "room": "are needed for this sync",
    "features": "not the local features of",
    "away": "cannot be reached|the connection broke|no network",
    "nothing to roll back": "no older generation|nothing was rolled back",
}


def reason_of(message: str) -> str:
    """The reason that ``message`` gives.

    Raises:
        ValueError: none of them: give it a name.
    """
    for reason, pattern in REASONS.items():
        if re.search(pattern, message):
            return reason
    raise ValueError(f"no reason of REASONS fits: {message}")
