"""How many connections fit the process, at several limits."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = "from pocketshelf.wsgi.descriptors import connections_for; print(connections_for(16))"


def connections(soft: int, hard: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = ["prlimit", f"--nofile={soft}:{hard}", sys.executable, "-c", CODE]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)


@pytest.mark.parametrize(("soft", "hard", "most"), [(1024, 1024, 400), (256, 1024, 400), (1024, 8192, 2000)])
def test_connections_fit_the_limit_and_the_soft_one_is_raised(soft: int, hard: int, most: int) -> None:
    assert int(connections(soft, hard).stdout) == most


def test_too_few_files_are_said_with_the_remedy() -> None:
    assert "ulimit -n" in connections(128, 128).stderr
