"""A test that hangs fails with its name, and the tests after it are run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGALRM")

HANGS = """
import subprocess, sys, threading, time

import pytest


def test_waits_for_ever():
    threading.Event().wait()


def test_reads_for_ever():
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as silent:
        try:
            silent.stdout.readline()
        finally:
            silent.kill()


@pytest.fixture
def begins_never():
    while True:
        try:
            time.sleep(60)
        except Exception:
            pass


def test_set_up(begins_never):
    pass


@pytest.fixture
def ends_never():
    thread = threading.Thread(target=time.sleep, args=(60,), daemon=True)
    thread.start()
    yield
    thread.join()


def test_teardown(ends_never):
    pass


def test_well():
    pass
"""
STUCK = """
import signal, time


def test_stuck():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
    time.sleep(60)
"""


def run(folder: Path, code: str, seconds: float, *options: str) -> tuple[int, str]:
    """Exit code and output of a run of ``code``'s tests."""
    (folder / "test_hangs.py").write_text(code)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "time_limit",
        "-p",
        "no:cacheprovider",
        *options,
        str(folder),
    ]
    environment = {**os.environ, "POCKETSHELF_TEST_SECONDS": str(seconds)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
        text=True,
    )
    return done.returncode, done.stdout


def test_each_part_that_hangs_is_named_and_the_rest_is_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, HANGS, 2)
    assert code == 1 and "2 failed" in said and "2 passed" in said and "2 errors" in said, said
    for name, part in (
        ("test_waits_for_ever", "call"),
        ("test_reads_for_ever", "call"),
        ("test_set_up", "set-up"),
        ("test_teardown", "tear-down"),
    ):
        assert f"test_hangs.py::{name}: its {part} did not end within 2 s" in said
    assert "hread 0x" in said and "(most recent call first)" in said


@pytest.mark.parametrize(("options", "name"), [([], "in test_stuck"), (["-n", "1"], "::test_stuck")])
def test_one_that_no_signal_reaches_ends_its_process_and_is_named(
    tmp_path: Path, options: list[str], name: str
) -> None:
    code, said = run(tmp_path, STUCK, 1, *options)
    assert code == 1 and "Timeout" in said and name in said, said
    assert not options or "crashed while running" in said


def test_the_limit_is_in_force_here() -> None:
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
