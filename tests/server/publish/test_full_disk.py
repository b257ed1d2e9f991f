"""A disk that fills while files are made: it is said where, and the generation before stays public."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from published_files import content, put, snapshot, targets

from pocketshelf.errors import StoreError
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.publish import publish_site
from pocketshelf_server.publish import targets as module
from pocketshelf_server.site import Site


def test_a_full_disk_is_named_and_the_next_publication_goes_on(
    site: Site, edited: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(edited, "a")
    publish_site(site)
    before = targets(site)
    put(edited, "b")

    def full(source: Path, target: Path) -> tuple[str, int, str, int]:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "gzip_deterministic", full)
    with pytest.raises(StoreError, match=r"targets: cannot be written \(No space left .*free some space"):
        publish_site(site)
    monkeypatch.undo()
    assert targets(site) == before
    assert {path.name for path in site.targets.iterdir()} == {"all"}, "nothing half-made is left"
    publish_site(site)
    assert list(content(snapshot(site, tmp_path))) == ["a", "b"]
