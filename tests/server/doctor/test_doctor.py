"""``doctor`` finds what is broken at a site, says it with its remedy, and the remedy heals it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from server_products import SPACE, FolderFetcher, make_product

from pocketshelf.sync import Environment, sync
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.doctor import Case, Finding, data, examine
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site, SiteConfig


def faults(case: Case) -> list[Finding]:
    return [finding for finding in examine(case) if finding.state == "wrong"]


def advised(case: Case) -> list[Finding]:
    return [finding for finding in examine(case) if finding.state == "advice"]


def change(site: Site, seed: int) -> None:
    with closing(open_catalogue(site)) as catalogue:
        catalogue.apply([Upsert(make_product(f"p{i:03d}", seed, "Apple")) for i in range(5)])


def device_of(site: Site, folder: Path) -> Path:
    root = (site.metadata / "1.root.json").read_bytes()
    sync(folder, "http://site.test", root=root, environment=Environment(FolderFetcher(site)))
    return folder


def everything(site: Site) -> dict[str, str]:
    files = (
        path for path in site.folder.rglob("*") if path.is_file() and path.suffix not in (".sqlite-shm",)
    )
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_sound_site_is_said_to_be_sound_and_is_left_as_it_is(
    filled_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = device_of(filled_site, tmp_path / "device")
    before = everything(filled_site)
    capsys.readouterr()
    assert main(["doctor", str(filled_site.folder), "--device", str(device), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["healthy"] and {f["topic"] for f in document["findings"]} >= {
        "clock", "disk", "signatures", "keys", "catalogue", "shards", "published", "files", "new devices",
        f"device {device}",
    }  # fmt: skip
    assert {f["state"] for f in document["findings"]} == {"good", "advice"}
    assert main(["doctor", str(filled_site.folder)]) == 0
    out = capsys.readouterr().out
    assert "ok     files: 2 signed files" in out and "advice keys: the root's key lies in" in out
    # A remedy has a line of its own.
    assert "\n         → move that folder" in out and "\\n" not in out
    assert everything(filled_site) == before


def test_a_site_with_nothing_published_yet_is_no_patient(site: Site) -> None:
    assert faults(Case(site)) == []
    assert "nothing is published yet" in [finding.text for finding in advised(Case(site))]


def lose_targets(site: Site) -> None:
    shutil.rmtree(site.targets)


def damage_one_target(site: Site) -> None:
    path = next(site.targets.glob("all/*.gz"))
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def lose_history(site: Site) -> None:
    site.history_path.unlink()


def restore_older_catalogue(site: Site) -> None:
    shutil.copyfile(site.catalogue_path, saved := site.folder.parent / "saved.sqlite")
    change(site, 1)
    publish_site(site)
    shutil.copyfile(saved, site.catalogue_path)


def lose_key(site: Site) -> None:
    next(site.online_keys.glob("snapshot-*")).unlink()


def swap_key(site: Site) -> None:
    (first, second, *_) = site.online_keys.glob("*.pem")
    shutil.copyfile(first, second)


def lose_metadata(site: Site) -> None:
    (site.metadata / "timestamp.json").unlink()


def another_token(site: Site) -> None:
    site.token_path.write_text("another\n")


def lose_assortment(site: Site) -> None:
    site.write_config(
        replace(
            site.config(), shards={"all": {"rule": "all"}, "b": {"rule": "assortment", "file": "berlin.txt"}}
        )
    )


def damage_catalogue(site: Site) -> None:
    data = bytearray(site.catalogue_path.read_bytes())
    data[4096:8192] = b"\xff" * 4096
    site.catalogue_path.write_bytes(data)


def damage_history(site: Site) -> None:
    site.history_path.write_bytes(b"not a database, but long enough to be taken for one by its size" * 100)


def empty_catalogue(site: Site) -> None:
    site.catalogue_path.write_bytes(b"")


def lose_catalogue(site: Site) -> None:
    site.catalogue_path.unlink()


# What was done, and the topic, a word of the text, and the remedy that follow from it.
ILLS: list[tuple[Callable[[Site], None], str, str, str]] = [
    (lose_targets, "files", "missing or damaged", "publish SITE"),
    (damage_one_target, "files", "snapshot-60", "publish SITE"),
    (lose_history, "published", "is missing", "--jump-ahead"),
    (restore_older_catalogue, "published", "an older backup was restored", "--jump-ahead"),
    (lose_key, "keys", "snapshot", "keys rotate SITE snapshot"),
    (swap_key, "keys", "another key", ""),
    (lose_metadata, "metadata", "timestamp.json", ""),
    (another_token, "token", "config.json", "token_sha256"),
    (lose_assortment, "shards", "berlin.txt", ""),
    (damage_catalogue, "catalogue", "damaged", "--jump-ahead"),
    (lose_catalogue, "catalogue", "is missing", "--jump-ahead"),
    (empty_catalogue, "catalogue", "no such table", "--jump-ahead"),
    (damage_history, "published", "damaged", "--jump-ahead"),
]


@pytest.mark.parametrize(("harm", "topic", "word", "remedy"), ILLS, ids=[ill[0].__name__ for ill in ILLS])
def test_what_is_wrong_is_said_with_its_remedy(
    filled_site: Site,
    capsys: pytest.CaptureFixture[str],
    harm: Callable[[Site], None],
    topic: str,
    word: str,
    remedy: str,
) -> None:
    harm(filled_site)
    found = faults(Case(filled_site))
    assert any(f.topic == topic and word in f.text and remedy in f.remedy for f in found), found
    capsys.readouterr()
    assert main(["doctor", str(filled_site.folder)]) == 1
    assert f"WRONG  {topic}: " in capsys.readouterr().out


@pytest.mark.parametrize("harm", [lose_targets, damage_one_target], ids=lambda harm: harm.__name__)
def test_publishing_heals_the_files(filled_site: Site, harm: Callable[[Site], None]) -> None:
    harm(filled_site)
    assert main(["publish", str(filled_site.folder)]) == 0
    assert faults(Case(filled_site)) == []


@pytest.mark.parametrize("harm", [lose_history, restore_older_catalogue], ids=lambda harm: harm.__name__)
def test_jumping_ahead_heals_what_went_back(filled_site: Site, harm: Callable[[Site], None]) -> None:
    harm(filled_site)
    assert main(["publish", str(filled_site.folder), "--jump-ahead"]) == 0
    assert faults(Case(filled_site)) == []


def test_rotating_heals_a_lost_key(filled_site: Site) -> None:
    lose_key(filled_site)
    assert main(["keys", "rotate", str(filled_site.folder), "snapshot"]) == 0
    assert faults(Case(filled_site)) == []


def test_a_whole_site_restored_to_an_older_state_shows_at_a_device(filled_site: Site, tmp_path: Path) -> None:
    """Nothing of the site itself tells."""
    saved = shutil.copytree(filled_site.folder, tmp_path / "saved")
    change(filled_site, 1)
    publish_site(filled_site)
    newer = device_of(filled_site, tmp_path / "newer")
    restored = Site.open(saved)
    assert faults(Case(restored)) == []
    found = faults(Case(restored, (newer,)))
    assert {f.topic for f in found} == {f"device {newer}"}
    assert any("has seen version" in f.text and "--jump-ahead" in f.remedy for f in found)
    assert main(["publish", str(saved), "--jump-ahead"]) == 0
    assert faults(Case(restored, (newer,))) == []


@pytest.mark.parametrize("kind", ["nested", "pipe"])
def test_a_device_whose_metadata_cannot_be_read_is_looked_at_all_the_same(
    filled_site: Site, tmp_path: Path, kind: str
) -> None:
    device = device_of(filled_site, tmp_path / "device")
    file = device / "trust/timestamp.json"
    file.unlink()
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.write_text("[" * 100_000)
    assert [f for f in faults(Case(filled_site, (device,))) if "has seen version" in f.text] == []


def test_a_device_ahead_in_numbers_alone_is_told(filled_site: Site, tmp_path: Path) -> None:
    saved = shutil.copytree(filled_site.folder, tmp_path / "saved")
    change(filled_site, 1)
    publish_site(filled_site)
    newer = device_of(filled_site, tmp_path / "newer")
    restored = Site.open(saved)
    for _ in range(3):
        assert main(["keys", "refresh", str(saved), "--all"]) == 0
    (found,) = faults(Case(restored, (newer,)))
    assert found.text == "is at number 65, this site at 60" and "--jump-ahead" in found.remedy


def test_signatures_that_expired_or_will_are_told_apart(filled_site: Site) -> None:
    now = datetime.now(UTC)
    soon = [f.text for f in advised(Case(filled_site, now=now + timedelta(days=1.8)))]
    assert any("timestamp expires in 5 hours" in text for text in soon)
    late = faults(Case(filled_site, now=now + timedelta(days=3)))
    assert any("timestamp expired" in f.text and "keys refresh SITE" in f.remedy for f in late)
    root = [f.text for f in advised(Case(filled_site, now=now + timedelta(days=340)))]
    assert any("root expires on" in text for text in root)
    later = faults(Case(filled_site, now=now + timedelta(days=370)))
    assert any("root expired" in f.text and "keys renew SITE" in f.remedy for f in later)


def test_a_clock_that_is_behind_what_was_written_or_signed_is_wrong(filled_site: Site) -> None:
    past = datetime.now(UTC) - timedelta(days=30)
    (found,) = [f for f in faults(Case(filled_site, now=past)) if f.topic == "clock"]
    assert "files were written at" in found.text and "keys refresh SITE --all" in found.remedy
    for path in filled_site.metadata.iterdir():
        os.utime(path, (past.timestamp(), past.timestamp()))
    (found,) = [f for f in faults(Case(filled_site, now=past)) if f.topic == "clock"]
    assert "was signed after" in found.text
    assert time.time() > past.timestamp()


def test_too_little_room_for_a_publication_is_wrong(filled_site: Site) -> None:
    (found,) = faults(Case(filled_site, free_bytes=lambda folder: 1_000_000))
    assert found.topic == "disk" and "1 MB are free" in found.text


def test_a_rotation_cut_short_is_told(filled_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crash(Exception):
        """Stands in for kill -9 at one point."""

    lose_key(filled_site)

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr("pocketshelf_server.trust.online.OnlineRoles.publish", crash)
        main(["keys", "rotate", str(filled_site.folder), "snapshot"])
    assert any(f.topic == "metadata" and "keys refresh" in f.remedy for f in faults(Case(filled_site)))
    assert main(["keys", "refresh", str(filled_site.folder)]) == 0
    assert faults(Case(filled_site)) == []


def test_keys_that_others_can_read_are_advised_against(filled_site: Site) -> None:
    next(filled_site.online_keys.glob("targets-*")).chmod(0o644)
    assert any(
        "can be read by others" in f.text and "chmod 600" in f.remedy for f in advised(Case(filled_site))
    )


def test_a_site_without_its_configuration_is_not_taken_for_no_site(
    filled_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """`init` would give it other keys and another token."""
    filled_site.config_path.unlink()
    before = everything(filled_site)
    init = ["init", str(filled_site.folder), "--space", "s", "--preprocessing", "p"]
    for words in (init, ["doctor", str(filled_site.folder)], ["publish", str(filled_site.folder)]):
        assert main(words) == 1
        message = capsys.readouterr().err
        assert "config.json: missing" in message and "restore it" in message
    assert everything(filled_site) == before


def test_a_catalogue_in_postgresql_is_looked_at_the_same_way(tmp_path: Path, postgres_address: str) -> None:
    site = make_site(tmp_path / "site", SPACE, SiteConfig(catalogue=postgres_address))
    change(site, 0)
    publish_site(site)
    assert faults(Case(site)) == []
    import psycopg

    with psycopg.connect(postgres_address) as connection:  # As an older dump would.
        connection.execute("UPDATE pocketshelf_meta SET value = '3' WHERE key = 'sequence'")
    (found,) = faults(Case(site))
    assert "the catalogue is at number 3, but 5 was public" in found.text and "--jump-ahead" in found.remedy
    publish_site(site, jump_ahead=True)
    assert faults(Case(site)) == []
    site.write_config(replace(site.config(), catalogue="postgresql://127.0.0.1:1/none"))
    assert next(f.topic for f in faults(Case(site))) == "catalogue"


def test_no_site_and_no_store_are_one_line_each(
    filled_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", str(tmp_path / "none")]) == 1
    assert "no site here" in capsys.readouterr().err
    assert main(["doctor", str(filled_site.folder), "--device", str(tmp_path / "none")]) == 1
    assert "no store that was ever synced is there" in capsys.readouterr().out


def test_pictures_that_no_screen_can_show_are_advised_of(
    filled_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> list[str]:
        assert main(["doctor", str(filled_site.folder), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)["findings"]
        return [
            f"{each['state']}: {each['text']} {each['remedy']}"
            for each in found
            if each["topic"] == "pictures"
        ]

    capsys.readouterr()
    (line,) = told()
    assert line.startswith("advice: ") and "have none here: " in line and '"picture_folders"' in line
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with closing(open_catalogue(filled_site)) as catalogue, catalogue.reading() as view:
        for product in view.products():
            (elsewhere / str(product.image)).write_bytes(b"a picture")
    filled_site.write_config(replace(filled_site.config(), picture_folders=[str(elsewhere)]))
    (line,) = told()
    assert line.startswith("good: all of the first ")
    filled_site.write_config(replace(filled_site.config(), product_pictures=False))
    assert told() == [line.rstrip() + ", for the console alone "]


def test_what_cannot_be_read_on_a_full_disk_is_not_to_be_restored_nor_removed(
    filled_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **options: object) -> sqlite3.Connection:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMOPEN
        raise error

    monkeypatch.setattr("pocketshelf_server.doctor.data.sqlite3.connect", refuse)
    case = Case(filled_site)
    found = [next(data.catalogue(case)), next(data.history(case))]
    assert [finding.state for finding in found] == ["wrong", "wrong"]
    for finding in found:
        assert "cannot be read now (disk I/O error)" in finding.text
        assert finding.remedy.startswith("free some space") and "remove" not in finding.remedy


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_folders_in_which_others_can_write_are_named(tmp_path: Path) -> None:
    """As of a site that a version before made under a umask of 000; a new one is its owner's all the same."""
    before = os.umask(0)
    try:
        site = make_site(tmp_path / "site", SPACE)
    finally:
        os.umask(before)
    keys = site.online_keys.parent
    assert [path.stat().st_mode & 0o777 for path in (keys, site.online_keys, site.offline_keys)] == [
        0o700
    ] * 3
    assert not site.folder.stat().st_mode & 0o002

    def named() -> list[str]:
        return [f.remedy for f in advised(Case(site)) if "others on this machine can write" in f.text]

    assert named() == []
    for path in (site.folder, keys, site.online_keys):
        path.chmod(0o777)
    assert named() == [
        f"chmod o-w {site.folder}", f"chmod go-w {keys}", f"chmod go-w {site.online_keys}"
    ]  # fmt: skip
