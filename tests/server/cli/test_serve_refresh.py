"""A server that may not write: its signatures are another's to refresh, and its log says so in a line."""

from __future__ import annotations

import logging

import pytest

from patience import eventually
from pocketshelf_server.cli import serve
from pocketshelf_server.site import Site
from pocketshelf_server.trust import open_repository


def test_a_site_that_cannot_be_written_is_one_line_of_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    repository = open_repository(site)
    lock = site.metadata / ".lock"
    lock.unlink(missing_ok=True)
    lock.mkdir()  # Nothing that could be opened for writing, by whomever.
    with caplog.at_level(logging.ERROR):
        serve._keep_watch(site, repository)
        eventually(lambda: "could not be refreshed" in caplog.text)
    said = next(record for record in caplog.records if "could not be refreshed" in record.getMessage())
    assert ".lock" in said.getMessage() and said.exc_info is None
