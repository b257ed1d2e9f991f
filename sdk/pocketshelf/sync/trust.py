"""What this device trusts: The Update Framework's client workflow, kept crash-safe inside the store.

``tuf.ngclient`` does the verifying, in a scratch folder. What it verified is then written into the
store's ``trust/`` by the store's own durable file operations, in TUF's order (root, timestamp,
snapshot, targets), so that a crash leaves a state that the workflow itself could have left.

Specification: https://theupdateframework.github.io/specification/latest/#detailed-client-workflow
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pocketshelf.errors import PocketshelfError, ServerError, StoreError, SyncError, one_line
from pocketshelf.files import read_plain
from pocketshelf.formats import strict_json
from pocketshelf.store.filesystem import FileSystem, write_over
from pocketshelf.sync.fetcher import Fetcher
from pocketshelf.sync.limits import Limits, Pace
from pocketshelf.sync.manifest import MANIFEST_NAME
from pocketshelf.sync.metadata_rules import LONGEST, check_metadata

if TYPE_CHECKING:
    from tuf.ngclient import Updater
    from tuf.ngclient.fetcher import FetcherInterface

__all__ = ["ROOT_BYTES", "Target", "Trust", "Trusted"]

_ROLES = ("root", "timestamp", "snapshot", "targets")
_SCRATCH = "pocketshelf-trust-"
# What a killed sync has left there, the next removes once it is older than this: no sync takes so long.
_LEFT_SECONDS = 24 * 3600
ROOT_BYTES, _METADATA_BYTES = 512_000, 5_000_000
# So many shards are named to who asks for another.
_FEW = 12
# What a library may raise on metadata of a shape that nobody foresaw.
_MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)


@dataclass(frozen=True)
class Target:
    """A signed file: where it is, and what it must be.

    Attributes:
        url: where to get it, the hash being part of its name.
        length: its exact length in bytes.
        custom: what the publisher signed along with it (space, sequence, unpacked length and hash, …).
    """

    name: str
    url: str
    length: int
    sha256: str
    custom: Mapping[str, Any]

    def matches(self, stream: BufferedReader) -> bool:
        """Whether ``stream``, read from its start, is this file."""
        stream.seek(0)
        return (
            hashlib.file_digest(stream, "sha256").hexdigest() == self.sha256 and stream.tell() == self.length
        )


class Trusted:
    """The server's metadata after a verified refresh.

    Attributes:
        keys: ids of the keys that signed which files the server has published.
    """

    def __init__(self, updater: Updater, folder: Path, targets_url: str) -> None:
        from tuf.api.metadata import Metadata, Root, Targets

        self._updater = updater
        self._targets_url = targets_url
        self._root = Metadata[Root].from_bytes((folder / "root.json").read_bytes()).signed
        targets = Metadata[Targets].from_bytes((folder / "targets.json").read_bytes())
        files = (name.rpartition("/") for name in targets.signed.targets)
        self._shards = sorted(shard for shard, _, file in files if file == MANIFEST_NAME)
        result = self._root.get_verification_result("targets", targets.signed_bytes, targets.signatures)
        self.keys = tuple(sorted(result.signed))

    def counts(self, keys: Collection[str]) -> bool:
        """Whether what ``keys`` signed would still be accepted as the publisher's."""
        role = self._root.roles["targets"]
        return len(set(keys) & set(role.keyids)) >= role.threshold

    def target(self, name: str) -> Target:
        """The signed description of ``name``.

        Raises:
            SyncError: the server signed no such file.
        """
        found = self.find(name)
        if found is None:
            raise SyncError(
                f"{name}: the server has not published it; check the shard's name{self._there_are()}"
            )
        return found

    def _there_are(self) -> str:
        """Its shards, where they are few."""
        few = 0 < len(self._shards) <= _FEW
        return f" (there are: {one_line(', '.join(self._shards), 300)})" if few else ""

    def find(self, name: str) -> Target | None:
        """The same; None where the server signed no such file."""
        info = self._updater.get_targetinfo(name)
        if info is None:
            return None
        sha256 = info.hashes.get("sha256")
        if sha256 is None:
            raise SyncError(f"{name}: signed without a SHA-256; the server must publish again")
        folder, slash, base = name.rpartition("/")
        file = f"{folder}{slash}{sha256}.{base}" if self._root.consistent_snapshot else name
        custom = info.custom
        return Target(
            name, self._targets_url + file, info.length, sha256, custom if isinstance(custom, dict) else {}
        )


