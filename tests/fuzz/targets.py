"""What the fuzzers throw bytes at: each target reads one thing that comes from outside.

A target gives nothing back and may raise nothing: the errors that its readers document are caught in it, and
whatever else comes out is a finding. `SEEDS` are good inputs, to begin from.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from fake_models import make_bundle
from pocketshelf.errors import BundleError, PhotoError, ServerError, StoreError, SyncError
from pocketshelf.formats import Product, load_bundle
from pocketshelf.formats.delta import Delta, DeltaMeta, apply_delta, create_delta
from pocketshelf.formats.layout import derive_layout
from pocketshelf.formats.shard import Shard, ShardMeta, create_shard, open_shard
from pocketshelf.recall import fallback
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.sync.guard import check_file
from pocketshelf.sync.manifest import parse_manifest
from pocketshelf.sync.metadata_rules import MAX_VERSION, check_metadata

__all__ = ["SEEDS", "TARGETS"]

# Of processor time, for one photo: other work on the machine counts for nothing.
MOST_SECONDS = 10
PICTURES = Path(__file__).parents[1] / "sdk/stages/preprocess/pictures"
DIMENSION = 4
SHARD = ShardMeta("space", "0" * 16, "bundle", 7, DIMENSION)
CHANGES = DeltaMeta("space", "0" * 16, DIMENSION, 7, 9)

FOLDER = Path(tempfile.mkdtemp(prefix="pocketshelf-fuzz-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


def photo(data: bytes) -> None:
    """A shopper's photo, or a shop's picture."""
    began = time.process_time()
    with contextlib.suppress(PhotoError):
        pixels = decode_photo(data, working_side=256).pixels
        assert time.process_time() - began < MOST_SECONDS
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3, pixels.shape
        assert min(pixels.shape[:2]) >= 1 and max(pixels.shape[:2]) <= 256


def shard(data: bytes) -> None:
    """A snapshot as a device gets it: what passes the guard must be readable to the last row."""
    path = FOLDER / "shard.sqlite"
    path.write_bytes(data)
    try:
        check_file(Shard, path, "snapshot", seconds=10)
    except SyncError:
        _read_unguarded(path)
        return
    with open_shard(path) as opened:
        assert sum(len(product.vectors) for product in opened) == len(_gathered(opened, path))


def _read_unguarded(path: Path) -> None:
    """A store's own file that was damaged: one error, whichever way it is read."""
    with contextlib.suppress(StoreError), open_shard(path) as opened:
        opened.categories()
        with contextlib.suppress(StoreError):
            _gathered(opened, path)
        list(opened)


def _gathered(opened: Shard, path: Path) -> np.ndarray:
    """Every vector, int8 (n, D), from where the layout says that it lies."""
    data = np.fromfile(path, np.uint8)
    layout = derive_layout(opened, data)
    found = np.zeros((len(layout.offsets), opened.meta.dimension), np.int8)
    layout.gather(data, 0, len(found), found)
    return found


def delta(data: bytes) -> None:
    """Changes as a device gets them: what passes the guard must apply, or leave the shard as it was."""
    path, base = FOLDER / "delta.sqlite", FOLDER / "base.sqlite"
    path.write_bytes(data)
    base.write_bytes(SHARD_FILE)
    try:
        check_file(Delta, path, "changes", seconds=10)
        apply_delta(base, path, checked=True)
    except (SyncError, StoreError):
        assert _rows(base) == 2
        return
    check_file(Shard, base, "shard", seconds=10)


def _rows(path: Path) -> int:
    with open_shard(path) as opened:
        return len(opened)


def manifest(data: bytes) -> None:
    """A signed manifest of a publisher that has been taken over."""
    with contextlib.suppress(SyncError):
        assert parse_manifest(data).sequence >= 0


def metadata(data: bytes) -> None:
    """TUF's metadata: what passes our rules, its library reads or refuses as it documents."""
    try:
        check_metadata(data, "metadata")
    except SyncError:
        return
    with contextlib.suppress(RepositoryError):
        parsed = Metadata.from_bytes(data)
        assert 0 < parsed.signed.version <= MAX_VERSION
        if isinstance(parsed.signed, Root):
            parsed.signed.get_verification_result("root", parsed.signed_bytes, parsed.signatures)


