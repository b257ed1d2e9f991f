"""Record the Python client's sync tests as files: ``python contract/golden/generate_syncs.py``.

The tests run as they are, on a fixed clock and with keys that follow from a number; what they do to a device
and to its shop is written down step by step (``sync/README.md``). Run it after a change of these tests or of
what a sync does. A test that cannot be told in the format's steps is named and left out.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timezone
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.ngclient._internal import trusted_metadata_set

FOLDER = Path(__file__).resolve().parent / "sync"
TESTS = Path(__file__).resolve().parents[2] / "tests" / "sdk" / "sync"
sys.path[:0] = [str(TESTS.parents[2]), str(TESTS.parents[1]), str(TESTS)]

import repository_simulator as simulator  # noqa: E402
import sync_device  # noqa: E402

from contract.golden.sync_refusals import reason_of  # noqa: E402
from pocketshelf.errors import PocketshelfError, StoreError  # noqa: E402
from pocketshelf.formats.features import features_file, most_bytes  # noqa: E402
from pocketshelf.store import Store  # noqa: E402
from pocketshelf.sync import Environment, Limits  # noqa: E402

MODULES = {
    "test_sync_attacks": "attacks",
    "test_sync_attacks_by_publisher": "publisher",
    "test_sync_stolen_keys": "stolen",
    "test_sync_metadata_bounds": "metadata",
    "test_sync": "honest",
    "test_sync_backoff": "backoff",
    "test_sync_features": "features",
}
# What is recorded from here asks for local features, and tells what the shelf has of them.
CLOSELY = "test_sync_features"
# Many random cases, whose findings depend on the library that reads them; and what cannot be repeated.
LEFT_OUT = {
    "test_malicious_sqlite_random_bytes",
    "test_metadata_of_any_other_shape_is_one_refusal",
    "test_only_so_many_servers_are_remembered",
    "test_a_hash_is_no_way_out_of_the_store[/tmp/evil]",  # Names a folder of this machine.
}
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
# Tests that set the device's clock; the shop signs at the same time.
MOMENTS = {
    "test_sync_backoff": datetime(2026, 6, 1, tzinfo=UTC),
    "test_a_background_sync_backs_off_further_and_further": datetime(2030, 1, 1, tzinfo=UTC),
}
_DEFAULTS = Environment()
_LONGEST_WRITE = 100_000


class Case:
    """What one test did.

    Attributes:
        problem: why it cannot be told; None if it can.

    Args:
        closely: tell the local features that a store has, too.
    """

    def __init__(self, closely: bool = False) -> None:
        self._closely = closely
        self.steps: list[dict[str, Any]] = []
        self.blobs: dict[str, bytes] = {}
        self.problem: str | None = None
        self._stores: dict[Path, tuple[str, dict[str, bytes]]] = {}
        self._served: dict[str, Any] = {}

    def keep(self, data: bytes) -> str:
        """Put ``data`` into the pool; returns its name there."""
        name = hashlib.sha256(data).hexdigest()
        self.blobs[name] = data
        return name

    def add(self, path: Path, step: dict[str, Any]) -> dict[str, Any]:
        """Append a step in the store at ``path``, after what the test itself changed there."""
        name, before = self._stores.get(
            path, (f"store{len(self._stores) + 1}" if self._stores else "store", {})
        )
        where = {} if name == "store" else {"store": name}
        found = _files(path)
        if found != before:
            changed = {k: v for k, v in found.items() if before.get(k) != v}
            if any(len(data) > _LONGEST_WRITE for data in changed.values()):
                self.problem = "writes large files"
            gone = {key: None for key in before if key not in found}
            files = {**{key: self.keep(data) for key, data in changed.items()}, **gone}
            self.steps.append({"do": "write", **where, "files": files})
        self._stores[path] = (name, found)
        step = {"do": step.pop("do"), **where, **step}
        self.steps.append(step)
        return step

    def done(self, path: Path, step: dict[str, Any]) -> None:
        """Note what ``step`` left."""
        self._stores[path] = (self._stores[path][0], _files(path))
        step["after"] = self._content(path)

    def served(self, shop: simulator.RepositorySimulator) -> dict[str, Any]:
        """What the shop serves otherwise than before."""
        routes: dict[str, Any] = {path: self.keep(data) for path, data in shop.served.items()}
        for path, start in shop.shifts.items():
            routes[path] = {"shifted": routes[path], "start": start}
        for path, body in shop.bodies.items():
            routes[path] = self._route(body)
        changes = {path: route for path, route in routes.items() if self._served.get(path) != route}
        changes.update(dict.fromkeys(sorted(self._served.keys() - routes.keys())))
        self._served = routes
        return changes

    def mended(self, shop: simulator.RepositorySimulator) -> None:
        """A body that broke has broken: its route is the plain file from now on."""
        for path, route in self._served.items():
            if isinstance(route, dict) and "breaks" in route and path not in shop.bodies:
                self._served[path] = route["breaks"]

    def went_away(self, step: dict[str, Any]) -> None:
        """The server went away with the connection that broke in this step."""
        routes = [each for each in step["serve"].values() if isinstance(each, dict) and "breaks" in each]
        if len(routes) != 1:
            self.problem = "the server goes away in a way that is not described"
        for route in routes:
            route["away"] = True

    def _route(self, body: Callable[[int], Iterator[bytes]]) -> dict[str, Any]:
        if isinstance(body, simulator.Endless):
            return {"endless": self.keep(body.piece)}
        if isinstance(body, simulator.Drip):
            return {"drip": self.keep(body.data), "seconds": body.seconds}
        if isinstance(body, simulator.Breaks):
            return {"breaks": self.keep(body.data), "at": body.at}
        self.problem = "serves a body that is not described"
        return {}

    def _content(self, path: Path) -> dict[str, Any]:
        try:
            with Store.open(path) as store:
                lines = "".join(dump_line(product) for product in store.shard)
                found = {"sequence": store.meta.sequence, "products": self.keep(lines.encode())}
                features = features_of(store) if self._closely else None
        except StoreError:
            found, features = {"sequence": None, "products": None}, None
        return {**found, "features": features and self.keep(features)} if self._closely else found


def features_of(store: Store) -> bytes | None:
    """The bytes of the open generation's local features; None where it has none."""
    file = features_file(store.folder.index(store.generation), store.digest)
    found = file.read(most_bytes(len(store)))
    return None if found is None else bytes(found)