class Trust:
    """The ``trust/`` folder of a store.

    Args:
        folder: holds the last verified metadata; need not exist yet.
        files: the durable file operations.
    """

    def __init__(self, folder: Path, files: FileSystem) -> None:
        self._folder = folder
        self._files = files
        self._expected: tuple[int, bytes] | None = None

    def established(self) -> bool:
        """Whether a root of trust is stored.

        Raises:
            SyncError: something is stored in its place that is none.
        """
        return self._stored_root() is not None

    def _stored_root(self) -> bytes | None:
        path = self._folder / "root.json"
        try:
            root = read_plain(path, ROOT_BYTES)
            _check_root(root)
            return root
        except FileNotFoundError:
            return None
        except (OSError, SyncError) as error:
            why = error.strerror if isinstance(error, OSError) else "not a root that signs itself"
            raise SyncError(
                f"{path}: the root of trust is damaged ({why}); give the server's root.json again (--root, "
                "or put it into the store's folder)"
            ) from error

    def establish(self, root: bytes) -> None:
        """Trust ``root`` (a root.json from the app, the shop or an operator) from now on.

        Where a root is trusted already, an older one changes nothing, and a newer one is for `refresh` to
        check: it must be what the trusted one leads to.

        Raises:
            SyncError: not a root that signs itself, or another root of the same version is trusted.
        """
        version = _check_root(root)
        stored = None
        with contextlib.suppress(SyncError):  # A damaged root is replaced by any good one.
            stored = self._stored_root()
        if stored is not None:
            known = _check_root(stored)
            if version == known and root != stored:
                raise SyncError(
                    f"another root of version {version} is trusted already; to trust this one instead, "
                    f"remove {self._folder}"
                )
            self._expected = (version, root) if version > known else None
            return
        self._files.make_way(self._folder, folder=True)
        self._files.mkdir(self._folder)
        self._files.fsync_dir(self._folder.parent)
        write_over(self._files, self._folder / "root.json", root)

    def refresh(self, fetcher: Fetcher, server_url: str, pace: Pace, limits: Limits) -> Trusted:
        """Run TUF's client workflow against the server; keep what was verified, even if it then fails.

        Raises:
            Unreachable: the server is away.
            ServerError: there is no repository at this address.
            SyncError: the metadata is forged, expired, rolled back, mixed or endless.
            StoreError: the system's folder for temporary files is full or gone.
        """
        from tuf.api.exceptions import DownloadError, RepositoryError
        from tuf.ngclient import Updater

        base = server_url.rstrip("/") + "/v1/"
        with _scratch_folder() as scratch:
            bootstrap = (self._folder / "root.json").read_bytes()
            with _scratch_errors(scratch.parent):
                self._seed(scratch)
            try:
                with _scratch_errors(scratch.parent):
                    updater = Updater(
                        str(scratch),
                        base + "metadata/",
                        fetcher=_tuf_fetcher(fetcher, pace, limits),
                        bootstrap=bootstrap,
                    )
                    updater.refresh()
                self._check_expected(scratch)
            except (DownloadError, RepositoryError, *_MALFORMED) as error:
                raise _explain(error, server_url) from error
            finally:
                self._keep(scratch)
            return Trusted(updater, self._folder, base + "targets/")

    def _seed(self, scratch: Path) -> None:
        """Give the workflow what is trusted already, besides the root."""
        for role in _ROLES[1:]:
            if (stored := self._stored(role)) is not None:
                (scratch / f"{role}.json").write_bytes(stored)

    def _stored(self, role: str) -> bytes | None:
        """What is stored for ``role``; None where nothing is that could be metadata: it is got again."""
        try:
            return read_plain(self._folder / f"{role}.json", _METADATA_BYTES)
        except OSError:
            return None

    def _check_expected(self, scratch: Path) -> None:
        """The newer root that was given must be one of those that led here from the trusted one."""
        if self._expected is None:
            return
        version, root = self._expected
        led_to = scratch / "root_history" / f"{version}.root.json"
        if not led_to.exists() or led_to.read_bytes() != root:
            known = _check_root((self._folder / "root.json").read_bytes())
            raise SyncError(
                f"the root given, version {version}, is not what the trusted one, version {known}, leads to: "
                f"is it another site's? To trust it instead, remove {self._folder}"
            )

    def _keep(self, scratch: Path) -> None:
        """Write what the workflow verified; it writes a file only after verifying it."""
        for role in _ROLES:
            verified = scratch / f"{role}.json"
            if verified.exists() and self._stored(role) != (data := verified.read_bytes()):
                write_over(self._files, self._folder / f"{role}.json", data)


@contextlib.contextmanager
def _scratch_folder() -> Iterator[Path]:
    """An empty folder for the workflow; what syncs that were killed have left of theirs is removed."""
    with _scratch_errors("temporary files"):
        scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH))
    try:
        # By the clock that dates files, against which a process's own may be wrong.
        oldest = scratch.lstat().st_mtime - _LEFT_SECONDS
        for other in scratch.parent.glob(f"{_SCRATCH}*"):
            with contextlib.suppress(OSError):
                if other.lstat().st_mtime < oldest:
                    shutil.rmtree(other, ignore_errors=True)  # A link, or another user's, stays.
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def _scratch_errors(where: Path | str) -> Iterator[None]:
    """Says where there is no room, which need not be where the store is."""
    try:
        yield
    except OSError as error:
        why = f"cannot be written ({error.strerror or error}); free some space there, or set TMPDIR"
        raise StoreError(f"{where}: {why}") from error


