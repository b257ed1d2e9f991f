"""The phones' checks themselves: a step that fails anywhere fails; one that hangs is ended with its name."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from patience import eventually
from running import runs

ROOT = Path(__file__).resolve().parents[2]
# Of what the check sources: tools without compilers.
ANDROID = {
    "toolchain.sh": "toolchain() { trap end_all EXIT; }",
    "core.sh": """
        fails_first() { false; echo after; }
        hangs() { sleep 1000 | cat; }
        core() {
            step "well" true
            step "fails at first" fails_first || true
            step "hangs" hangs || true
            step "well again" true
        }
    """,
    "app.sh": "",
    "package.sh": "",
}
IOS = {
    "toolchain.sh": """
        SWIFT_ROOT= TOOLCHAINS=$HERE/kept
        find_toolchain() { :; }
        in_toolchain() { sleep 1000 | cat; }
    """
}
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


def started(demo: str, tools: dict[str, str], folder: Path, seconds: int) -> subprocess.Popen[str]:
    """The check of the core with other tools, each step of which has ``seconds``."""
    (folder / "tools").mkdir()
    (folder / "PocketshelfCore").mkdir()
    shutil.copy(ROOT / demo / "check", folder)
    for name, text in tools.items():
        (folder / "tools" / name).write_text(text)
    environment = {**os.environ, "POCKETSHELF_STEP_SECONDS": str(seconds)}
    return subprocess.Popen(
        ["bash", str(folder / "check"), "core"], cwd=folder, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_step_that_hangs_is_ended_and_one_that_fails_anywhere_fails(tmp_path: Path) -> None:
    with started("android_demo", ANDROID, tmp_path, 3) as process:
        out, said = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "2 passed, 2 failed\n"), said
    assert "FAILED  fails at first" in said and "FAILED  hangs" in said
    assert "error: it did not end within 3 s" in said


def test_a_build_that_hangs_is_ended(tmp_path: Path) -> None:
    with started("ios_demo", IOS, tmp_path, 3) as process:
        out, said = process.communicate(timeout=120)
    assert (process.returncode, out) == (1, "0 passed, 1 failed\n"), said
    assert "FAIL  the core compiles" in said and "error: it did not end within 3 s" in said


@pytest.mark.parametrize(("demo", "tools"), [("android_demo", ANDROID), ("ios_demo", IOS)])
def test_who_ends_the_check_ends_what_it_has_begun(demo: str, tools: dict[str, str], tmp_path: Path) -> None:
    with started(demo, tools, tmp_path, 300) as process:
        group = eventually(lambda: _sleepers(process.pid))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
    eventually(lambda: not any(runs(pid) for pid in group))


def _sleepers(parent: int) -> list[int]:
    """The processes below it that are the hanging step's, once they are there."""
    below = psutil.Process(parent).children(recursive=True)
    found = [each.pid for each in below if _command(each)[:2] == ["sleep", "1000"]]
    return [*found, *(each.pid for each in below)] if found else []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # It has ended meanwhile.
        return []