def dump_line(product: Any) -> str:
    """A product as `dump` prints it."""
    names = ("product_id", "title", "category", "image", "attributes")
    document = {name: getattr(product, name) for name in names}
    vectors = [row.tobytes().hex() for row in product.vectors]
    return json.dumps({**document, "vectors": vectors}, ensure_ascii=False) + "\n"


class Recorder:
    """A pytest plugin that writes every test's case down."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.blobs: dict[str, bytes] = {}
        self.left_out: list[str] = []
        self._case = Case()
        self._moment = NOW
        self._keys = 0
        self._sync, self._rollback = sync_device.sync, None
        recorder = self

        class Fixed(datetime):
            """Time stands still."""

            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return recorder._moment

        self._fixed = Fixed
        CryptoSigner.generate_ed25519 = staticmethod(self._next_key)  # type: ignore[method-assign]

    def _next_key(self, keyid: str | None = None) -> CryptoSigner:
        self._keys += 1
        seed = hashlib.sha256(f"golden key {self._keys}".encode()).digest()
        return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        module, name = item.module, item.originalname
        self._case, self._keys = Case(module.__name__ == CLOSELY), 0
        self._moment = MOMENTS.get(name, MOMENTS.get(module.__name__, NOW))
        self._patch(module)
        return (yield)

    def _patch(self, module: ModuleType) -> None:
        there: Any = trusted_metadata_set
        there.datetime = SimpleNamespace(datetime=self._fixed, timezone=timezone)
        for each in (module, simulator, sync_device):
            for name, value in (("datetime", self._fixed), ("sync", self.sync)):
                if hasattr(each, name):
                    setattr(each, name, value)
        if hasattr(module, "rollback_store") and module.rollback_store != self.rollback:
            self._rollback = module.rollback_store
            module.rollback_store = self.rollback  # type: ignore[attr-defined]

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "setup" and report.failed:
            raise RuntimeError(f"{report.nodeid}: {report.longreprtext}")
        if report.when != "call":
            return
        case, (path, _, rest) = self._case, report.nodeid.partition("::")
        name, _, parameters = rest.partition("[")
        if (
            {name, rest} & LEFT_OUT
            or not report.passed
            or case.problem
            or not any(s["do"] == "sync" for s in case.steps)
        ):
            why = case.problem or ("left out" if report.passed else "fails on a fixed clock")
            self.left_out.append(f"{rest}: {why if case.steps else 'no sync'}")
            return
        file = f"{MODULES[Path(path).stem]}/{name.removeprefix('test_')}.json"
        test = f"tests/sdk/sync/{Path(path).name}::{name}"
        document = self.kept.setdefault(file, {"test": test, "cases": []})
        document["cases"].append({"case": parameters.removesuffix("]"), "steps": case.steps})
        self.blobs.update(case.blobs)

    def rollback(self, path: Path, undo: bool = False) -> str:
        """`rollback_store`, written down."""
        assert self._rollback is not None
        step = self._case.add(path, {"do": "rollback", "undo": undo})
        try:
            generation = self._rollback(path, undo=undo)
            step["expect"] = {"generation": generation}
            return generation
        except PocketshelfError as error:
            step["expect"] = self._refusal(error, path)
            raise
        finally:
            self._case.done(path, step)

    def sync(self, path: Path, url: str, *, environment: Environment, **options: Any) -> Any:
        """`pocketshelf.sync.sync`, written down."""
        case, shop = self._case, environment.fetcher
        if not isinstance(shop, simulator.RepositorySimulator) or type(environment.files) is not type(
            _DEFAULTS.files
        ):
            case.problem = "replaces the network or the file system"
            return self._sync(path, url, environment=environment, **options)
        if environment.now is not _DEFAULTS.now:
            self._moment = environment.now()
        environment = replace(environment, now=lambda: self._moment)
        now = trusted_metadata_set.datetime.datetime.now(UTC)  # A test may have moved it.
        step = case.add(path, {"do": "sync", "now": now.isoformat().replace("+00:00", "Z")})
        step.update(self._asked_for(path, url, environment, options, shop))
        asked = len(shop.requests)
        try:
            report = self._sync(path, url, environment=environment, **options)
            keys = ("outcome", "how", "why", "from_sequence", "sequence", "next_attempt")
            expect = {key: getattr(report, key) for key in keys}
            if report.outcome in ("offline", "deferred"):
                del expect["why"]
            if report.next_attempt is None:
                del expect["next_attempt"]
            if "closely" in step:
                expect |= {"features": report.features, "problem": self._problem(report.problem)}
            step["expect"] = expect
            return report
        except PocketshelfError as error:
            step["expect"] = self._refusal(error, path)
            raise
        finally:
            if shop.away and not step.get("away"):
                case.went_away(step)
            case.mended(shop)
            case.done(path, step)
            step["asked"] = [[p, o] for p, o in shop.requests[asked:] if p.startswith("/v1/targets/")]

    def _asked_for(
        self,
        path: Path,
        url: str,
        environment: Environment,
        options: dict[str, Any],
        shop: simulator.RepositorySimulator,
    ) -> dict[str, Any]:
        case = self._case
        found: dict[str, Any] = {key: value for key, value in options.items() if value not in (None, False)}
        if "root" in found:
            found["root"] = case.keep(found["root"])
        if (bundle := found.pop("bundle", None)) is not None:
            names = ("space", "preprocessing_hash")
            space, preprocessing = (getattr(bundle, name) for name in names)
            found["bundle"] = {
                "space": space,
                "preprocessing": preprocessing,
                "dimension": bundle.embedder.dimension,
            }
        if url != simulator.URL:
            found["server"] = url
        if shop.away:
            found["away"] = True
            if shop.retry_after is not None:
                found["retry_after"] = shop.retry_after
        if environment.attempts != _DEFAULTS.attempts:
            found["attempts"] = environment.attempts
        if environment.free_bytes is not _DEFAULTS.free_bytes:
            found["free_bytes"] = environment.free_bytes(path)
        limits = {
            k: v for k, v in vars(environment.limits).items() if v != getattr(Limits(), k) and k != "chunk"
        }
        return {**({"limits": limits} if limits else {}), **found, "serve": case.served(shop)}

    def _problem(self, message: str | None) -> dict[str, Any] | None:
        """Why the local features are not those published."""
        return None if message is None else {"reason": self._reason(message), "message": message}

    def _reason(self, message: str) -> str:
        try:
            return reason_of(message)
        except ValueError as unnamed:
            self._case.problem = str(unnamed)
            return ""

    def _refusal(self, error: PocketshelfError, path: Path) -> dict[str, Any]:
        message = str(error).replace(f"{path.parent}/", "").replace(str(path.parent), "")
        return {"error": {"kind": type(error).__name__, "reason": self._reason(message), "message": message}}


def _files(path: Path) -> dict[str, bytes]:
    """A store's files, what is derived left out."""
    found = {}
    for file in sorted(path.rglob("*")) if path.is_dir() else ():
        name = file.relative_to(path)
        if file.is_file() and name.name != ".lock" and "index" not in name.parts:
            found[name.as_posix()] = file.read_bytes()
    return found


