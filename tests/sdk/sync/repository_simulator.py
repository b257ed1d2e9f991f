"""A shop's repository in memory: really signed TUF metadata, really packed shards, behind `Fetcher`.

Tests stage a lie by changing what is served (`served`, `bodies`), or by signing something false with the
right keys, as a publisher whose machine was taken over could.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from pocketshelf.formats.delta import DeltaMeta, create_delta
from pocketshelf.formats.features import Print, assembled, target_name
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import ShardMeta, create_shard
from pocketshelf.sync import Answer, Unreachable

SPACE, PREPROCESSING, DIMENSION = "test-space", "0123456789abcdef", 16
URL = "http://shop.test"
Content = dict[str, Product]
Body = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True)
class Endless:
    """A body that never ends: ``piece`` again and again."""

    piece: bytes = b"x" * 65536

    def __call__(self, offset: int) -> Iterator[bytes]:
        while True:
            yield self.piece


@dataclass(frozen=True)
class Drip:
    """A body that comes a byte at a time, ``seconds`` apart by ``pass_time``."""

    data: bytes
    pass_time: Callable[[float], None]
    seconds: float = 1.0

    def __call__(self, offset: int) -> Iterator[bytes]:
        for i in range(offset, len(self.data)):
            self.pass_time(self.seconds)
            yield self.data[i : i + 1]


@dataclass(frozen=True)
class Breaks:
    """A body whose connection breaks at byte ``at``, once: ``mend`` is called then."""

    data: bytes
    at: int
    mend: Callable[[], None]

    def __call__(self, offset: int) -> Iterator[bytes]:
        yield self.data[offset : self.at]
        self.mend()
        raise Unreachable("the connection broke")


def make_product(product_id: str, sequence: int, category: str = "Apple", seed: int = 0) -> Product:
    """A product whose content follows from its arguments."""
    digest = hashlib.sha256(f"{product_id}/{sequence}/{seed}".encode()).digest()
    vectors = np.frombuffer(digest, dtype=np.int8)[: DIMENSION * (1 + sequence % 2)].reshape(-1, DIMENSION)
    return Product(
        product_id, sequence, category, f"Title {product_id}.{sequence}", None, vectors, {"n": sequence}
    )


def content_of(products: Mapping[str, Product]) -> dict[str, tuple]:
    """Products as plain rows, to compare by."""
    return {product_id: product.to_row() for product_id, product in products.items()}


class RepositorySimulator:
    """See the module's description.

    Attributes:
        served: path → bytes, everything that the server has; tests may tamper with it.
        bodies: path → a function from the offset asked for to chunks: for bodies that drip or never end.
        shifts: path → the offset that an answer claims to begin at, whatever was asked for.
        away: every request fails as if there were no network.
        retry_after: with ``away``: the seconds that the server asks for; it answers 503.
        requests: (path, offset) of each request so far.
        retention: how many bases get a delta.
    """

    def __init__(self, folder: Path, retention: int = 3, shard: str = "all") -> None:
        self.folder, self.retention, self.shard = folder, retention, shard
        folder.mkdir(parents=True, exist_ok=True)
        self.served: dict[str, bytes] = {}
        self.bodies: dict[str, Body] = {}
        self.shifts: dict[str, int] = {}
        self.away = False
        self.retry_after: float | None = None
        self.requests: list[tuple[str, int]] = []
        self.chunk = 4096
        self.generations: dict[int, Content] = {}
        self.prints: dict[int, dict[str, Print]] = {}
        self.signers = {
            role: CryptoSigner.generate_ed25519() for role in ("root", "timestamp", "snapshot", "targets")
        }
        self.lifetime = timedelta(days=1)
        self.targets = Targets(expires=self._expiry())
        self.snapshot = Snapshot(expires=self._expiry())
        self.timestamp = Timestamp(expires=self._expiry())
        self.root = Root(expires=self._expiry(), consistent_snapshot=True)
        for role, signer in self.signers.items():
            self.root.add_key(signer.public_key, role)
        self.sign_root()

    @property
    def root_bytes(self) -> bytes:
        """The first root, as an app would carry it."""
        return self.served["/v1/metadata/1.root.json"]

    @property
    def sequence(self) -> int:
        """The published sequence."""
        return max(self.generations)

    # The publisher

    def publish(self, content: Mapping[str, Product], sequence: int) -> None:
        """Publish ``content`` as the state at ``sequence``: a snapshot, and a delta from each base kept."""
        bases = dict(sorted(self.generations.items())[-self.retention :]) if self.retention else {}
        self.generations = {**bases, sequence: dict(content)}
        names = {f"{self.shard}/snapshot-{sequence}.sqlite.gz": (self._snapshot_file(content, sequence), {})}
        deltas = []
        for base, old in bases.items():
            name = f"{self.shard}/delta-{base}-{sequence}.sqlite.gz"
            names[name] = (self._delta_file(old, content, base, sequence), {"from_sequence": base})
            deltas.append((base, name))
        self.targets.targets.clear()
        lengths = {
            name: self.add_target(name, gzip.compress(plain, mtime=0), plain, {**extra, "sequence": sequence})
            for name, (plain, extra) in names.items()
        }
        self.add_manifest(self.manifest(content, sequence, lengths, deltas))
        self.sign_all()

    def publish_features(self, prints: Mapping[str, Print]) -> None:
        """Publish the local features of what is published, whole and as changes from each base kept."""
        ids, before = sorted(self.generations[self.sequence]), self.prints
        self.prints = {**before, self.sequence: {name: prints[name] for name in ids if name in prints}}
        words = np.zeros((1, 32), np.uint8)
        table = assembled(self.sequence, words, [prints.get(name) for name in ids])
        self.add_features(table.to_bytes())
        for base in set(self.generations) & set(before):
            changed = [i for i, name in enumerate(ids) if prints.get(name) is not before[base].get(name)]
            self.add_features(table.changes(changed), base)
        self.sign_all()

    def add_features(self, plain: bytes, base: int | None = None) -> str:
        """Sign features (with the next `sign_all`); their target's name."""
        name = target_name(self.shard, self.sequence, base)
        self.add_target(name, gzip.compress(plain, mtime=0), plain, {"sequence": self.sequence})
        return name

    def manifest(
        self,
        content: Mapping[str, Product],
        sequence: int,
        lengths: dict[str, int],
        deltas: list[tuple[int, str]],
    ) -> dict:
        """The manifest's document."""
        counts = Counter(product.category for product in content.values())
        return {
            "format": "pocketshelf-manifest",
            "version": 1,
            "shard": self.shard,
            "space": SPACE,
            "preprocessing": PREPROCESSING,
            "sequence": sequence,
            "oldest_delta": min((base for base, _ in deltas), default=None),
            "snapshot": {
                "target": (s := f"{self.shard}/snapshot-{sequence}.sqlite.gz"),
                "length": lengths[s],
            },
            "deltas": [{"from": b, "to": sequence, "target": n, "length": lengths[n]} for b, n in deltas],
            "categories": {name: {"local": n, "catalogue": 2 * n} for name, n in counts.items()},
        }

    def add_manifest(self, document: dict) -> None:
        """Sign a manifest (with the next `sign_all`)."""
        data = json.dumps(document).encode()
        self.add_target(f"{self.shard}/manifest.json", data, data, {"sequence": document["sequence"]})

    def add_target(self, name: str, packed: bytes, plain: bytes, custom: dict | None = None) -> int:
        """Serve and list a target file; returns its length."""
        info = TargetFile.from_data(name, packed, ["sha256"])
        info.unrecognized_fields["custom"] = {
            "space": SPACE,
            "preprocessing": PREPROCESSING,
            "bundle": "test",
            "uncompressed_length": len(plain),
            "uncompressed_sha256": hashlib.sha256(plain).hexdigest(),
            **(custom or {}),
        }
        self.targets.targets[name] = info
        self.served[self.path_of(name)] = packed
        return len(packed)

    def path_of(self, name: str) -> str:
        """Where a listed target is served."""
        folder, _, base = name.rpartition("/")
        return f"/v1/targets/{folder}/{self.targets.targets[name].hashes['sha256']}.{base}"

    def snapshot_path(self) -> str:
        """Where the published snapshot is served."""
        return self.path_of(f"{self.shard}/snapshot-{self.sequence}.sqlite.gz")

    def _snapshot_file(self, content: Mapping[str, Product], sequence: int) -> bytes:
        path = self.folder / "snapshot.sqlite"
        path.unlink(missing_ok=True)
        create_shard(path, ShardMeta(SPACE, PREPROCESSING, "test", sequence, DIMENSION), content.values())
        return path.read_bytes()

    def _delta_file(self, old: Content, new: Mapping[str, Product], base: int, sequence: int) -> bytes:
        path = self.folder / "delta.sqlite"
        path.unlink(missing_ok=True)
        before, after = content_of(old), content_of(new)
        upserts = [p for key, p in new.items() if before.get(key) != after[key]]
        gone = [(key, sequence) for key in old if key not in new]
        create_delta(path, DeltaMeta(SPACE, PREPROCESSING, DIMENSION, base, sequence), upserts, gone)
        return path.read_bytes()

    # The keys

    def sign_all(self) -> None:
        """Sign targets, snapshot and timestamp anew, each with the next version."""
        self.targets.expires = self.snapshot.expires = self.timestamp.expires = self._expiry()
        self.targets.version = self.snapshot.meta["targets.json"].version + 1
        data = self._signed("targets", self.targets, f"{self.targets.version}.targets.json")
        self.snapshot.meta["targets.json"] = MetaFile.from_data(self.targets.version, data, ["sha256"])
        self.sign_snapshot()

    def sign_snapshot(self) -> None:
        """Sign snapshot and timestamp anew."""
        self.snapshot.version = self.timestamp.snapshot_meta.version + 1
        data = self._signed("snapshot", self.snapshot, f"{self.snapshot.version}.snapshot.json")
        self.timestamp.snapshot_meta = MetaFile.from_data(self.snapshot.version, data, ["sha256"])
        self.sign_timestamp()

    def sign_timestamp(self) -> None:
        """Sign the timestamp anew."""
        self.timestamp.version += 1
        self._signed("timestamp", self.timestamp, "timestamp.json")

    def sign_root(self, *signers: CryptoSigner) -> None:
        """Sign the root, with the signers given besides its own (a rotation needs the old one, too)."""
        metadata = Metadata(deepcopy(self.root))
        for signer in (self.signers["root"], *signers):
            metadata.sign(signer, append=True)
        self.served[f"/v1/metadata/{self.root.version}.root.json"] = metadata.to_bytes()

    def rotate(self, role: str) -> None:
        """Give ``role`` a new key, by a new root."""
        old, new = self.signers[role], CryptoSigner.generate_ed25519()
        self.root.revoke_key(old.public_key.keyid, role)
        self.root.add_key(new.public_key, role)
        self.root.version += 1
        self.signers[role] = new
        self.sign_root(*((old,) if role == "root" else ()))
        self.sign_all()

    def _signed(self, role: str, signed: Targets | Snapshot | Timestamp, file: str) -> bytes:
        metadata = Metadata(deepcopy(signed))
        metadata.sign(self.signers[role])
        data = metadata.to_bytes()
        self.served[f"/v1/metadata/{file}"] = data
        return data

    def _expiry(self) -> datetime:
        return (datetime.now(UTC) + self.lifetime).replace(microsecond=0)

    # The network

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """Answer as a server with ranges and entity tags does; see `Fetcher`."""
        path = urlsplit(url).path
        self.requests.append((path, offset))
        if self.away:
            if self.retry_after is not None:
                raise Unreachable(f"{url}: the server answered 503", self.retry_after)
            raise Unreachable(f"{url}: the server cannot be reached (no network)")
        if path in self.bodies:
            return Answer(206 if offset else 200, self.bodies[path](offset), None, offset)
        if path not in self.served:
            return Answer(404, iter(()))
        data = self.served[path]
        if path in self.shifts:
            return Answer(206, self._chunks(data), None, self.shifts[path])
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if offset and (etag is None or etag == tag):
            if offset >= len(data):
                return Answer(416, iter(()), tag)
            return Answer(206, self._chunks(data[offset:]), tag, offset)
        return Answer(200, self._chunks(data), tag)

    def _chunks(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), self.chunk):
            yield data[start : start + self.chunk]
