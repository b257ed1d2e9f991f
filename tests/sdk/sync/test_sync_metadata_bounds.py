"""Metadata that is signed by the right keys and makes no sense: one clear refusal, and none is kept."""

from __future__ import annotations

import copy
import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from repository_simulator import Endless, RepositorySimulator, make_product
from securesystemslib.formats import encode_canonical
from sync_device import Device, assert_refused, second_state

from pocketshelf.errors import ServerError, SpaceMismatch, SyncError
from pocketshelf.store import verify_store
from pocketshelf.sync.metadata_rules import LONGEST, MAX_VERSION, check_metadata

FILES = {"timestamp": "timestamp.json", "snapshot": "{}.snapshot.json", "targets": "{}.targets.json"}
Edit = Callable[[dict], None]


def path_of(shop: RepositorySimulator, role: str) -> str:
    version = {"snapshot": shop.snapshot.version, "targets": shop.targets.version}.get(role)
    return "/v1/metadata/" + FILES[role].format(version)


def sign_edited(shop: RepositorySimulator, role: str, edit: Edit) -> None:
    """Serve ``role``'s metadata changed and signed anew, as its key's holder can."""
    path = path_of(shop, role)
    document = json.loads(shop.served[path])
    edit(document["signed"])
    try:
        message = encode_canonical(document["signed"]).encode()
        document["signatures"][0]["sig"] = shop.signers[role].sign(message).signature
    except Exception:  # It has no canonical form, so that nobody can sign it.
        pass
    shop.served[path] = json.dumps(document).encode()
    if role == "timestamp":
        return
    above = {"targets": "snapshot", "snapshot": "timestamp"}[role]

    def follow(signed: dict) -> None:
        entry = signed["meta"][f"{role}.json"]
        entry.pop("hashes", None), entry.pop("length", None)

    sign_edited(shop, above, follow)


def put(*keys: str, value: Any) -> Edit:
    def edit(signed: dict) -> None:
        for key in keys[:-1]:
            signed = signed[key]
        signed[keys[-1]] = value

    return edit


def first_target(name: str, value: Any) -> Edit:
    def edit(signed: dict) -> None:
        next(iter(signed["targets"].values()))[name] = value

    return edit


