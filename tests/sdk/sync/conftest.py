"""A shop with two published states, and a device that has synced the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from repository_simulator import RepositorySimulator
from sync_device import Device, first_state, second_state


@pytest.fixture
def shop(tmp_path: Path) -> RepositorySimulator:
    shop = RepositorySimulator(tmp_path / "shop")
    shop.publish(first_state(), 60)
    return shop


@pytest.fixture
def device(tmp_path: Path, shop: RepositorySimulator) -> Device:
    """At sequence 60, while the shop has gone on to 64."""
    device = Device(tmp_path / "store", shop)
    device.sync()
    shop.publish(second_state(), 64)
    return device


@pytest.fixture
def fresh_device(tmp_path: Path) -> Callable[[RepositorySimulator], Device]:
    """Makes a device without any store."""
    return lambda shop: Device(tmp_path / "fresh", shop)
