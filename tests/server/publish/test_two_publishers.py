"""Two publishers on one site: the later state is what stays signed, and a killed one blocks nobody."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest
from published_files import put, targets

from pocketshelf.errors import StoreError
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.publish import publish_site
from pocketshelf_server.publish.lock import only_publisher
from pocketshelf_server.site import Site
from pocketshelf_server.trust import PublishedTarget, SignedRepository, open_repository

HOLDER = """
import sys, time
from pathlib import Path
from pocketshelf_server.publish.lock import only_publisher
with only_publisher(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_publisher_that_stops_before_signing_does_not_sign_an_older_state(
    site: Site, edited: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first has read its list of files when the second publishes and signs a newer one."""
    others: list[threading.Thread] = []
    sign = SignedRepository.sign_targets

    def late(self: SignedRepository, files: Sequence[PublishedTarget], *rest: int) -> bool:
        if not others:
            put(edited, "b")
            others.append(threading.Thread(target=publish_site, args=(site,)))
            others[0].start()
            others[0].join(2)
        return sign(self, files, *rest)

    put(edited, "a")
    monkeypatch.setattr(SignedRepository, "sign_targets", late)
    publish_site(site)
    others[0].join(60)
    assert "all/snapshot-2.sqlite.gz" in targets(site)
    assert {t.name: t.sha256 for t in open_repository(site).signed()} == {
        t.name: t.sha256 for t in targets(site).values()
    }


def test_a_volume_that_cannot_lock_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: object, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("pocketshelf_server.publish.lock.fcntl.flock", refuse)
    with pytest.raises(StoreError, match="this volume cannot lock"):
        publish_site(site)


def test_the_lock_of_a_killed_publisher_is_gone_with_it(site: Site, edited: Catalogue) -> None:
    put(edited, "a")
    command = [sys.executable, "-c", HOLDER, str(site.publish_lock)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {holder.pid}"), only_publisher(site.publish_lock, 0.1):
            pass
        os.kill(holder.pid, signal.SIGKILL)
    assert publish_site(site)[0].new


def test_a_full_disk_is_said_with_its_file_and_its_remedy(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with (
        pytest.raises(StoreError, match=r"publish\.lock: .*free some space"),
        only_publisher(site.publish_lock),
    ):
        pytest.fail("a site is published whose lock cannot be written")
    monkeypatch.undo()
    with only_publisher(site.publish_lock):
        assert site.publish_lock.read_text() == str(os.getpid())
