"""What devices say: a new one that has the app's root only, and stores that one can be shown."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pocketshelf.errors import PocketshelfError
from pocketshelf.store import current_sequence
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync import Answer, Limits, sync_status
from pocketshelf.sync.limits import Pace
from pocketshelf.sync.manifest import MANIFEST_NAME, Manifest, parse_manifest
from pocketshelf.sync.trust import Trust, Trusted, stored_metadata
from pocketshelf_server.doctor.case import Case
from pocketshelf_server.doctor.finding import Finding, good, wrong
from pocketshelf_server.publish.files import hashed_path
from pocketshelf_server.site import Site

__all__ = ["new_device", "stores"]

ADDRESS = "http://site"
JUMP = "an older backup was restored; devices follow after: pocketshelf-server publish SITE --jump-ahead"
# Newer roots are put back by it, and what keys these named is gone with the disk.
ROOTS = "pocketshelf-server keys rotate SITE targets snapshot timestamp --offline DIR"
PUBLISH = "pocketshelf-server publish SITE"


def new_device(case: Case) -> Iterator[Finding]:
    """Whether a device that has nothing but the oldest root gets the manifest of every shard."""
    topic, shards = "new devices", sorted({target.shard for target in case.repository.signed()})
    with _scratch() as folder:
        trust = Trust(folder / "trust", FileSystem())
        try:
            trust.establish(_oldest_root(case.site).read_bytes())
            trusted = _refresh(trust, case.site)
            found = [_manifest(case.site, trusted, name) for name in shards]
        except (PocketshelfError, FileNotFoundError) as error:
            yield _refused(topic, error)
            return
    listed = ", ".join(f"{manifest.shard} at {manifest.sequence}" for manifest in found)
    yield good(topic, f"accept this site: {listed or 'no shard is published'}")


def stores(case: Case) -> Iterator[Finding]:
    """Whether the devices of ``case`` would follow."""
    for path in case.devices:
        yield from _store(case, path)


def _store(case: Case, path: Path) -> Iterator[Finding]:
    topic = f"device {path}"
    if not (path / "trust/root.json").is_file():
        yield wrong(topic, "no store that was ever synced is there", "name the folder of a device's store")
        return
    if behind := list(_behind(case, path)):
        yield from (wrong(topic, text, remedy) for text, remedy in behind)
        return
    with _scratch() as folder:
        shutil.copytree(path / "trust", folder / "trust")
        try:
            trusted = _refresh(Trust(folder / "trust", FileSystem()), case.site)
            manifest = _manifest(case.site, trusted, sync_status(path)["shard"] or "all")
        except (PocketshelfError, FileNotFoundError) as error:
            yield _refused(topic, error)
            return
    have = current_sequence(path)
    if have is not None and have > manifest.sequence:
        yield wrong(topic, f"is at number {have}, this site at {manifest.sequence}", JUMP)
        return
    yield good(topic, f"is at number {have}, and follows to {manifest.sequence}")


def _refused(topic: str, error: PocketshelfError | FileNotFoundError) -> Finding:
    if isinstance(error, FileNotFoundError):
        return wrong(topic, f"cannot get {error.filename}", PUBLISH)
    return wrong(topic, f"refused: {str(error).replace(f'{ADDRESS}: ', '')}", "see the other lines")


def _behind(case: Case, path: Path) -> Iterator[tuple[str, str]]:
    """In what the site is behind the device's metadata, each with its remedy."""
    for status in case.repository.status():
        seen = stored_metadata(path / "trust", status.role).get("version")
        if isinstance(seen, int) and seen > status.version:
            text = f"has seen version {seen} of {status.role}, this site is at {status.version}"
            yield text, ROOTS if status.role == "root" else JUMP


class _Folder:
    """The site's repository as a device would fetch it."""

    def __init__(self, site: Site) -> None:
        self._folders = {"metadata": site.metadata, "targets": site.targets}

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """Read the file behind ``url``; 404 if there is none."""
        kind, _, name = urlsplit(url).path.removeprefix("/v1/").partition("/")
        path = self._folders[kind] / name
        return Answer(200, iter([path.read_bytes()])) if path.is_file() else Answer(404, iter(()))


def _refresh(trust: Trust, site: Site) -> Trusted:
    limits = Limits()
    return trust.refresh(_Folder(site), ADDRESS, Pace(limits), limits)


def _manifest(site: Site, trusted: Trusted, shard: str) -> Manifest:
    target = trusted.target(f"{shard}/{MANIFEST_NAME}")
    path = hashed_path(site.targets, target.name, target.sha256)
    return parse_manifest(path.read_bytes(), target.name)


def _oldest_root(site: Site) -> Path:
    roots = site.metadata.glob("*.root.json")
    return min(roots, key=lambda path: int(path.name.partition(".")[0]))


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="pocketshelf-doctor-") as name:
        yield Path(name)