def write_blobs(blobs: dict[str, bytes]) -> bytes:
    """The pool; see sync/README.md."""
    records = (f"{name} {len(data)}\n".encode() + data + b"\n" for name, data in sorted(blobs.items()))
    return gzip.compress(b"".join(records), mtime=0)


def read_blobs(data: bytes) -> dict[str, bytes]:
    """What `write_blobs` wrote."""
    plain, found, at = gzip.decompress(data), {}, 0
    while at < len(plain):
        end = plain.index(b"\n", at)
        name, length = plain[at:end].decode().split(" ")
        at = end + 1 + int(length) + 1
        found[name] = plain[end + 1 : at - 1]
    return found


def main() -> None:
    """Record all, and replace what was recorded before."""
    os.environ["TZ"] = "UTC"
    recorder = Recorder()
    files = [str(TESTS / f"{name}.py") for name in MODULES]
    pytest.main(
        ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", *files], plugins=[recorder]
    )
    for folder in set(MODULES.values()):
        shutil.rmtree(FOLDER / folder, ignore_errors=True)
        (FOLDER / folder).mkdir()
    for name, document in recorder.kept.items():
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        (FOLDER / name).write_text(text.replace('{"do":', '\n{"do":') + "\n", encoding="utf-8")
    (FOLDER / "blobs.gz").write_bytes(write_blobs(recorder.blobs))
    print("\n".join(["left out:", *recorder.left_out]))
    print(f"{sum(len(d['cases']) for d in recorder.kept.values())} cases of {len(recorder.kept)} tests")


if __name__ == "__main__":
    main()