def first_root(fetcher: Fetcher, server_url: str, pace: Pace, limits: Limits) -> bytes:
    """Version 1 of the server's root, unauthenticated: for trust on first use only.

    Raises:
        Unreachable, ServerError: the server is away or has none.
        SyncError: it is longer than a root may be, or comes too slowly.
    """
    from tuf.api.exceptions import DownloadError

    url = server_url.rstrip("/") + "/v1/metadata/1.root.json"
    try:
        return _tuf_fetcher(fetcher, pace, limits).download_bytes(url, ROOT_BYTES)
    except DownloadError as error:
        raise _explain(error, server_url) from error


def describe(folder: Path) -> dict[str, Any]:
    """``root_version`` and ``expires`` (the earliest, ISO 8601) of what is in ``folder``; None before it."""
    signed = [stored_metadata(folder, role) for role in _ROLES]
    try:
        expires = min(datetime.fromisoformat(part["expires"]) for part in signed)
        return {"root_version": int(signed[0]["version"]), "expires": expires.isoformat()}
    except (ValueError, KeyError, TypeError):
        return {"root_version": None, "expires": None}


def stored_metadata(folder: Path, role: str) -> dict[str, Any]:
    """What ``role``'s file in ``folder`` has signed, not verified; empty where none can be read."""
    try:
        signed = strict_json.loads(read_plain(folder / f"{role}.json", _METADATA_BYTES))["signed"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return signed if isinstance(signed, dict) else {}


def _check_root(root: bytes) -> int:
    """The version of ``root``, once it is known to be signed by its own keys."""
    from tuf.api.exceptions import RepositoryError
    from tuf.api.metadata import Metadata, Root

    check_metadata(root, "the root of trust given: refused")
    try:
        metadata = Metadata[Root].from_bytes(root)
        if not isinstance(metadata.signed, Root):
            raise SyncError("the root of trust given is other metadata; give the server's root.json")
        metadata.signed.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
        return metadata.signed.version
    except (RepositoryError, *_MALFORMED) as error:
        raise SyncError("the root of trust given is damaged or not signed by its own keys") from error


def _tuf_fetcher(fetcher: Fetcher, pace: Pace, limits: Limits) -> FetcherInterface:
    """Our `Fetcher` as TUF's, with our pace; TUF bounds the lengths."""
    from tuf.api.exceptions import DownloadHTTPError
    from tuf.ngclient.fetcher import FetcherInterface

    class Adapter(FetcherInterface):
        def download_bytes(self, url: str, max_length: int) -> bytes:
            data = super().download_bytes(url, min(max_length, LONGEST))
            check_metadata(data, f"{url.rpartition('/')[2]}: refused, its metadata is invalid")
            return data

        def _fetch(self, url: str) -> Iterator[bytes]:
            pace.start()
            answer = fetcher.get(url, seconds=limits.gap_seconds)
            if answer.status != 200:
                answer.close()
                raise DownloadHTTPError(f"{url}: status {answer.status}", answer.status)
            return self._chunks(answer.chunks, answer.close)

        def _chunks(self, chunks: Iterator[bytes], close: Any) -> Iterator[bytes]:
            try:
                for chunk in chunks:
                    pace.received(len(chunk))
                    yield chunk
            finally:
                close()

    return Adapter()


def _explain(error: Exception, server_url: str) -> PocketshelfError:
    """TUF's error as one line that says which lie was told and what to do."""
    from tuf.api import exceptions as tuf

    if isinstance(error.__cause__, PocketshelfError):
        return error.__cause__  # Our own fetcher's, wrapped on its way through TUF.
    if isinstance(error, tuf.DownloadHTTPError):
        # What nginx answers to who speaks no TLS where it does.
        tls = error.status_code == 400 and server_url.startswith("http://")
        return ServerError(
            f"{server_url}: no signed repository there (status {error.status_code}); check the address"
            f"{', which begins with https:// where the server speaks TLS' if tls else ''}"
        )
    what = {
        tuf.DownloadLengthMismatchError: "is longer than allowed (endless data)",
        tuf.ExpiredMetadataError: "has expired: it is held back, or this clock is wrong",
        tuf.UnsignedMetadataError: "is not signed by the keys that this device trusts",
        tuf.BadVersionNumberError: "is older than what this device has seen (rollback), or of mixed "
        "versions; a server that was restored from a backup needs `publish --jump-ahead`",
        tuf.LengthOrHashMismatchError: "is not what was signed (wrong length or hash)",
    }
    for kind, text in what.items():
        if isinstance(error, kind):
            return SyncError(f"{server_url}: refused, its metadata {text} [{one_line(error)}]")
    return SyncError(f"{server_url}: refused, its metadata is invalid [{one_line(error)}]")
