"""What a thief signed goes away with the stolen key: devices recover when it is rotated, without a visit."""

from __future__ import annotations

from dataclasses import replace

import pytest
from repository_simulator import RepositorySimulator, content_of, make_product
from securesystemslib.signer import CryptoSigner
from sync_device import Device, first_state, second_state
from tuf.api.metadata import Metadata, MetaFile

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.store import rollback_store
from pocketshelf.sync.metadata_rules import MAX_VERSION
from pocketshelf.sync.planner import Device as Have
from pocketshelf.sync.planner import Plan, plan

FAR = 2**62


def stolen_state(sequence: int = FAR) -> dict:
    return {"evil": make_product("evil", sequence, "Apple")}


@pytest.fixture
def robbed(shop, device) -> Device:
    """A device that has taken a thief's shelf, numbered beyond all that the shop will ever publish."""
    honest = dict(shop.generations)
    shop.publish(stolen_state(), FAR)
    assert device.sync().sequence == FAR
    shop.generations = honest
    return device


def test_a_sequence_of_a_stolen_key_is_left_when_the_key_is_rotated(shop, robbed):
    shop.publish(second_state(), 64)
    with pytest.raises(SyncError, match="going back is refused"):
        robbed.sync()
    shop.rotate("targets")
    report = robbed.sync()
    assert (report.how, report.why, report.sequence) == ("snapshot", "rotated", 64)
    assert robbed.content() == content_of(second_state())
    shop.publish({**second_state(), "n2": make_product("n2", 65)}, 65)
    assert robbed.sync().how == "changes"


def test_neither_does_a_rollback_lead_back_to_it(shop, robbed):
    shop.publish(second_state(), 64)
    shop.rotate("targets")
    robbed.sync()
    try:
        rollback_store(robbed.path)
    except StoreError:
        return
    assert robbed.content() == content_of(first_state())


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "root"])
def test_another_key_s_rotation_does_not_let_the_shelf_go_back(shop, device, role):
    device.sync()
    shop.publish(first_state(), 60)
    shop.rotate(role)
    with pytest.raises(SyncError, match="going back is refused"):
        device.sync()


def test_the_number_of_a_thief_may_be_a_common_one(shop, device):
    """The thief's 65 and the shop's 65 are not the same, nor do the shop's changes fit the thief's."""
    honest = dict(shop.generations)
    for follow in (65, 66):
        shop.generations = dict(honest)
        shop.publish(stolen_state(65), 65)
        assert device.sync().sequence == 65
        shop.generations = dict(honest)
        shop.publish(second_state(), 65)
        if follow == 66:
            shop.publish({**second_state(), "n2": make_product("n2", 66)}, 66)
        shop.rotate("targets")
        assert device.sync().why == "rotated"
        assert "evil" not in device.content()
        device.path.rename(device.path.with_name(f"done{follow}"))


def test_recovery_goes_on_where_it_was_cut_off(shop, robbed):
    """The device learns of the new key, and then the network is gone."""
    shop.publish(second_state(), 64)
    shop.rotate("targets")
    taken = shop.served.pop(shop.snapshot_path())
    for _ in range(2):
        with pytest.raises(Exception, match="status 404"):
            robbed.sync()
    shop.served[shop.snapshot_path()] = taken
    assert robbed.sync().sequence == 64


def test_a_rotation_without_a_theft_costs_nothing_where_the_snapshot_is_the_same(shop, fresh_device):
    device = fresh_device(shop)
    device.sync()
    shop.rotate("targets")
    before = len(shop.requests)
    assert device.sync().outcome == "current"
    assert not any("snapshot-" in path for path, _ in shop.requests[before:])
    # And the shelf is known to be the new key's from then on.
    shop.publish({**second_state(), "n2": make_product("n2", 65)}, 65)
    assert device.sync().how == "changes"


