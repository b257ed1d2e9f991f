"""Any series of changes, syncs, gaps, rollbacks, damage and compactions: a device's content at a sequence
number is the shop's at that number."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from repository_simulator import Content, RepositorySimulator, content_of, make_product
from sync_device import Device

from pocketshelf.errors import StoreError
from pocketshelf.store import StoreFolder, rollback_store, verify_store

IDS = st.sampled_from([f"p{i}" for i in range(8)])
CATEGORIES = st.sampled_from(["Apple", "Milk", "Juice"])
CHANGES = st.lists(st.tuples(IDS, st.one_of(st.none(), CATEGORIES)), min_size=1, max_size=6)


class ShopAndDevice(RuleBasedStateMachine):
    """The shop's history is the model; the device is under test."""

    @initialize(retention=st.integers(0, 3))
    def begin(self, retention: int) -> None:
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.shop = RepositorySimulator(self.folder / "shop", retention)
        self.device = Device(self.folder / "store", self.shop)
        self.catalogue: Content = {}
        self.history: dict[int, dict[str, tuple]] = {}
        self.sequence = 0
        self.damaged = False
        self.refused = -1
        self.publish()

    @rule(changes=CHANGES)
    def change(self, changes: list[tuple[str, str | None]]) -> None:
        """Upserts and deletions, each with the next number; deleting what is not there is a change, too."""
        for product_id, category in changes:
            self.sequence += 1
            self.catalogue.pop(product_id, None)
            if category is not None:
                self.catalogue[product_id] = make_product(product_id, self.sequence, category)

    @rule()
    def publish(self) -> None:
        self.shop.publish(self.catalogue, self.sequence)
        self.history[self.sequence] = content_of(self.catalogue)

    @rule(keep=st.integers(0, 2))
    def compact(self, keep: int) -> None:
        """Forget older bases: devices that are behind fall into a gap."""
        self.shop.retention = keep

    @rule()
    def rotate_keys(self) -> None:
        self.shop.rotate("timestamp")

    @rule()
    def sync(self) -> None:
        before = None if self.damaged or not self._has_store() else self.device.sequence()
        report = self.device.sync()
        if before is not None and before < self.shop.sequence <= self.refused:
            assert (report.why, self.device.sequence()) == ("rolled back", before)
            return
        if report.outcome == "updated":
            self.refused = -1
        assert report.sequence == self.shop.sequence
        assert self.device.content() == self.history[self.shop.sequence]
        self.damaged = False

    @rule()
    def sync_without_network(self) -> None:
        self.shop.away = True
        assert self.device.sync().outcome == "offline"
        self.shop.away = False

    @precondition(lambda self: not self.damaged and self._has_store())
    @rule()
    def rollback(self) -> None:
        folder = StoreFolder(self.device.path)
        if folder.previous() is None:
            return
        self.refused = max(self.refused, self.device.sequence())
        rollback_store(self.device.path)

    @precondition(lambda self: self._has_store())
    @rule(place=st.floats(0, 1, exclude_max=True))
    def damage(self, place: float) -> None:
        folder = StoreFolder(self.device.path)
        shard = folder.shard(folder.require_current())
        data = bytearray(shard.read_bytes())
        data[int(place * len(data))] ^= 0x55
        shard.write_bytes(data)
        self.damaged = not verify_store(self.device.path).ok

    @invariant()
    def content_is_that_of_its_sequence(self) -> None:
        if not hasattr(self, "device") or self.damaged or not self._has_store():
            return
        assert verify_store(self.device.path).ok
        assert self.device.content() == self.history[self.device.sequence()]

    def _has_store(self) -> bool:
        try:
            return StoreFolder(self.device.path).current() is not None
        except StoreError:
            return True

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)


ShopAndDevice.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestShopAndDevice = ShopAndDevice.TestCase
