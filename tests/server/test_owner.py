"""Root's work in another user's site, by mistake: said when it is done, and found by ``doctor``."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pocketshelf.errors import StoreError
from pocketshelf_server.cli import main
from pocketshelf_server.console.record import Record
from pocketshelf_server.doctor import Case, examine
from pocketshelf_server.owner import RUN_AS_ITS_USER, out_of_reach
from pocketshelf_server.publish.files import store_target
from pocketshelf_server.site import Site

NOBODY = 65534
pytestmark = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root gives files away")


def give_away(site: Site) -> None:
    for path in (site.folder, *site.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY)


def more_shards(site: Site) -> None:
    config = json.loads(site.config_path.read_text())
    config["shards"]["more"] = {"rule": "all"}
    site.config_path.write_text(json.dumps(config))


def token(site: Site) -> list[str]:
    return ["token", "make", str(site.folder), "--name", "anna"]


def rotation(site: Site) -> list[str]:
    return ["keys", "rotate", str(site.folder), "timestamp"]


def publication(site: Site) -> list[str]:
    more_shards(site)
    return ["publish", str(site.folder)]


@pytest.mark.parametrize(
    ("command", "left"),
    [
        (token, "keys/console-tokens.json"),
        (rotation, "keys/online/timestamp-*.pem"),
        (publication, "repository/targets/more"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_root_leaves_is_told_and_found(
    filled_site: Site,
    command: Callable[[Site], list[str]],
    left: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    give_away(filled_site)
    assert out_of_reach(filled_site) == []
    assert main(command(filled_site)) == 0
    assert "sudo -u" in caplog.text
    (path,) = filled_site.folder.glob(left)
    found = [finding for finding in examine(Case(filled_site)) if finding.topic == "owner"]
    assert [finding.state for finding in found] == ["wrong"]
    assert str(path) in found[0].text and "chown -R" in found[0].remedy
    give_away(filled_site)
    assert out_of_reach(filled_site) == []


def test_a_group_that_shares_a_site_and_roots_own_sites_are_left_alone(
    filled_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(token(filled_site)) == 0 and "sudo -u" not in caplog.text
    give_away(filled_site)
    os.chown(filled_site.history_path, 0, NOBODY)
    assert out_of_reach(filled_site) == [filled_site.history_path]  # SQLite writes it in its place.
    filled_site.history_path.chmod(0o660)
    assert out_of_reach(filled_site) == []


def test_who_may_not_write_is_not_told_to_free_space(tmp_path: Path) -> None:
    """As nobody: the folder of a shard is root's."""
    tmp_path.chmod(0o755)
    ready = tmp_path / "ready"
    ready.write_bytes(b"x")
    (tmp_path / "targets/more").mkdir(parents=True)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(StoreError, match="Permission denied") as raised:
            store_target(tmp_path / "targets", "more/x", "0" * 64, ready)
    finally:
        os.seteuid(0)
    assert RUN_AS_ITS_USER in str(raised.value) and "space" not in str(raised.value)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_who_may_not_write_the_record_is_not_told_to_remove_it(tmp_path: Path, mode: int) -> None:
    """As nobody: it is root's, who may write whatever its mode."""
    tmp_path.chmod(0o755)
    record = Record(tmp_path / "imports.sqlite")
    record.begin("import", "shop.csv", "somebody")
    (tmp_path / "imports.sqlite").chmod(mode)
    os.seteuid(NOBODY)
    try:
        with pytest.raises(StoreError, match=r"readonly|unable to open") as raised:
            record.begin("import", "shop.csv", "somebody")
    finally:
        os.seteuid(0)
    assert RUN_AS_ITS_USER in str(raised.value) and "remove it" not in str(raised.value)