def bundle(data: bytes) -> None:
    """A ``bundle.json`` that somebody edited."""
    (BUNDLE / "bundle.json").write_bytes(data)
    with contextlib.suppress(BundleError):
        load_bundle(BUNDLE, check_hashes=False)


def answer(data: bytes) -> None:
    """What a server says to ``/v1/search``."""
    with contextlib.suppress(ServerError):
        hits = fallback._hits(data, "server", 10)
        assert len(hits) <= 10 and all(np.isfinite(hit.score) for hit in hits)


def _product(product_id: str, sequence: int) -> Product:
    vectors = np.arange(2 * DIMENSION, dtype=np.int8).reshape(2, DIMENSION)
    return Product(product_id, sequence, "Coat", "A coat", "a.jpg", vectors, {"brand": "x"})


def _file(name: str, write: Callable[[Path], object]) -> bytes:
    path = FOLDER / name
    write(path)
    return path.read_bytes()


def _picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (24, 16), **options: object) -> bytes:
    stream = io.BytesIO()
    colours = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(colours).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


SHARD_FILE = _file("seed.shard", lambda path: create_shard(path, SHARD, [_product("a", 3), _product("b", 7)]))
BUNDLE = make_bundle(FOLDER / "bundle").folder
MANIFEST = {
    "format": "pocketshelf-manifest",
    "version": 1,
    "shard": "all",
    "space": "space",
    "preprocessing": "0" * 16,
    "sequence": 42,
    "oldest_delta": 37,
    "snapshot": {"target": "all/snapshot-42.sqlite.gz", "length": 1234},
    "deltas": [{"from": 41, "to": 42, "target": "all/delta-41-42.sqlite.gz", "length": 99}],
    "categories": {"Apple": {"local": 3, "catalogue": 10}},
}
FILE_META = {"version": 2, "length": 900, "hashes": {"sha256": "ab" * 32}}
SIGNED = {"spec_version": "1.0.31", "version": 1, "expires": "2030-01-01T00:00:00Z"}
ROLE_KEYS = {
    f"{n:064x}": {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": f"{n:064x}"}}
    for n in range(4)
}
ROLES = dict(zip(("root", "targets", "snapshot", "timestamp"), ROLE_KEYS, strict=True))
METADATA = [
    {
        "_type": "root",
        "consistent_snapshot": True,
        "keys": ROLE_KEYS,
        "roles": {role: {"keyids": [key], "threshold": 1} for role, key in ROLES.items()},
    },
    {"_type": "timestamp", "meta": {"snapshot.json": FILE_META}},
    {"_type": "snapshot", "meta": {"targets.json": FILE_META}},
    {
        "_type": "targets",
        "targets": {"all/manifest.json": {"length": 7, "hashes": FILE_META["hashes"], "custom": {}}},
    },
]
HITS = {"hits": [{"product_id": "a", "score": 0.5, "title": "A", "category": "C"}]}
TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (photo, shard, delta, manifest, metadata, bundle, answer)
}
SEEDS: dict[str, list[bytes]] = {
    "photo": [
        _picture("JPEG"),
        _picture("JPEG", "CMYK"),
        _picture("JPEG", "L", progressive=True),
        _picture("PNG"),
        _picture("PNG", "P"),
        _picture("PNG", "RGBA"),
        _picture("PNG", "1"),
        _picture("PNG", "I;16"),
        _picture("GIF", "P"),
        _picture("BMP"),
        _picture("WEBP"),
        _picture("TIFF"),
        _picture("TIFF", compression="tiff_lzw"),
        _picture("AVIF"),
        (PICTURES / "iphone.heic").read_bytes(),
    ],
    "shard": [SHARD_FILE],
    "delta": [_file("seed.delta", lambda path: create_delta(path, CHANGES, [_product("c", 8)], [("a", 9)]))],
    "manifest": [json.dumps(MANIFEST).encode()],
    "metadata": [
        json.dumps(
            {"signed": SIGNED | part, "signatures": [{"keyid": f"{0:064x}", "sig": "ab" * 64}]}
        ).encode()
        for part in METADATA
    ],
    "bundle": [(BUNDLE / "bundle.json").read_bytes()],
    "answer": [json.dumps(HITS).encode()],
}
