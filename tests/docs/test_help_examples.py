"""The examples in the commands' own help can be called as they stand."""

from __future__ import annotations

import argparse
import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import ROOT

from pocketshelf.cli.entry import PROGRAM as DEVICE
from pocketshelf_server.cli import PROGRAM as SERVER

PROGRAMS = {"pocketshelf": DEVICE, "pocketshelf-server": SERVER}


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of all its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from parsers(each)


def examples(program: str) -> list[list[str]]:
    """The calls of ours that stand in a line of their own, without what is said behind them."""
    found = []
    for parser in parsers(PROGRAMS[program].parser()):
        for line in f"{parser.description}\n{parser.epilog}".splitlines():
            if match := re.match(r" +(pocketshelf(?:-server)? .*?)(?:   *\S.*)?$", line):
                found.append(shlex.split(match[1]))
    return found


@pytest.mark.parametrize(("program", "least"), [("pocketshelf", 15), ("pocketshelf-server", 10)])
def test_the_examples_of_the_help_can_be_called(program: str, least: int) -> None:
    calls = examples(program)
    assert len(calls) >= least
    for name, *rest in calls:
        PROGRAMS[name].parser().parse_args(rest)  # Ends the test where it is wrong usage.


def test_the_server_s_first_steps_lead_to_a_device_that_may_sync() -> None:
    """A first sync without a root is refused."""
    synced = [words for words in examples("pocketshelf-server") if words[:2] == ["pocketshelf", "sync"]]
    assert [words[words.index("--root") + 1] for words in synced] == ["SITE/repository/metadata/1.root.json"]


def test_the_entry_script_knows_what_is_installed_without_sha256sum(tmp_path: Path) -> None:
    """Which macOS lacked for long: every command of ./dev ended there."""
    for name in ("tr", "touch", "cut"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    text = (ROOT / "dev").read_text()
    install = "\n".join(re.findall(r"^hash_of\(\) .*|^install\(\) \{\n(?:.*\n)*?\}", text, re.M))
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()[:16]
    (tmp_path / f"installed-dev-{digest}").touch()
    script = f"set -euo pipefail\nmake_venv() {{ :; }}\nsay() {{ exit 3; }}\n{install}\ninstall dev\n"
    here = {"PATH": str(tmp_path), "VENV": str(tmp_path), "PY": sys.executable}
    subprocess.run([str(shutil.which("bash")), "-c", script], env=here, cwd=ROOT, check=True, timeout=60)
