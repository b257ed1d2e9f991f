"""Keys, signatures, tokens."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from datetime import timedelta

from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.finding import Finding, advice, good, wrong
from pocketshelf_server.trust import KeyFolder, RoleStatus
from pocketshelf_server.trust.expiry import expired, expiring_root, renewal

__all__ = ["keys", "names", "rotation", "signatures", "token"]

ROTATE = "pocketshelf-server keys rotate SITE {role} --offline DIR"


def rotation(case: Case) -> Iterator[Finding]:
    """Whether the metadata can be read at all, and no rotation of keys was cut short."""
    if case.repository.interrupted():
        yield wrong("metadata", "a rotation of keys was cut short", renewal("timestamp"))


def signatures(case: Case) -> Iterator[Finding]:
    """When they expire, and whether anything signs them again."""
    topic, statuses = "signatures", case.repository.status()
    lines = expired(statuses, case.now)
    for text, remedy in lines:
        yield wrong(topic, text, f"{remedy}; or is the clock wrong ({case.now:%Y-%m-%d %H:%M} UTC)?")
    if root := expiring_root(statuses, case.now):
        yield advice(topic, *root)
    for status in statuses[1:]:
        left, life = status.expires - case.now, timedelta(days=case.config.expiry_days[status.role])
        if timedelta() < left < life / 4:
            hours = left.total_seconds() / 3600
            text = f"that of {status.role} expires in {hours:.0f} hours, and nothing has signed it again"
            yield advice(topic, text, f"let `serve` run, or {renewal(status.role)} daily (by cron)")
    if not lines:
        first = min(statuses, key=lambda status: status.expires)
        yield good(topic, f"the first to expire is that of {first.role}, {first.expires:%Y-%m-%d %H:%M} UTC")


def keys(case: Case) -> Iterator[Finding]:
    """Whether the online keys are here, and the offline ones are not."""
    online = KeyFolder(case.site.online_keys)
    statuses = case.repository.status()
    missing = [s for s in statuses[1:] if len(online.available(s.role, s.key_ids)) < s.threshold]
    for status in missing:
        yield wrong("keys", *_missing(status))
    readable = [p for p in case.site.online_keys.glob("*.pem") if stat.S_IMODE(p.stat().st_mode) & 0o077]
    for path in readable:
        yield advice("keys", f"{path} can be read by others on this machine", f"chmod 600 {path}")
    yield from _open_folders(case)
    if any(case.site.offline_keys.glob("root-*.pem")):
        text = f"the root's key lies in {case.site.offline_keys}: who takes this machine takes the site"
        yield advice("keys", text, "move that folder to a medium that you lock away, and a copy to another")
    if not missing:
        yield good("keys", "those of targets, snapshot and timestamp are here")


def _open_folders(case: Case) -> Iterator[Finding]:
    """Folders in which others could put a token, a key or a configuration of theirs."""
    if os.name == "nt":
        return
    site, keys = case.site.folder, case.site.online_keys.parent
    for folder, bits in (
        (site, 0o002),
        (keys, 0o022),
        *((keys / name, 0o022) for name in ("online", "offline")),
    ):
        if folder.is_dir() and folder.stat().st_mode & bits:
            who = "chmod o-w" if folder == site else "chmod go-w"
            yield advice("keys", f"others on this machine can write in {folder}", f"{who} {folder}")


def _missing(status: RoleStatus) -> tuple[str, str]:
    text = f"the key of {status.role} ({status.key_ids[0][:16]}) is not in keys/online: nothing can be signed"
    return text, f"restore it from a backup, or replace it: {ROTATE.format(role=status.role)}"


def names(case: Case) -> Iterator[Finding]:
    """Whether the site says by which names it is asked."""
    known = case.config.names
    if known is None:
        text = "config.json does not say by which names it is reached: only browsers near by are held to any"
        yield advice(
            "names", text, 'put them there, as in "names": ["shelf.shop.example"]; [] for local ones alone'
        )
    else:
        yield good("names", f"asked by addresses, local names{''.join(f', {name}' for name in known)} alone")


def token(case: Case) -> Iterator[Finding]:
    """Whether the admin token is the one that the server knows."""
    known, path = case.config.token_sha256, case.site.token_path
    if known is None or not path.is_file():
        return
    digest = hashlib.sha256(path.read_text(encoding="ascii", errors="replace").strip().encode()).hexdigest()
    if digest != known:
        yield wrong(
            "token",
            f"{path} is not the token that config.json knows: /v1/changes refuses it",
            'restore both from one backup, or put the token\'s SHA-256 into config.json ("token_sha256")',
        )
