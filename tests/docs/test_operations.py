"""The drills of docs/operations.md: its scripts, on real sites, a real server and real devices' stores."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from pages import ROOT

from pocketshelf.errors import SyncError
from pocketshelf.store import Store, verify_store
from pocketshelf.sync import SyncReport, sync
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.publish import Publisher
from pocketshelf_server.site import Site
from pocketshelf_server.trust import KeyFolder, SignedRepository, open_repository

SCRIPTS = ROOT / "docs/operations"
INIT = ["--space", "s", "--preprocessing", "p", "--dimension", "8"]
PROGRAM = (
    '#!/bin/sh\nexec "{python}" -c "import sys; from {package}.cli import main; sys.exit(main())" "$@"\n'
)


class Chain:
    """A chain of shops: a site, the medium of its root keys, a server, and devices."""

    def __init__(self, folder: Path, *init: str) -> None:
        self.folder, self.path, self.offline = folder, folder / "site", folder / "safe/keys"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, package in (("pocketshelf", "pocketshelf"), ("pocketshelf-server", "pocketshelf_server")):
            (self.bin / name).write_text(PROGRAM.format(python=sys.executable, package=package))
            (self.bin / name).chmod(0o755)
        assert main(["init", str(self.path), "--offline", str(self.offline), *INIT, *init]) == 0
        self.root = (self.path / "repository/metadata/1.root.json").read_bytes()

    @property
    def site(self) -> Site:
        return Site.open(self.path)

    def publish(self, seed: int, *more: str) -> None:
        """Change the catalogue and publish it."""
        self.change(seed, *more)
        assert main(["publish", str(self.path)]) == 0

    def change(self, seed: int, *more: str) -> None:
        rng, file = np.random.default_rng(seed), self.folder / "shop.jsonl"
        texts = [{"product_id": i, "title": f"{i} {seed}", "category": "c"} for i in ("a", "b", *more)]
        lines = [{**text, "vectors": rng.normal(size=(1, 8)).tolist()} for text in texts]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert main(["import", str(self.path), str(file)]) == 0

    def script(self, name: str, *arguments: str | Path, fails: bool = False) -> str:
        """Run a script of the page; what it printed."""
        environment = {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}
        command = [str(SCRIPTS / name), *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    @contextmanager
    def serving(self, path: Path | None = None) -> Iterator[str]:
        """The address of a server process for as long as the context lasts."""
        command = [
            self.bin / "pocketshelf-server",
            "serve",
            str(path or self.path),
            "--port",
            "0",
            "--no-refresh",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            try:
                assert process.stdout is not None
                yield json.loads(process.stdout.readline())["url"]
            finally:
                process.terminate()

    def sync(self, url: str, device: str, root: bytes | None = None) -> SyncReport:
        return sync(self.folder / device, url, root=root or self.root)

    def follows(self, url: str, *devices: str) -> None:
        """Each device syncs by itself and holds the catalogue."""
        with closing(open_catalogue(self.site)) as catalogue, catalogue.reading() as view:
            truth = {p.product_id: (p.title, p.vectors.tobytes()) for p in view.products()}
        for device in devices:
            assert self.sync(url, device).outcome in ("updated", "current")
            assert verify_store(self.folder / device).ok
            with Store.open(self.folder / device) as store:
                assert {p.product_id: (p.title, p.vectors.tobytes()) for p in store.shard} == truth, device


def lose(folder: Path) -> None:
    """Remove it, though what a server that was ended has begun may still close its files there."""
    for _ in range(50):
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            time.sleep(0.1)
        else:
            return
        if not folder.exists():
            return
    raise AssertionError(f"{folder} cannot be removed")


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    """A chain that has published."""
    made = Chain(tmp_path)
    made.publish(0, "gone")
    return made


def test_every_script_stands_in_the_page_and_is_run_here() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    here = Path(__file__).read_text(encoding="utf-8")
    scripts = {path.name for path in SCRIPTS.glob("*.sh")}
    assert len(scripts) >= 7
    assert {name for name in scripts if f"(operations/{name})" not in page} == set()
    assert {name for name in scripts if f'script("{name}"' not in here} == set()
    assert set(re.findall(r"\(operations/([\w.-]+)\)", page)) == scripts


def test_backup_and_restore(chain: Chain) -> None:
    """Saved while a server and an importer are at work; two publications later the disk is lost."""
    with closing(open_catalogue(chain.site)) as at_work, chain.serving() as url:
        chain.publish(1)
        at_work.take_number("rule")  # Committed, and still in the log of the database.
        chain.script("backup.sh", chain.path, chain.folder / "backup")
        chain.sync(url, "of the backup's time")
        chain.publish(2, "lost")
        chain.publish(3, "lost")
        chain.follows(url, "newest")
    assert "exists already" in chain.script("backup.sh", chain.path, chain.folder / "backup", fails=True)
    assert "move it away" in chain.script("restore.sh", chain.folder / "backup", chain.path, fails=True)
    lose(chain.path)
    printed = chain.script("restore.sh", chain.folder / "backup", chain.path)
    assert "signed files" in printed and "WRONG" not in printed
    with chain.serving() as url:
        chain.follows(url, "newest", "of the backup's time", "new")
        chain.publish(4, "later")
        assert chain.sync(url, "newest").how == "changes"
        chain.follows(url, "newest", "of the backup's time", "new")


@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_a_restored_site_is_as_open_as_its_umask(chain: Chain, umask: int) -> None:
    """A backup is private, and may be made by a cron that is, too; nginx's user must get to repository/."""
    with _umask(0o077):
        chain.script("backup.sh", chain.path, chain.folder / "backup")
    lose(chain.path)
    with _umask(umask):
        chain.script("restore.sh", chain.folder / "backup", chain.path)
    taken = chain.folder / "anew"
    with _umask(umask):
        chain.script("key-stolen.sh", chain.folder / "backup", taken, chain.offline)
    for site in (chain.path, taken):
        for folder in (site, *(p for p in (site / "repository").rglob("*") if p.is_dir())):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o777 & ~umask, folder
        assert stat.S_IMODE((site / "keys").stat().st_mode) == 0o700
    assert stat.S_IMODE((chain.folder / "backup").stat().st_mode) == 0o700


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_restoring_what_is_the_newest_costs_devices_nothing(chain: Chain) -> None:
    with chain.serving() as url:
        chain.sync(url, "device")
    chain.script("backup.sh", chain.path, chain.folder / "backup")
    lose(chain.path)
    assert "made again" in chain.script("restore.sh", chain.folder / "backup", chain.path, "--newest")
    with chain.serving() as url:
        report = chain.sync(url, "device")
        assert report.outcome == "current"
        chain.follows(url, "device", "new")