KEY = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "ab" * 32}}
DELEGATION = {
    "keys": {"k": KEY},
    "roles": [{"name": "thief", "keyids": ["k"], "threshold": 1, "terminating": True, "paths": ["*/*"]}],
}
LIES = {
    "timestamp version": ("timestamp", put("version", value=2**62)),
    "timestamp version of 64 bits": ("timestamp", put("version", value=2**64)),
    "timestamp version below nought": ("timestamp", put("version", value=-1)),
    "timestamp version nought": ("timestamp", put("version", value=0)),
    "timestamp version a truth": ("timestamp", put("version", value=True)),
    "timestamp version a text": ("timestamp", put("version", value="2")),
    "timestamp version a fraction": ("timestamp", put("version", value=2.5)),
    "timestamp version no number": ("timestamp", put("version", value=float("nan"))),
    "timestamp version endless": ("timestamp", put("version", value=float("inf"))),
    "timestamp expiry": ("timestamp", put("expires", value="9999-12-31T23:59:59Z")),
    "timestamp expiry of no day": ("timestamp", put("expires", value="2100-02-31T00:00:00Z")),
    "timestamp expiry of another form": ("timestamp", put("expires", value="2100-01-01")),
    "timestamp expiry a number": ("timestamp", put("expires", value=2**40)),
    "timestamp of another role": ("timestamp", put("_type", value="mirrors")),
    "snapshot length": ("timestamp", put("meta", "snapshot.json", "length", value=10**15)),
    "snapshot length below nought": ("timestamp", put("meta", "snapshot.json", "length", value=-5)),
    "snapshot length a text": ("timestamp", put("meta", "snapshot.json", "length", value="5")),
    "snapshot version far": ("timestamp", put("meta", "snapshot.json", "version", value=2**62)),
    "snapshot not there": ("timestamp", put("meta", value={})),
    "snapshot hashes a list": ("timestamp", put("meta", "snapshot.json", "hashes", value=["sha256"])),
    "snapshot hash unknown": ("timestamp", put("meta", "snapshot.json", "hashes", value={"crc7": "00"})),
    "snapshot hash of no length": (
        "timestamp",
        put("meta", "snapshot.json", "hashes", value={"shake_256": "00"}),
    ),
    "targets length": ("snapshot", put("meta", "targets.json", "length", value=LONGEST + 1)),
    "targets version far": ("snapshot", put("meta", "targets.json", "version", value=MAX_VERSION + 1)),
    "targets not there": ("snapshot", put("meta", value={"other.json": {"version": 1}})),
    "delegation to a stranger": ("targets", put("delegations", value=DELEGATION)),
    "delegation to bins": (
        "targets",
        put("delegations", value={"keys": {}, "succinct_roles": {
            "keyids": [], "threshold": 1, "bit_length": 32, "name_prefix": "x"}}),
    ),
    "delegation malformed": ("targets", put("delegations", value=[1])),
    "file length": ("targets", first_target("length", 2**62)),
    "file length below nought": ("targets", first_target("length", -1)),
    "file length a fraction": ("targets", first_target("length", 1.5)),
    "file length a truth": ("targets", first_target("length", True)),
    "file hash short": ("targets", first_target("hashes", {"sha256": "ab"})),
    "file hash a way out": ("targets", first_target("hashes", {"sha256": "../../" + "a" * 58})),
    "file hash capital": ("targets", first_target("hashes", {"sha256": "AB" * 32})),
    "nested deeply": ("targets", put("x", value=[[[[]]]] and json.loads("[" * 90 + "]" * 90))),
    "a text of no letters": ("targets", put("x", value="\ud800")),
    "a number of 400 digits": ("targets", put("x", value=10**400)),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_metadata_out_of_bounds_is_refused(shop, device, lie):
    role, edit = LIES[lie]
    sign_edited(shop, role, edit)
    before = {path: path.read_bytes() for path in (device.path / "trust").iterdir()}
    assert_refused(device, "refused, its metadata")
    found = {path: path.read_bytes() for path in (device.path / "trust").iterdir()}
    # What is out of bounds itself was not kept: it would be in the way of what comes after.
    assert found[device.path / f"trust/{role}.json"] == before[device.path / f"trust/{role}.json"]
    shop.sign_all()
    assert device.sync().sequence == 64


@pytest.mark.parametrize("where", ["../../../evil", "/tmp/evil", "a/../../b"])
def test_a_hash_is_no_way_out_of_the_store(shop, device, tmp_path, where):
    """Its file is named by its hash: a publisher must not choose where on the device that is."""
    evil = tmp_path / "evil"
    name = str(evil) if where.startswith("/") else where
    before = {path for path in tmp_path.rglob("*") if "shop" not in path.parts}
    sign_edited(
        shop, "targets", lambda signed: [t["hashes"].update(sha256=name) for t in signed["targets"].values()]
    )
    for target in ("all/manifest.json",):
        folder, _, base = target.rpartition("/")
        shop.served[f"/v1/targets/{folder}/{name}.{base}"] = b"#!/bin/sh"
    assert_refused(device, "refused, its metadata")
    assert {path for path in tmp_path.rglob("*") if "shop" not in path.parts} <= before


def test_a_length_is_no_reason_to_download_for_ever(shop, device):
    """The timestamp's holder names a length that no metadata has, and drips it."""
    sign_edited(shop, "timestamp", put("meta", "snapshot.json", "length", value=LONGEST))
    sent = 0

    class Counted(Endless):
        def __call__(self, offset: int):
            nonlocal sent
            for piece in super().__call__(offset):
                sent += len(piece)
                yield piece

    shop.bodies[path_of(shop, "snapshot")] = Counted(b" " * (1 << 16))
    assert_refused(device, "endless data")
    assert sent <= LONGEST + (1 << 17)


def root_edit(edit: Edit) -> Edit:
    def apply(root: dict) -> None:
        edit(root)

    return apply


def roles(name: str, **values: Any) -> Edit:
    return lambda root: root["roles"][name].update(values)


def second_id(root: dict) -> None:
    """One key as two: a threshold of two would be one person's."""
    (key_id,) = root["roles"]["targets"]["keyids"]
    root["keys"]["f" * 64] = copy.deepcopy(root["keys"][key_id])
    root["roles"]["targets"].update(keyids=[key_id, "f" * 64], threshold=2)


def many_keys(root: dict) -> None:
    for number in range(40):
        root["keys"][f"k{number}"] = {**KEY, "keyval": {"public": f"{number:064x}"}}
        root["roles"]["targets"]["keyids"].append(f"k{number}")


def same_key_twice(root: dict) -> None:
    root["roles"]["targets"]["keyids"] *= 2


ROOT_LIES = {
    "threshold beyond the keys": roles("targets", threshold=2),
    "threshold nought": roles("snapshot", threshold=0),
    "threshold below nought": roles("timestamp", threshold=-1),
    "threshold a truth": roles("timestamp", threshold=True),
    "threshold of 62 bits": roles("root", threshold=2**62),
    "no keys": roles("targets", keyids=[]),
    "a key twice": same_key_twice,
    "a key under two ids": second_id,
    "a key that is not there": roles("targets", keyids=["0" * 64]),
    "too many keys": many_keys,
    "keys a list": put("keys", value=[]),
    "a role missing": lambda root: root["roles"].pop("snapshot"),
    "a role of its own": lambda root: root["roles"].update(mirrors={"keyids": ["k"], "threshold": 1}),
    "roles a list": put("roles", value=[]),
    "expiry": put("expires", value="9999-01-01T00:00:00Z"),
    "version of 62 bits": put("version", value=2**62),
    "version of the one before": put("version", value=1),
}  # fmt: skip


@pytest.mark.parametrize("lie", ROOT_LIES)
def test_a_root_out_of_bounds_is_refused(shop, device, lie):
    """Signed by the root key: an operator's slip, or worse. A device that took it would be lost."""
    document = json.loads(shop.root_bytes)
    document["signed"]["version"] = 2
    ROOT_LIES[lie](document["signed"])
    message = encode_canonical(document["signed"]).encode()
    document["signatures"] = [
        {"keyid": shop.signers["root"].public_key.keyid, "sig": shop.signers["root"].sign(message).signature}
    ]
    data = json.dumps(document).encode()
    shop.served["/v1/metadata/2.root.json"] = data
    assert_refused(device, "refused, its metadata")
    assert json.loads((device.path / "trust/root.json").read_bytes())["signed"]["version"] == 1
    del shop.served["/v1/metadata/2.root.json"]
    with pytest.raises(SyncError):
        device.sync(root=data)
    assert device.sync().sequence == 64


def test_a_first_root_out_of_bounds_is_not_established(shop, fresh_device):
    device = fresh_device(shop)
    document = json.loads(shop.root_bytes)
    same_key_twice(document["signed"])
    for data in (json.dumps(document).encode(), b"", b"[]", b"[" * 100_000, b'{"signed": {"version": NaN}}'):
        with pytest.raises(SyncError) as caught:
            device.sync(root=data)
        assert "\n" not in str(caught.value)
        assert not (device.path / "trust/root.json").exists()
    assert device.sync().sequence == 60


def mutate(value: Any, chance: random.Random) -> Any:
    """``value`` with something in it exchanged for something of another kind."""
    odd = [None, True, -1, 0, 2**63, 2**70, 1.5, "", "x", [], {}, [[]], {"": {}}, "\x00", "9" * 5000]
    if isinstance(value, dict | list) and value and chance.random() < 0.9:
        key = chance.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value[key] = mutate(value[key], chance)
        return value
    return chance.choice(odd)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "root"])
