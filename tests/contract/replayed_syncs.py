"""A device that replays recorded syncs (`contract/golden/sync`) from the files alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from tuf.ngclient._internal import trusted_metadata_set

from contract.golden.generate_syncs import FOLDER, dump_line, features_of, read_blobs
from contract.golden.sync_refusals import reason_of
from pocketshelf.errors import PocketshelfError, StoreError
from pocketshelf.store import Store, rollback_store
from pocketshelf.sync import Answer, Environment, Limits, Unreachable, sync

_PIECE = 4096


class ReplayedServer:
    """Serves a case's routes, as sync/README.md says."""

    def __init__(self, blobs: dict[str, bytes]) -> None:
        self.routes: dict[str, Any] = {}
        self.away = False
        self.retry_after: float | None = None
        self.asked: list[list[Any]] = []
        self.seconds = 0.0
        self._blobs = blobs

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def serve(self, changes: dict[str, Any]) -> None:
        for path, route in changes.items():
            if route is None:
                del self.routes[path]
            else:
                self.routes[path] = route

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        path = urlsplit(url).path
        if path.startswith("/v1/targets/"):
            self.asked.append([path, offset])
        if self.away:
            raise Unreachable(f"{path}: cannot be reached (no network)", self.retry_after)
        route = self.routes.get(path)
        if route is None:
            return Answer(404, iter(()))
        if isinstance(route, str):
            return self._plain(self._blobs[route], offset, etag)
        if "shifted" in route:
            return Answer(206, _pieces(self._blobs[route["shifted"]]), None, route["start"])
        return Answer(206 if offset else 200, self._body(path, route, offset), None, offset)

    def _plain(self, data: bytes, offset: int, etag: str | None) -> Answer:
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if not offset or etag not in (None, tag):
            return Answer(200, _pieces(data), tag)
        if offset >= len(data):
            return Answer(416, iter(()), tag)
        return Answer(206, _pieces(data[offset:]), tag, offset)

    def _body(self, path: str, route: dict[str, Any], offset: int) -> Iterator[bytes]:
        if "endless" in route:
            while True:
                yield self._blobs[route["endless"]]
        if "breaks" in route:
            self.routes[path], self.away = route["breaks"], route.get("away", False)
            yield self._blobs[route["breaks"]][offset : route["at"]]
            raise Unreachable("the connection broke")
        for byte in self._blobs[route["drip"]][offset:]:
            self.sleep(route["seconds"])
            yield bytes([byte])


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), _PIECE):
        yield data[start : start + _PIECE]


class ReplayedDevice:
    """Does a case's steps in ``folder``, and asserts what each says of itself."""

    def __init__(self, folder: Path, blobs: dict[str, bytes], patch: pytest.MonkeyPatch) -> None:
        self._folder, self._blobs, self._patch = folder, blobs, patch
        self._server = ReplayedServer(blobs)

    def replay(self, steps: list[dict[str, Any]]) -> None:
        for number, step in enumerate(steps):
            path = self._folder / step.get("store", "store")
            found = {"sync": self._sync, "rollback": self._rollback, "write": self._write}[step["do"]](
                path, step
            )
            assert found == {k: step[k] for k in found}, f"step {number}"

    def _write(self, path: Path, step: dict[str, Any]) -> dict[str, Any]:
        for name, blob in step["files"].items():
            file = path / name
            if blob is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self._blobs[blob])
        return {}

    def _rollback(self, path: Path, step: dict[str, Any]) -> dict[str, Any]:
        try:
            expect: dict[str, Any] = {"generation": rollback_store(path, undo=step["undo"])}
        except PocketshelfError as error:
            expect = _refusal(error, step)
        return {"expect": expect, "after": self._content(path, step)}

    def _sync(self, path: Path, step: dict[str, Any]) -> dict[str, Any]:
        server, now = self._server, datetime.fromisoformat(step["now"])
        server.serve(step["serve"])
        server.away, server.asked = step.get("away", False), []
        server.retry_after = step.get("retry_after")
        self._set_clock(now)
        options = {
            key: step[key] for key in ("shard", "allow_older", "trust_on_first_use", "if_due") if key in step
        }
        environment = Environment(
            fetcher=server,
            clock=lambda: server.seconds,
            sleep=server.sleep,
            now=lambda: now,
            jitter=lambda: 0.5,
            attempts=step.get("attempts", 3),
            limits=Limits(chunk=_PIECE, **step.get("limits", {})),
            free_bytes=lambda folder: step.get("free_bytes", 10**12),
        )
        try:
            report = sync(
                path,
                step.get("server", "http://shop.test"),
                root=self._blobs[step["root"]] if "root" in step else None,
                bundle=_bundle(step.get("bundle")),
                closely=step.get("closely", False),
                environment=environment,
                **options,
            )
            expect = {key: getattr(report, key) for key in step["expect"] if key != "error"} or vars(report)
            if "problem" in expect:
                expect["problem"] = _problem(expect["problem"], step)
        except PocketshelfError as error:
            expect = _refusal(error, step)
        return {"expect": expect, "after": self._content(path, step), "asked": server.asked}

    def _set_clock(self, now: datetime) -> None:
        """The Update Framework's client reads the time itself."""

        class Fixed(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return now

        there = SimpleNamespace(datetime=Fixed, timezone=timezone)
        self._patch.setattr(trusted_metadata_set, "datetime", there)

    def _content(self, path: Path, step: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = dict.fromkeys(step["after"])
        with contextlib.suppress(StoreError), Store.open(path) as store:
            lines = "".join(map(dump_line, store.shard)).encode()
            found |= {"sequence": store.meta.sequence, "products": hashlib.sha256(lines).hexdigest()}
            features = features_of(store)
            if "features" in found and features is not None:
                found["features"] = hashlib.sha256(features).hexdigest()
        return found


def _refusal(error: PocketshelfError, step: dict[str, Any]) -> dict[str, Any]:
    """As it is written down; the sentence is for people, and names a folder."""
    message = step["expect"].get("error", {}).get("message")
    return {"error": {"kind": type(error).__name__, "reason": reason_of(str(error)), "message": message}}


def _problem(message: str | None, step: dict[str, Any]) -> dict[str, Any] | None:
    """Why the features are not those published, as it is written down."""
    written = (step["expect"]["problem"] or {}).get("message")
    return None if message is None else {"reason": reason_of(message), "message": written}


def _bundle(wanted: dict[str, Any] | None) -> Any:
    if wanted is None:
        return None
    embedder = SimpleNamespace(dimension=wanted["dimension"])
    return SimpleNamespace(
        space=wanted["space"], preprocessing_hash=wanted["preprocessing"], name="a test's", embedder=embedder
    )


def load_cases() -> dict[str, list[dict[str, Any]]]:
    """Folder and name and case → its steps."""
    found = {}
    for file in sorted(FOLDER.glob("*/*.json")):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            found[f"{file.parent.name}/{file.stem}[{case['case']}]"] = case["steps"]
    return found


def load_blobs() -> dict[str, bytes]:
    """The pool."""
    return read_blobs((FOLDER / "blobs.gz").read_bytes())