def test_an_online_key_is_lost(chain: Chain) -> None:
    with chain.serving() as url:
        chain.sync(url, "device")
        for path in chain.site.online_keys.glob("[ts][an]*.pem"):  # Of targets and snapshot.
            path.unlink()
        chain.change(1)
        assert main(["publish", str(chain.path)]) == 1
        assert main(["doctor", str(chain.path)]) == 1
        chain.script("online-key-lost.sh", chain.path, chain.offline, "targets", "snapshot")
        chain.publish(1)
        chain.follows(url, "device", "new")


def test_one_of_three_root_keys_is_lost(tmp_path: Path) -> None:
    chain = Chain(tmp_path, "--root-keys", "3", "--threshold", "2")
    chain.publish(0)
    with chain.serving() as url:
        chain.sync(url, "device")
        next(chain.offline.glob("root-*.pem")).unlink()
        chain.script("root-key-lost.sh", chain.path, chain.offline)
        assert len(list(chain.offline.glob("root-*.pem"))) == 3
        chain.publish(1)
        chain.follows(url, "device", "new")


def test_all_of_the_root_is_lost(chain: Chain) -> None:
    """Devices refuse the new root by themselves, and take it with an update of the app; their shelf stays."""
    with chain.serving() as url:
        chain.sync(url, "device")
    shutil.rmtree(chain.offline)
    assert "folder of its own" in chain.script("root-lost.sh", chain.path, chain.folder / "safe", fails=True)
    chain.script("root-lost.sh", chain.path, chain.folder / "safe/again")
    with chain.serving() as url:
        with pytest.raises(SyncError):
            chain.sync(url, "device")
        shutil.rmtree(chain.folder / "device/trust")
        chain.root = (chain.site.metadata / "1.root.json").read_bytes()
        chain.follows(url, "device", "new")


def test_the_machine_was_in_the_hands_of_a_thief(chain: Chain) -> None:
    """He publishes products of his own, far ahead, and serves them to a device; then he is shut out."""
    chain.publish(1)
    tokens = ConsoleTokens(chain.site, None)
    shown = tokens.make("anna", Role.OPERATOR)
    chain.script("backup.sh", chain.path, chain.folder / "backup")
    thief = Chain.__new__(Chain)
    vars(thief).update(vars(chain) | {"path": chain.folder / "stolen"})
    shutil.copytree(chain.path, thief.path)
    with closing(open_catalogue(thief.site)) as catalogue:
        catalogue.jump(1_000_000)
    thief.publish(66, "poison")
    for _ in range(20):
        assert main(["keys", "refresh", str(thief.path), "--all"]) == 0
    with thief.serving() as url:
        thief.follows(url, "deceived")
        old_token = chain.site.token_path.read_text().strip()
        lose(chain.path)
        printed = chain.script("key-stolen.sh", chain.folder / "backup", chain.path, chain.offline)
        assert "WRONG" not in printed
        assert tokens.find(shown) is None, "whoever signed in had shown him the token"
        with chain.serving() as ours:
            chain.follows(ours, "deceived", "new")
            chain.publish(2)
            chain.follows(ours, "deceived", "new")
            assert _status(ours, old_token) == 401
            assert _status(ours, chain.site.token_path.read_text().strip()) == 200
        # He signs on, and no device that has heard of the new keys listens.
        thief.publish(67, "poison")
        for device in ("deceived", "new"):
            with pytest.raises(SyncError):
                chain.sync(url, device)