def test_metadata_of_any_other_shape_is_one_refusal(shop, device, role):
    chance = random.Random(role)
    for _ in range(40):
        if role == "root":
            document = json.loads(shop.root_bytes)
            document["signed"]["version"] = 2
            document["signed"] = mutate(document["signed"], chance)
            message = encode_canonical_or_nothing(document["signed"])
            signature = shop.signers["root"].sign(message).signature
            document["signatures"] = [{"keyid": shop.signers["root"].public_key.keyid, "sig": signature}]
            shop.served["/v1/metadata/2.root.json"] = json.dumps(document).encode()
        else:
            shop.sign_all()
            sign_edited(shop, role, lambda signed: mutate(signed, chance))
        try:
            device.sync()
        except (SyncError, ServerError) as error:
            assert "\n" not in str(error) and len(str(error)) < 1000
        assert verify_store(device.path).ok


def encode_canonical_or_nothing(value: Any) -> bytes:
    try:
        return encode_canonical(value).encode()
    except Exception:
        return b""


@pytest.mark.parametrize("part", ["a.", "a://", "http://a:"])
def test_a_name_without_end_costs_no_time_before_a_signature_is_looked_at(part):
    """Anybody on the way can serve such a root: what is said of it is short, and said at once."""
    signed = {"_type": "root", "version": 2, "expires": "2030-01-01T00:00:00Z", "keys": {}}
    signed["roles"] = {part * (400_000 // len(part)): 7}
    began = time.process_time()
    with pytest.raises(SyncError) as caught:
        check_metadata(json.dumps({"signed": signed, "signatures": []}).encode(), "http://shop.example")
    assert time.process_time() - began < 10 and len(str(caught.value)) < 1000


def test_the_rules_take_what_the_simulated_shop_signs(shop):
    for path, data in shop.served.items():
        if path.startswith("/v1/metadata/"):
            check_metadata(data, path)


# What a shelf may be


@pytest.mark.parametrize("dimension", [4, 8, 32])
def test_a_dimension_that_the_bundle_cannot_search_is_refused(shop, device, fake_bundle, dimension):
    """Of the right space and preprocessing by its own word, in a snapshot and in changes."""
    bundle = bundle_of(fake_bundle, dimension)
    with pytest.raises(SpaceMismatch, match=rf"{dimension}-d.*16-d"):
        device.sync(bundle=bundle)
    assert device.sequence() == 60
    new = Device(device.path.with_name("new"), shop)
    with pytest.raises(SpaceMismatch, match=rf"{dimension}-d.*16-d"):
        new.sync(bundle=bundle)
    assert not (new.path / "current").exists()
    assert device.sync(bundle=bundle_of(fake_bundle, 16)).sequence == 64


def bundle_of(bundle, dimension: int):
    from dataclasses import replace

    from repository_simulator import PREPROCESSING, SPACE

    class Bundle:
        space, preprocessing_hash, name = SPACE, PREPROCESSING, "of a test"
        embedder = replace(bundle.embedder, dimension=dimension)

    return Bundle()


@pytest.mark.parametrize("dimension", ["0", "-4", "1000000000", "9" * 30, "4.5"])
def test_a_dimension_that_nothing_can_search_is_refused(shop, device, monkeypatch, dimension):
    import sqlite3

    make = shop._snapshot_file

    def lying(content, sequence):
        make(content, sequence)
        with sqlite3.connect(shop.folder / "snapshot.sqlite") as connection:
            connection.execute("UPDATE meta SET value = ? WHERE key = 'dimension'", (dimension,))
        connection.close()
        return (shop.folder / "snapshot.sqlite").read_bytes()

    monkeypatch.setattr(shop, "_snapshot_file", lying)
    shop.retention = 0
    shop.publish({}, 65)
    assert_refused(device, "refused", "dimension")


@pytest.mark.parametrize(
    "edit",
    [
        put("sequence", value=2**63),
        put("sequence", value=-1),
        put("sequence", value=1e300),
        put("snapshot", "length", value=-3),
        put("snapshot", "length", value=0),
        put("categories", "Apple", "local", value=-1),
        put("categories", "Apple", "catalogue", value=10**400),
        put("categories", "Apple", value=3),
        put("deltas", value={"from": 1}),
        put("version", value=2**70),
        put("snapshot", "target", value="all/../../x"),
        put("space", value=""),
    ],
)
def test_a_manifest_out_of_bounds_is_refused(shop, device, edit):
    content = second_state()
    content["n2"] = make_product("n2", 65)
    shop.publish(content, 65)
    document = json.loads(shop.served[shop.path_of("all/manifest.json")])
    edit(document)
    data = json.dumps(document).encode()
    shop.add_target("all/manifest.json", data, data, {"sequence": 65})
    shop.sign_all()
    assert_refused(device, "manifest.json")
