"""Each core against the project's real server, over a network that breaks: it ends as Python's does."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loopback import serving_app
from phones.cores import CORES, Core
from phones.faulty_proxy import FaultyProxy, fetched, honest, truncating
from phones.live_shop import DIMENSION, LiveShop
from phones.python_core import search
from pocketshelf.store import StoreFolder, verify_store
from pocketshelf.store.features import prints_of
from pocketshelf_server.http.app import create_app


class PythonCore(Core):
    """The SDK behind the same commands: shows that these tests can be passed."""

    def require(self) -> Path:
        return Path(sys.executable)

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, str(Path(__file__).with_name("python_core.py")), *map(str, arguments)]


@dataclass
class Live:
    """A core's store before a shop, with a proxy between them."""

    core: Core
    shop: LiveShop
    proxy: FaultyProxy
    store: Path

    def sync(self) -> dict[str, Any] | str:
        """The report, or the line that says why there is none."""
        done = subprocess.run(self._sync(), capture_output=True, text=True, timeout=120)
        if done.returncode:
            # Of the JVM's own modules it speaks itself, whatever the program says.
            lines = [line for line in done.stderr.splitlines() if "Using incubator modules" not in line]
            assert done.returncode == 1 and len(lines) == 1, done.stderr
            return lines[0]
        (line,) = done.stdout.splitlines()
        return json.loads(line)

    def killed_sync(self, after: int) -> bool:
        """Sync, and kill it when it has got ``after`` bytes of files; whether that came before its end."""
        self.proxy.fault = honest
        process: list[subprocess.Popen[str]] = []
        self.proxy.fault = fetched(after, lambda: process[0].send_signal(signal.SIGKILL))
        process.append(
            subprocess.Popen(self._sync(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        process[0].communicate(timeout=120)
        self.proxy.fault = honest
        return process[0].returncode == -signal.SIGKILL

    def _sync(self) -> list[str]:
        return self.core.command(
            "sync", "--store", self.store, "--server", self.proxy.url, "--root", self.shop.root
        )

    def products(self) -> list[dict[str, Any]]:
        return self.core.run("dump", "--store", self.store)

    def is_at(self, sequence: int) -> None:
        """The store holds that generation, product for product."""
        assert self.products() == self.shop.history[sequence]


@pytest.fixture(params=[*CORES, PythonCore("python", "")], ids=lambda core: core.name)
def core(request: pytest.FixtureRequest) -> Core:
    request.param.require()
    return request.param


@contextmanager
def before(core: Core, shop: LiveShop, folder: Path) -> Iterator[Live]:
    """The shop with 200 products at its first generation, and a core without a store."""
    with (
        serving_app(create_app(shop.site, shop.catalogue)) as shop.url,
        FaultyProxy.before(shop.url) as proxy,
    ):
        shop.change(200, 0)
        shop.publish()
        yield Live(core, shop, proxy, folder / "store")
    shop.close()


@pytest.fixture
def live(core: Core, tmp_path: Path) -> Iterator[Live]:
    with before(core, LiveShop(tmp_path, seed=15), tmp_path) as opened:
        yield opened


@pytest.fixture
def covers(core: Core, tmp_path: Path) -> Iterator[Live]:
    """Half of the shop's products have local features."""
    with before(core, LiveShop(tmp_path, seed=16, prints=True), tmp_path) as opened:
        yield opened


def features(store: Path) -> dict[str, bytes]:
    """Of the store's current generation, by product."""
    folder = StoreFolder(store)
    return {name: each.to_bytes() for name, each in prints_of(folder, folder.require_current()).items()}


def test_any_series_of_generations_ends_equal(live: Live) -> None:
    """Changes, deletions, gaps, rotated keys, a server that is away, answers cut short, kills in mid-sync."""
    rounds = [
        (generations, rotates, trouble)
        for trouble in ("none", "away", "cut", "kill")
        for generations, rotates in (
            (1, True),
            (live.shop.chance.choice((1, 5)), False),
        )
    ]
    live.shop.chance.shuffle(rounds)
    chance, here, seen = live.shop.chance, None, set()
    for generations, rotates, trouble in [*rounds, (5, False, "none"), (1, False, "none")]:
        for _ in range(generations):  # Five at once are a gap: deltas of three are kept.
            live.shop.change(chance.randrange(1, 20), chance.randrange(10))
            if rotates:
                live.shop.rotate()
            sequence = live.shop.publish()
        if trouble == "away":
            live.proxy.away = True
            report = live.sync()
            assert isinstance(report, dict) and report["outcome"] == "offline"
        elif trouble == "cut":
            live.proxy.fault = truncating(chance.choice((2, 3)), chance.random())
            live.sync()  # It may get through in three attempts, or not.
        elif trouble == "kill":
            live.killed_sync(chance.choice((300, 1500, 4000)))
        if here is not None and trouble != "none":
            assert live.products() in (live.shop.history[here], live.shop.history[sequence])
        live.proxy.away, live.proxy.fault = False, honest
        report = live.sync()
        assert isinstance(report, dict), report
        assert report["outcome"] in ("updated", "current") and report["sequence"] == sequence
        live.is_at(sequence)
        here = sequence
        seen.add(report["why"])
    assert {"changes", "gap"} <= seen


def test_a_kill_at_any_byte_leaves_one_generation_whole(live: Live) -> None:
    assert isinstance(live.sync(), dict)
    before = max(live.shop.history)
    live.shop.change(150, 40)
    after = live.shop.publish()
    kills = 0
    for byte in (0, 1, 700, 2500, 6000):
        kills += live.killed_sync(byte)
        assert live.products() in (live.shop.history[before], live.shop.history[after])
    assert kills >= 4
    report = live.sync()
    assert isinstance(report, dict) and report["sequence"] == after
    live.is_at(after)


def test_local_features_come_whole_and_by_changes_and_no_kill_harms_them(covers: Live) -> None:
    assert isinstance(covers.sync(), dict)
    expected = features(covers.shop.store)
    assert len(expected) > 50 and features(covers.store) == expected
    covers.shop.change(60, 20)
    before, after = max(covers.shop.history), covers.shop.publish()
    known = set(expected.values()) | set(features(covers.shop.store).values())
    kills = 0
    for byte in (1, 1500, 6000, 12_000, 30_000):
        kills += covers.killed_sync(byte)
        assert covers.products() in (covers.shop.history[before], covers.shop.history[after])
        assert set(features(covers.store).values()) <= known and verify_store(covers.store).ok
    assert kills >= 3
    report = covers.sync()
    assert isinstance(report, dict) and report["sequence"] == after
    covers.is_at(after)
    assert features(covers.store) == features(covers.shop.store) != expected
    assert verify_store(covers.store).ok


def test_200_queries_find_the_same_in_the_same_order(live: Live, tmp_path: Path) -> None:
    live.shop.change(300, 20)
    live.shop.publish()
    assert isinstance(live.sync(), dict)
    numbers = np.random.default_rng(4)
    queries = numbers.standard_normal((200, DIMENSION)).astype("<f4")
    # A quarter of them are products as they are, twins among them: equal scores.
    products = live.shop.history[max(live.shop.history)]
    for place in range(0, 200, 4):
        vector = bytes.fromhex(products[int(numbers.integers(len(products)))]["vectors"][0])
        queries[place] = np.frombuffer(vector, dtype=np.int8)
    file = tmp_path / "queries.f32"
    queries.tofile(file)
    for more in ([], ["--category", "靴"]):
        found = live.core.run("search", "--store", live.store, "--vectors", file, "--k", 10, *more)
        expected = search(live.shop.store, queries, 10, more[1] if more else None)
        assert len(found) == 200
        for ours, theirs in zip(found, expected, strict=True):
            assert [hit["product_id"] for hit in ours["hits"]] == [
                hit["product_id"] for hit in theirs["hits"]
            ]
            scores = [hit["score"] for hit in theirs["hits"]]
            assert [hit["score"] for hit in ours["hits"]] == pytest.approx(scores, abs=1e-6)


def test_a_rollback_stays_and_is_left_by_something_newer(live: Live) -> None:
    assert isinstance(live.sync(), dict)
    first = max(live.shop.history)
    live.shop.change(5, 1)
    live.shop.publish()
    assert isinstance(live.sync(), dict)
    live.core.run("rollback", "--store", live.store)
    live.is_at(first)
    report = live.sync()
    assert isinstance(report, dict) and (report["outcome"], report["why"]) == ("current", "rolled back")
    live.is_at(first)
    live.shop.change(5, 1)
    newest = live.shop.publish()
    assert isinstance(live.sync(), dict)
    live.is_at(newest)
    (status,) = live.core.run("status", "--store", live.store)
    assert isinstance(status, dict)


def test_another_site_s_root_is_refused_in_one_line(live: Live, tmp_path: Path) -> None:
    stranger = LiveShop(tmp_path / "stranger", seed=1)
    stranger.close()
    live.shop.root = stranger.root
    report = live.sync()
    assert isinstance(report, str) and report