def test_versions_of_stolen_keys_are_left_when_the_keys_are_rotated(shop, device):
    """TUF's fast-forward: the thief signs version after version, up to the last that a device takes."""
    honest = [shop.targets.version, shop.snapshot.version, shop.timestamp.version]

    def go_on_from(targets: int, snapshot: int, timestamp: int) -> None:
        shop.snapshot.meta["targets.json"].version = targets
        shop.timestamp.snapshot_meta.version = snapshot
        shop.timestamp.version = timestamp
        shop.sign_all()

    go_on_from(MAX_VERSION - 1, MAX_VERSION - 1, MAX_VERSION - 1)
    device.sync()
    for role in ("targets", "timestamp"):
        shop.rotate(role)
        go_on_from(*honest)
        with pytest.raises(SyncError, match="rollback"):
            device.sync()
    shop.rotate("snapshot")
    assert device.sync().sequence == 64


def test_the_root_of_another_site_with_a_higher_version_changes_nothing(shop, device, tmp_path):
    stranger = RepositorySimulator(tmp_path / "stranger")
    for _ in range(4):
        stranger.rotate("timestamp")
    stranger.publish(second_state(), 64)
    before = {p: p.read_bytes() for p in (device.path / "trust").iterdir()}
    higher = stranger.served["/v1/metadata/5.root.json"]
    with pytest.raises(SyncError, match=r"version 5.*version 1.*another site"):
        device.sync(root=higher)
    assert device.sequence() == 60
    # Nor when it is the other site that answers, nor once there is a root of that version.
    honest, shop.served = shop.served, stranger.served
    with pytest.raises(SyncError):
        device.sync(root=higher)
    shop.served = honest
    assert {p: p.read_bytes() for p in (device.path / "trust").iterdir() if p.name == "root.json"} == {
        device.path / "trust/root.json": before[device.path / "trust/root.json"]
    }
    for _ in range(4):
        shop.rotate("timestamp")
    with pytest.raises(SyncError, match="another site"):
        device.sync(root=higher)
    assert device.sequence() == 60
    assert device.sync().sequence == 64


def test_a_newer_root_of_the_same_site_is_welcome(shop, device):
    """An app's update carries the newest root; the device gets there by the chain."""
    shop.rotate("root")
    shop.rotate("timestamp")
    assert device.sync(root=shop.served["/v1/metadata/3.root.json"]).sequence == 64
    assert device.sync(root=shop.served["/v1/metadata/2.root.json"]).outcome == "current"


def test_the_planner_takes_the_whole_for_what_no_key_vouches_for():
    from test_sync_rules import SNAPSHOT, at, manifest

    for sequence in (8, 10, 12, FAR):
        assert plan(replace(at(sequence), vouched=False), manifest()) == Plan(SNAPSHOT, "rotated")
    assert plan(Have(), manifest()).why == "first"


def test_a_key_that_signs_beside_the_stolen_one_does_not_vouch_for_what_that_one_signed(shop, device):
    """While a rotation is written both keys sign: the device is at the thief's 65, the shop at its own."""
    honest = dict(shop.generations)
    shop.publish(stolen_state(65), 65)
    device.sync()
    shop.generations = honest
    shop.publish(second_state(), 65)
    new = CryptoSigner.generate_ed25519()
    old, path = shop.signers["targets"], f"/v1/metadata/{shop.targets.version}.targets.json"
    metadata = Metadata.from_bytes(shop.served[path])
    metadata.sign(new, append=True)
    shop.served[path] = metadata.to_bytes()
    shop.snapshot.meta["targets.json"] = MetaFile.from_data(
        shop.targets.version, shop.served[path], ["sha256"]
    )
    shop.sign_snapshot()
    device.sync()
    shop.root.add_key(new.public_key, "targets")
    shop.root.version += 1
    shop.sign_root()
    device.sync()
    shop.root.revoke_key(old.public_key.keyid, "targets")
    shop.root.version += 1
    shop.signers["targets"] = new
    shop.sign_root()
    shop.sign_all()
    device.sync()
    assert device.content() == content_of(second_state())


def test_neither_does_a_rollback_from_it_keep_the_shop_s_away(shop, robbed):
    """A rollback stays until something newer comes; nothing is newer than a thief's number."""
    rollback_store(robbed.path)
    assert robbed.content() == content_of(first_state())
    shop.publish(second_state(), 64)
    shop.rotate("targets")
    assert robbed.sync().sequence == 64
