"""``pocketshelf demo --serve``: a photo dropped into the page is searched in the demo's shelf."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pocketshelf.cli import main
from pocketshelf.demo.drop_in import choose_port
from pocketshelf.errors import UsageError
from pocketshelf.shipped import shipped

DEMO = (sys.executable, "-m", "pocketshelf", "demo", "--drawn", "--queries", "2", "--no-server")


def test_a_photo_of_ones_own_is_searched_and_none_is_kept(tmp_path: Path, trained_bundle: Path) -> None:
    out, photo = tmp_path / "out", min((shipped("samples") / "street").iterdir()).read_bytes()
    command = [*DEMO, "--serve", "--port", "0", "--out", out]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        address = next(line for line in demo.stderr if "drop your own photos" in line).split()[5]
        kept = _files(out)
        with urllib.request.urlopen(
            urllib.request.Request(f"{address}api/search", photo), timeout=60
        ) as answer:
            found = json.load(answer)
        assert found["regions"][0]["hits"] and found["store"]["bundle"] == "universal"
        assert f'<a href="{address}">' in (out / "index.html").read_text(encoding="utf-8")
        assert _files(out) == kept
        os.kill(demo.pid, signal.SIGTERM)
        assert demo.wait(60) == 0


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_port_that_was_asked_for_is_taken_or_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(UsageError, match=str(taken)):
            choose_port(taken)
    assert choose_port(0) > 0 and choose_port(None) > 0


def test_a_port_without_the_page_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--port", "9000"]) == 2
    assert "--serve" in capsys.readouterr().err
