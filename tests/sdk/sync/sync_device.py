"""A device in front of a simulated shop, and two states of that shop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from repository_simulator import URL, Content, RepositorySimulator, content_of, make_product

from pocketshelf.errors import SyncError
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import Environment, Limits, SyncReport, sync

# The changes between the two states.
DELTA = "all/delta-60-64.sqlite.gz"


class FakeClock:
    """Seconds that pass only when told to; stands in for `time.monotonic` and `time.sleep`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds


class Device:
    """A device with its store, in front of the simulated shop."""

    def __init__(self, path: Path, shop: RepositorySimulator) -> None:
        self.path, self.shop, self.clock = path, shop, FakeClock()
        self.environment = Environment(
            fetcher=shop,
            clock=self.clock,
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
            limits=Limits(chunk=4096),
        )

    def sync(self, **options: Any) -> SyncReport:
        return sync(self.path, URL, environment=self.environment, **{"root": self.shop.root_bytes, **options})

    def limit(self, **limits: Any) -> None:
        self.environment = replace(self.environment, limits=replace(self.environment.limits, **limits))

    def content(self) -> dict[str, tuple]:
        with Store.open(self.path) as store:
            return {product.product_id: product.to_row() for product in store.shard}

    def sequence(self) -> int:
        assert verify_store(self.path).problems == []
        with Store.open(self.path) as store:
            return store.meta.sequence


def first_state() -> Content:
    return {f"p{i}": make_product(f"p{i}", i + 1, ("Apple", "Milk")[i % 2]) for i in range(60)}


def second_state() -> Content:
    """p0 deleted, p1 changed, p2 moved to another category, n1 new."""
    state = first_state()
    del state["p0"]
    state["p1"] = make_product("p1", 62, "Milk")
    state["p2"] = make_product("p2", 63, "Juice")
    state["n1"] = make_product("n1", 64, "Juice")
    return state


def assert_refused(device: Device, *words: str, error: type[Exception] = SyncError) -> None:
    """The sync fails with one line that holds ``words``; the store is whole and still at 60."""
    with pytest.raises(error) as caught:
        device.sync()
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message
    assert verify_store(device.path).ok
    assert device.sequence() == 60
    assert device.content() == content_of(first_state())
    assert not list((device.path / "generations").glob(".new-*"))
