"""Whoever holds the online machine plants what they like; the offline key must sign none of it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from server_products import SPACE
from tuf.api.metadata import Metadata, Root

from pocketshelf.errors import StoreError
from pocketshelf_server.cli import main
from pocketshelf_server.making import make_site
from pocketshelf_server.site import Site
from pocketshelf_server.trust import KeyFolder, open_repository


@pytest.fixture
def safe(filled_site: Site, tmp_path: Path) -> Path:
    """The folder of the offline machine: it is not on the site's machine any more."""
    folder = tmp_path / "safe"
    filled_site.offline_keys.rename(folder)
    return folder


def edit_root(site: Site, version: int, edit) -> None:
    """Change what a root says and keep its signatures, as one can who has no root key."""
    path = site.metadata / f"{version}.root.json"
    metadata = Metadata[Root].from_bytes(path.read_bytes())
    edit(metadata.signed)
    path.write_bytes(metadata.to_bytes())


def files_of(*folders: Path) -> dict[Path, bytes]:
    return {
        path: path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def plant(role: str):
    key = CryptoSigner.generate_ed25519().public_key
    return lambda root: root.add_key(key, role)


def replace_key(role: str):
    def edit(root: Root) -> None:
        root.revoke_key(root.roles[role].keyids[0], role)
        plant(role)(root)

    return edit


def share_key(root: Root) -> None:
    root.roles["targets"].keyids.append(root.roles["timestamp"].keyids[0])


PLANTED = {
    "a key in role root": plant("root"),
    "a key in role targets": plant("targets"),
    "another key of role timestamp": replace_key("timestamp"),
    "another key of role root": replace_key("root"),
    "a higher threshold": lambda root: setattr(root.roles["targets"], "threshold", 2),
    "one role's key for another": share_key,
    "no hashes in names": lambda root: setattr(root, "consistent_snapshot", False),
    "a field of its own": lambda root: root.unrecognized_fields.update(x=1),
    "another version": lambda root: setattr(root, "version", 7),
}


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("action", ["root", "timestamp", "renew"])
def test_what_was_planted_in_the_root_is_not_signed(
    filled_site: Site, safe: Path, what: str, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_root(filled_site, 1, PLANTED[what])
    before = files_of(filled_site.folder, safe)
    command = ["renew", str(filled_site.folder)]
    if action != "renew":
        command = ["rotate", str(filled_site.folder), action]
    assert main(["keys", *command, "--offline", str(safe)]) == 1
    message = capsys.readouterr().err
    assert "1.root.json" in message and message.count("\n") == 1
    assert files_of(filled_site.folder, safe) == before


def test_the_refusal_names_what_was_planted(filled_site: Site, safe: Path) -> None:
    signer = CryptoSigner.generate_ed25519()
    edit_root(filled_site, 1, lambda root: root.add_key(signer.public_key, "root"))
    with pytest.raises(
        StoreError, match=rf"root: key {signer.public_key.keyid[:16]} added.*nothing was signed"
    ):
        open_repository(filled_site).rotate(["root"], KeyFolder(safe))


def test_what_was_planted_in_a_later_root_is_not_signed(filled_site: Site, safe: Path) -> None:
    open_repository(filled_site).rotate(["timestamp"], KeyFolder(safe))
    for version in (1, 2):
        before = files_of(filled_site.metadata)
        edit_root(filled_site, version, plant("root"))
        with pytest.raises(StoreError, match=f"{version}.root.json"):
            open_repository(filled_site).rotate(["root"], KeyFolder(safe))
        for path, data in before.items():
            path.write_bytes(data)
    open_repository(filled_site).rotate(["root"], KeyFolder(safe))


@pytest.mark.parametrize("signed_by", ["nobody", "a stranger", "the online key"])
def test_a_root_that_the_offline_key_has_not_signed_is_not_built_upon(
    filled_site: Site, safe: Path, signed_by: str
) -> None:
    metadata = Metadata[Root].from_bytes((filled_site.metadata / "1.root.json").read_bytes())
    stranger = CryptoSigner.generate_ed25519()
    metadata.signed.version = 2
    metadata.signed.add_key(stranger.public_key, "root")
    metadata.signatures.clear()
    if signed_by == "a stranger":
        metadata.sign(stranger, append=True)
    elif signed_by == "the online key":
        (key,) = KeyFolder(filled_site.online_keys).signers(
            "targets", metadata.signed.roles["targets"].keyids
        )
        metadata.sign(key, append=True)
    (filled_site.metadata / "2.root.json").write_bytes(metadata.to_bytes())
    with pytest.raises(StoreError, match=r"2\.root\.json"):
        open_repository(filled_site).rotate(["root"], KeyFolder(safe))
    assert not (filled_site.metadata / "3.root.json").exists()


def test_a_root_signed_by_a_stolen_root_key_is_not_built_upon_unasked(
    filled_site: Site, safe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has the root key's signature; but this folder did not make it, and so nobody asked it."""
    metadata = Metadata[Root].from_bytes((filled_site.metadata / "1.root.json").read_bytes())
    stranger = CryptoSigner.generate_ed25519()
    (stolen,) = KeyFolder(safe).signers("root", metadata.signed.roles["root"].keyids)
    metadata.signed.version = 2
    metadata.signed.add_key(stranger.public_key, "root")
    metadata.signatures.clear()
    metadata.sign(stolen)
    path = filled_site.metadata / "2.root.json"
    path.write_bytes(metadata.to_bytes())
    command = ["keys", "rotate", str(filled_site.folder), "timestamp", "--offline", str(safe)]
    assert main(command) == 1
    message = capsys.readouterr().err
    assert stranger.public_key.keyid[:16] in message and "--trusted-root" in message
    assert not (filled_site.metadata / "3.root.json").exists()
    # The other half of a pair of offline folders says so, once.
    assert main([*command, "--trusted-root", str(path)]) == 0
    assert (filled_site.metadata / "3.root.json").exists()
    assert main(command) == 0


def test_a_root_rolled_back_is_put_back(filled_site: Site, safe: Path) -> None:
    """An older root names older keys: built upon, it would give a stolen one its role back."""
    site = open_repository(filled_site)
    stolen = site.status()[1].key_ids
    site.rotate(["targets"], KeyFolder(safe))
    second = (filled_site.metadata / "2.root.json").read_bytes()
    (filled_site.metadata / "2.root.json").unlink()
    site.rotate(["timestamp"], KeyFolder(safe))
    assert (filled_site.metadata / "2.root.json").read_bytes() == second
    status = site.status()
    assert status[0].version == 3 and status[1].key_ids != stolen


def test_keys_made_again_over_a_lost_root_put_it_back(filled_site: Site, safe: Path) -> None:
    first = filled_site.metadata / "1.root.json"
    data, status = first.read_bytes(), open_repository(filled_site).status()
    first.unlink()
    assert main(["keys", "make", str(filled_site.folder), "--offline", str(safe)]) == 0
    assert first.read_bytes() == data and open_repository(filled_site).status() == status


def test_another_site_s_offline_folder_is_refused(
    filled_site: Site, safe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_of(safe)
    options = ["--space", "s", "--preprocessing", "p", "--offline", str(safe)]
    assert main(["init", str(tmp_path / "other"), *options]) == 1
    assert "another site" in capsys.readouterr().err
    assert files_of(safe) == before
    assert main(["keys", "make", str(tmp_path / "other"), "--offline", str(tmp_path / "safe2")]) == 0
    assert main(["keys", "rotate", str(tmp_path / "other"), "root", "--offline", str(safe)]) == 1
    assert files_of(safe) == before


def test_a_folder_without_a_trusted_copy_needs_one_said(
    filled_site: Site, safe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a site that an earlier version made: which root to believe is not for the site to say."""
    root = tmp_path / "root.json"
    shutil.copy(filled_site.metadata / "1.root.json", root)
    shutil.rmtree(safe / "roots")
    command = ["keys", "rotate", str(filled_site.folder), "root", "--offline", str(safe)]
    assert main(command) == 1
    assert "--trusted-root" in capsys.readouterr().err
    planted = tmp_path / "planted.json"
    edit_root(filled_site, 1, plant("root"))
    shutil.copy(filled_site.metadata / "1.root.json", planted)
    for lie in (planted, safe / next(safe.glob("*.pem")).name, filled_site.metadata / "timestamp.json"):
        assert main([*command, "--trusted-root", str(lie)]) == 1
        assert lie.name in capsys.readouterr().err
    assert main([*command, "--trusted-root", str(root)]) == 1
    assert "1.root.json" in capsys.readouterr().err
    shutil.copy(root, filled_site.metadata / "1.root.json")
    assert main([*command, "--trusted-root", str(root)]) == 0
    assert main(command) == 0


def test_rotate_shows_what_changes_and_can_stop_there(
    filled_site: Site, safe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files_of(filled_site.folder, safe)
    old = {status.role: status.key_ids[0][:16] for status in open_repository(filled_site).status()}
    command = ["keys", "rotate", str(filled_site.folder), "targets", "--offline", str(safe)]
    assert main([*command, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "version 1 → 2" in shown and f"targets: key {old['targets']} removed" in shown
    assert "targets: key" in shown and "added" in shown and "expires" in shown
    assert "nothing was signed" in shown
    for role in ("root", "snapshot", "timestamp"):
        assert f"{role}: unchanged, 1 of 1 keys must sign: {old[role]}" in shown
    assert files_of(filled_site.folder, safe) == before
    assert main(command) == 0
    shown = capsys.readouterr().out
    new = open_repository(filled_site).status()[1].key_ids[0][:16]
    assert f"targets: key {new} added" in shown and "rotated: targets" in shown


def test_the_folder_of_the_offline_keys_keeps_every_root(filled_site: Site, safe: Path) -> None:
    for roles in (["timestamp"], ["root"], ["root", "targets"]):
        open_repository(filled_site).rotate(roles, KeyFolder(safe))
    kept = sorted(path.name for path in (safe / "roots").iterdir())
    assert kept == [f"{n}.root.json" for n in (1, 2, 3, 4)]
    for name in kept:
        assert (safe / "roots" / name).read_bytes() == (filled_site.metadata / name).read_bytes()
        assert json.loads((safe / "roots" / name).read_bytes())["signed"]["_type"] == "root"


@pytest.mark.parametrize("name", ["x.root.json", "0.root.json", "-1.root.json", f"{'9' * 200}.root.json"])
def test_a_file_that_is_named_like_a_root_stops_nothing(filled_site: Site, safe: Path, name: str) -> None:
    (filled_site.metadata / name).write_bytes(b"{}")
    open_repository(filled_site).rotate(["root"], KeyFolder(safe))
    assert open_repository(filled_site).status()[0].version == 2


@pytest.mark.parametrize("name", ["3.root.json", "4000000000.root.json"])
def test_a_root_from_beyond_a_gap_is_refused(filled_site: Site, safe: Path, name: str) -> None:
    (filled_site.metadata / name).write_bytes((filled_site.metadata / "1.root.json").read_bytes())
    for action in (
        lambda: open_repository(filled_site).rotate(["root"], KeyFolder(safe)),
        lambda: open_repository(filled_site).refresh(),
    ):
        with pytest.raises(StoreError, match=r"2\.root\.json: missing"):
            action()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"[" * 100_000, b"\xff\xfe", b'{"signed": {}, "signatures": []}']
)
def test_a_root_that_is_none_is_one_clear_line(filled_site: Site, safe: Path, data: bytes) -> None:
    (filled_site.metadata / "1.root.json").write_bytes(data)
    with pytest.raises(StoreError, match=r"1\.root\.json") as caught:
        open_repository(filled_site).rotate(["root"], KeyFolder(safe))
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match=r"1\.root\.json"):
        open_repository(filled_site).status()


@pytest.mark.parametrize(
    "name", [".lock", ".2.root.json.new", "2.root.json", ".2.targets.json.new", "timestamp.json"]
)
def test_a_link_in_the_site_leads_to_no_offline_key(filled_site: Site, safe: Path, name: str) -> None:
    """Whoever holds the site knows where the operator's medium is mounted, and the key's file name."""
    (key,) = safe.glob("root-*.pem")
    data, link = key.read_bytes(), filled_site.metadata / name
    link.unlink(missing_ok=True)
    link.symlink_to(key)
    with contextlib.suppress(StoreError):
        open_repository(filled_site).rotate(["timestamp"], KeyFolder(safe))
    assert key.read_bytes() == data


@pytest.mark.parametrize("name", ["1.root.json", "2.root.json", "timestamp.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "endless", "nowhere"])
def test_what_is_no_file_holds_nobody(filled_site: Site, safe: Path, name: str, kind: str) -> None:
    path = filled_site.metadata / name
    path.unlink(missing_ok=True)
    {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "endless": lambda: path.symlink_to("/dev/zero"),
        "nowhere": lambda: path.symlink_to("/nowhere/at/all"),
    }[kind]()
    with pytest.raises(StoreError, match=re.escape(name)) as caught:
        open_repository(filled_site).rotate(["timestamp"], KeyFolder(safe))
    assert "\n" not in str(caught.value)


def test_a_lost_root_key_is_replaced_by_those_that_are_left(tmp_path: Path) -> None:
    site = make_site(tmp_path / "site", SPACE, offline=tmp_path / "safe", root_keys=3, threshold=2)
    next((tmp_path / "safe").glob("root-*.pem")).unlink()
    open_repository(site).rotate(["root"], KeyFolder(tmp_path / "safe"))
    assert len(list((tmp_path / "safe").glob("root-*.pem"))) == 3
    (root, *_) = open_repository(site).status()
    assert (root.version, root.threshold, len(root.key_ids)) == (2, 2, 3)
    open_repository(site).rotate(["root"], KeyFolder(tmp_path / "safe"))


def test_a_site_of_the_first_layout_is_told_what_to_trust(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(Path(__file__).parents[1] / "golden/site-v1.zip") as archive:
        archive.extractall(tmp_path)
    command = ["keys", "rotate", str(tmp_path / "site"), "root", "timestamp"]
    assert main(command) == 1
    assert "--trusted-root" in capsys.readouterr().err
    root = tmp_path / "site/repository/metadata/1.root.json"
    assert main([*command, "--trusted-root", str(root)]) == 0
    assert main(command) == 0