def _status(url: str, token: str) -> int:
    request = urllib.request.Request(f"{url}/v1/changes", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_keys_were_rotated_after_the_backup(chain: Chain) -> None:
    """The offline folder has the newer root and puts it back; the online keys of that time are gone."""
    chain.script("backup.sh", chain.path, chain.folder / "backup")
    rotate = ["keys", "rotate", str(chain.path), "root", "targets", "snapshot", "timestamp"]
    assert main([*rotate, "--offline", str(chain.offline)]) == 0
    chain.publish(1)
    with chain.serving() as url:
        chain.sync(url, "device")
    lose(chain.path)
    assert "has seen version 2 of root" in _doctor_of_old_root(chain)
    chain.script("key-stolen.sh", chain.folder / "backup", chain.path, chain.offline)
    with chain.serving() as url:
        chain.follows(url, "device", "new")


def _doctor_of_old_root(chain: Chain) -> str:
    """What doctor says of the backup as it is, shown that device."""
    program = [
        chain.bin / "pocketshelf-server",
        "doctor",
        chain.folder / "backup",
        "--device",
        chain.folder / "device",
    ]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "keys rotate SITE targets snapshot timestamp" in done.stdout
    return done.stdout


def sign_as_of(chain: Chain, ahead: timedelta) -> None:
    """What a machine does whose clock is off by ``ahead``: renew the root, publish, sign."""

    def now() -> datetime:
        return datetime.now(UTC) + ahead

    days = chain.site.config().expiry_days
    repository = SignedRepository(chain.site.metadata, KeyFolder(chain.site.online_keys), days, now)
    assert repository.renew_root(KeyFolder(chain.offline))
    with (
        closing(open_catalogue(chain.site)) as catalogue,
        closing(Publisher(chain.site, catalogue, lambda: now().timestamp())) as publisher,
    ):
        publisher.publish()
        publisher.sign(repository)
        publisher.sweep()
    repository.refresh(["targets", "snapshot", "timestamp"])
    moment = now().timestamp()
    os.utime(chain.site.metadata / "timestamp.json", (moment, moment))


def refused(chain: Chain, url: str) -> None:
    with pytest.raises(SyncError, match="expired"):
        chain.sync(url, "device")


def accepted(chain: Chain, url: str) -> None:
    """Devices do not notice that it would hold for ever; the doctor does."""
    chain.follows(url, "device")
    assert main(["doctor", str(chain.path)]) == 1
    expiry = min(s.expires for s in open_repository(chain.site).status())
    assert expiry > datetime.now(UTC) + timedelta(days=10_000)


@pytest.mark.parametrize(
    ("years", "before"), [(-10, refused), (70, accepted)], ids=["ten years behind", "in the next century"]
)
def test_the_clock_was_wrong(chain: Chain, years: int, before: Callable[[Chain, str], None]) -> None:
    with chain.serving() as url:
        chain.sync(url, "device")
        sign_as_of(chain, timedelta(days=365 * years))
        before(chain, url)
        chain.script("clock-wrong.sh", chain.path, chain.offline)
        chain.publish(1)
        chain.follows(url, "device", "new")
        left = [s.expires - datetime.now(UTC) for s in open_repository(chain.site).status()]
        assert timedelta() < min(left) and max(left) <= timedelta(days=366)


def test_a_running_server_signs_again_what_a_clock_that_was_ahead_had_signed(chain: Chain) -> None:
    sign_as_of(chain, timedelta(days=25_000))
    assert open_repository(chain.site).refresh() == ["targets", "snapshot", "timestamp"]
    assert open_repository(chain.site).refresh() == []


def test_files_that_were_retired_by_a_clock_that_was_ahead_go_after_a_day(chain: Chain) -> None:
    sign_as_of(chain, timedelta(days=25_000))
    chain.publish(1)
    with closing(open_catalogue(chain.site)) as catalogue:
        ahead = Publisher(chain.site, catalogue, lambda: 4e9)
        catalogue.take_number("rule")
        config = chain.site.config()
        config.shards = {"other": {"rule": "all"}}
        chain.site.write_config(config)
        ahead.close()
        for clock in (lambda: 4e9, lambda: 2e9, lambda: 2e9 + 90_000):
            publisher = Publisher(chain.site, catalogue, clock)
            publisher.publish()
            gone = publisher.sweep()
            publisher.close()
    assert gone > 0 and list(chain.site.targets.glob("all/*")) == []
