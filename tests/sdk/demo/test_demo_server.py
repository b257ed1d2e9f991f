"""The server's process: it starts on a free port, and never outlives the demo."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pocketshelf.demo import guard
from pocketshelf.demo.server import LocalServer, missing_for_server
from pocketshelf.errors import ServerError
from pocketshelf.shipped import shipped
from running import runs

SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(120)"
needs_server = pytest.mark.skipif(missing_for_server() is not None, reason="needs the server extra")


def _gone(pid: int, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not runs(pid)


def test_the_guard_ends_its_command_when_its_input_closes() -> None:
    command = [sys.executable, guard.__file__, sys.executable, "-c", SLEEPER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        pid = int(process.stdout.readline())
        assert runs(pid)
        process.stdin.close()
        assert process.wait(60) != 0
    assert _gone(pid)


def test_the_guard_passes_on_how_the_command_ended() -> None:
    command = [sys.executable, guard.__file__, sys.executable, "-c", "raise SystemExit(7)"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.wait(60) == 7


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_command_ends_even_when_the_demo_is_killed() -> None:
    # A stand-in for the demo: starts the guard, says the sleeper's pid, and is killed.
    demo = (
        "import subprocess, sys\n"
        f"p = subprocess.Popen([sys.executable, {guard.__file__!r}, sys.executable, '-c', {SLEEPER!r}],\n"
        "    stdin=subprocess.PIPE, start_new_session=True)\n"
        "p.wait()\n"
    )
    with subprocess.Popen([sys.executable, "-c", demo], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
    assert _gone(pid)


@needs_server
def test_a_site_is_filled_and_served_and_the_process_ends(tmp_path: Path, trained_bundle: Path) -> None:
    rows = (shipped("samples") / "catalogue.csv").read_text(encoding="utf-8").splitlines()[:4]
    catalogue = tmp_path / "catalogue.csv"  # A bad row is left out, and nothing fails.
    catalogue.write_text("\n".join([*rows, "bad,No picture,Dress,shop/none.jpg" + "," * 8]) + "\n")
    server = LocalServer(tmp_path / "site", trained_bundle, tmp_path / "server.log")
    server.fill(catalogue, shipped("samples"))
    assert b"signatures" in server.root
    with server.serve() as url, server.serve() as other:
        assert url != other
        assert urllib.request.urlopen(f"{url}/healthz", timeout=60).status == 200
    with pytest.raises(OSError):
        urllib.request.urlopen(f"{url}/healthz", timeout=2)


@needs_server
def test_a_server_that_cannot_work_is_one_line_with_its_log(tmp_path: Path) -> None:
    server = LocalServer(tmp_path / "site", tmp_path / "no-bundle", tmp_path / "server.log")
    with pytest.raises(ServerError, match=r"server init failed: .*server\.log") as caught:
        server.fill(tmp_path / "none.csv", tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ServerError, match="did not start"), server.serve():
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_ends_quietly_with_all_it_started(number: signal.Signals, tmp_path: Path) -> None:
    # Embedding sixty pictures takes long enough to be interrupted.
    # A shell that runs the tests in the background has them ignore Ctrl-C; the demo must not inherit that.
    call = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path; from fake_models import make_bundle; from pocketshelf.cli import main\n"
        f"make_bundle(Path({str(tmp_path / 'b')!r})); raise SystemExit(main())"
    )
    arguments = [
        "demo",
        "--drawn",
        "--no-server",
        "--out",
        str(tmp_path / "out"),
        "--bundle",
        str(tmp_path / "b"),
    ]
    with subprocess.Popen([sys.executable, "-c", call, *arguments], stderr=subprocess.PIPE) as demo:
        deadline = time.monotonic() + 60
        while not (tmp_path / "out" / ".pocketshelf-demo").is_file() and time.monotonic() < deadline:
            time.sleep(0.02)
        demo.send_signal(number)
        _, error = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert b"Traceback" not in error
    assert not (tmp_path / "out" / "index.html").exists()
