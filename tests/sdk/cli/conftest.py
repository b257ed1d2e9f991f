"""What the tests of the command line share."""

from __future__ import annotations

import pytest

from pocketshelf.cli import main
from pocketshelf.formats import Bundle


@pytest.fixture
def call(fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Calls ``pocketshelf`` with words: exit code, standard output, standard error."""
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(fake_bundle.folder))

    def run(*argv: object) -> tuple[int, str, str]:
        try:
            code = main([str(word) for word in argv])
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return run
