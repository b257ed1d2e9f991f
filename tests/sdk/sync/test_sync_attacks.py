"""Each test stages one lie. It is refused with one clear line, and the shelf is as it was."""

from __future__ import annotations

import gzip
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from repository_simulator import Drip, Endless, RepositorySimulator, content_of
from securesystemslib.signer import CryptoSigner
from sync_device import DELTA, assert_refused, first_state, second_state
from tuf.ngclient._internal import trusted_metadata_set

from pocketshelf.errors import ServerError, SyncError

# Lies about metadata


def test_rollback_of_the_timestamp(shop, device):
    old = shop.served["/v1/metadata/timestamp.json"]
    device.shop.sign_timestamp()
    device.sync()
    device.content()
    shop.served["/v1/metadata/timestamp.json"] = old
    with pytest.raises(SyncError, match="rollback"):
        device.sync()
    assert device.sequence() == 64
    assert device.content() == content_of(second_state())


def test_rollback_of_the_snapshot_under_a_new_timestamp(shop, device):
    """Whoever holds the online keys alone cannot bring back an old shelf."""
    old_snapshot = deepcopy(shop.timestamp.snapshot_meta)
    shop.sign_snapshot()
    device.sync()
    shop.timestamp.snapshot_meta = old_snapshot
    shop.sign_timestamp()
    with pytest.raises(SyncError, match="rollback"):
        device.sync()
    assert device.sequence() == 64


def test_rollback_of_the_shelf_by_the_publisher(shop, device):
    """Validly signed, but going back: only with the user's consent, as after a restored backup."""
    device.sync()
    shop.generations.clear()
    shop.publish(first_state(), 60)
    with pytest.raises(SyncError, match="going back is refused; allow it"):
        device.sync()
    assert device.sequence() == 64
    assert device.sync(allow_older=True).why == "reset"
    assert device.sequence() == 60


def test_freeze(shop, device, monkeypatch):
    """The server goes on serving what was valid once; after its expiry that is noticed."""
    _travel(monkeypatch, timedelta(days=2))
    assert_refused(device, "has expired", "held back")


def test_expired_root(shop, device):
    shop.root.expires = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    shop.root.version += 1
    shop.sign_root()
    assert_refused(device, "has expired")


def test_expired_targets(shop, device):
    shop.lifetime = timedelta(days=-1)
    shop.sign_all()
    assert_refused(device, "has expired")


def test_mix_and_match(shop, device):
    """Snapshot metadata of one publication with the targets metadata of another."""
    version = shop.targets.version
    shop.served[f"/v1/metadata/{version}.targets.json"] = shop.served[
        f"/v1/metadata/{version - 1}.targets.json"
    ]
    assert_refused(device, "is not what was signed")


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_wrong_key(shop, device, role):
    shop.signers[role] = CryptoSigner.generate_ed25519()
    shop.sign_all()
    assert_refused(device, "is not signed by the keys that this device trusts")


def test_wrong_key_for_a_new_root(shop, device):
    """A new root needs the old root's signature, not only its own."""
    stranger = CryptoSigner.generate_ed25519()
    old = shop.signers["root"]
    shop.root.revoke_key(old.public_key.keyid, "root")
    shop.root.add_key(stranger.public_key, "root")
    shop.root.version += 1
    shop.signers["root"] = stranger
    shop.sign_root()
    assert_refused(device, "is not signed by the keys that this device trusts")


def test_another_root_is_not_trusted_in_passing(shop, device, tmp_path):
    stranger = RepositorySimulator(tmp_path / "stranger")
    stranger.publish(second_state(), 64)
    device.environment.fetcher.served.update(stranger.served)
    device.shop = stranger
    assert_refused(device, "another root of version 1 is trusted already")


def test_endless_metadata(shop, device):
    shop.bodies["/v1/metadata/timestamp.json"] = Endless()
    assert_refused(device, "endless data")


def test_metadata_that_is_no_metadata(shop, device):
    shop.served["/v1/metadata/timestamp.json"] = b'{"signed": 1}'
    assert_refused(device, "its metadata is invalid")


def test_slow_drip_of_metadata(shop, device):
    shop.bodies["/v1/metadata/timestamp.json"] = Drip(b" " * 10_000, device.clock.pass_time)
    assert_refused(device, "sends too slowly")


# Lies about files


def test_arbitrary_file(shop, device):
    shop.served[shop.path_of(DELTA)] = gzip.compress(b"another file of any length" * 40, mtime=0)
    assert_refused(device, "refused")


def test_arbitrary_file_of_the_right_length(shop, device):
    shop.served[shop.path_of(DELTA)] = bytes(len(shop.served[shop.path_of(DELTA)]))
    assert_refused(device, "not the file that was signed")


def test_arbitrary_manifest(shop, device):
    path = shop.path_of("all/manifest.json")
    shop.served[path] = shop.served[path].replace(b'"sequence": 64', b'"sequence": 99')
    assert_refused(device, "not the file that was signed")


def test_endless_data(shop, device):
    shop.bodies[shop.path_of(DELTA)] = Endless()
    assert_refused(device, "endless data")
    assert sum(file.stat().st_size for file in device.path.rglob("*.part")) == 0


def test_slow_drip(shop, device):
    data = shop.served[shop.path_of(DELTA)]
    shop.bodies[shop.path_of(DELTA)] = Drip(data, device.clock.pass_time)
    assert_refused(device, "sends too slowly", "goes on where this one ended")


def test_drip_that_is_just_fast_enough_meets_the_total_time(shop, device):
    device.limit(rate=0.5, total_seconds=200.0)
    data = shop.served[shop.path_of(DELTA)]
    shop.bodies[shop.path_of(DELTA)] = Drip(data, device.clock.pass_time)
    assert_refused(device, "the sync took longer than 200 s")


def test_truncated(shop, device):
    path = shop.path_of(DELTA)
    shop.served[path] = shop.served[path][:-10]
    assert_refused(device, "not the file that was signed")


def test_truncated_again_and_again_never_resumes_into_a_lie(shop, device):
    """What is kept of a truncated file is no part of an accepted one."""
    path = shop.path_of(DELTA)
    whole = shop.served[path]
    shop.served[path] = b"\0" * 100
    assert_refused(device, "not the file that was signed")
    shop.served[path] = whole
    assert device.sync().sequence == 64


def test_wrong_length(shop, device):
    """The metadata promises fewer bytes than the file has."""
    shop.targets.targets[DELTA].length -= 1
    shop.sign_all()
    assert_refused(device, "longer than", "signed")


def test_wrong_unpacked_length(shop, device):
    shop.targets.targets[DELTA].unrecognized_fields["custom"]["uncompressed_length"] += 1
    shop.sign_all()
    assert_refused(device, "does not unpack to")


def test_no_unpacked_length(shop, device):
    del shop.targets.targets[DELTA].unrecognized_fields["custom"]["uncompressed_length"]
    shop.sign_all()
    assert_refused(device, "without its unpacked length")


def test_a_signed_file_that_is_not_served(shop, device):
    del shop.served[shop.path_of(DELTA)]
    assert_refused(device, "does not have the file it signed", error=ServerError)


def test_another_range_than_asked_for(shop, device):
    shop.shifts[shop.path_of(DELTA)] = 7
    assert_refused(device, "another part than was asked for")


def _travel(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    """Let TUF's client believe that it is later."""

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + ahead

    monkeypatch.setattr(trusted_metadata_set.datetime, "datetime", Later)
