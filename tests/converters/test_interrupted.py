"""What the converters' commands say where somebody stops them."""

from __future__ import annotations

import pytest

from converters.command import exit_code


def test_an_interrupted_export_ends_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    assert exit_code(stopped) == 130
    assert capsys.readouterr().err == ""
