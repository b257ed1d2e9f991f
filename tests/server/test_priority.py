"""Publishing and importing give way, in a session of their own; nobody else is slowed by it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from pocketshelf_server import priority
from pocketshelf_server.console.jobs.bench import _process
from pocketshelf_server.console.jobs.orders import ImportOrder, PublishOrder

pytestmark = pytest.mark.skipif(not hasattr(os, "nice"), reason="needs niceness")
LINUX = pytest.mark.skipif(not priority.GROUP.exists(), reason="this system does not share by session")
SAID = """
import json, os
from pathlib import Path
from pocketshelf_server import priority

def say(*_, **__):
    # Empty for the first session of a system, which no group is made for.
    words = priority.GROUP.read_text().split() if priority.GROUP.exists() else []
    group = words[-1] if words else None
    leader = os.getsid(0) == os.getpid()
    print(json.dumps({"nice": os.nice(0), "group": group, "leader": leader}), flush=True)
    os._exit(7)
"""


def run(script: str, *arguments: str) -> tuple[int, dict[str, Any]]:
    """(exit code, what it said) of a Python process."""
    command = [sys.executable, "-c", SAID + textwrap.dedent(script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def given_way(niceness: int) -> dict[str, Any]:
    shared = priority.GROUP.exists()
    return {"nice": os.nice(0) + niceness, "group": str(niceness) if shared else None, "leader": shared}


def test_a_process_that_is_not_whole_is_left_alone() -> None:
    before = os.nice(0), os.getsid(0)
    priority.give_way(priority.PUBLISH)
    assert (os.nice(0), os.getsid(0)) == before


@pytest.mark.parametrize("command", ["publish", "import"])
def test_the_command_gives_way(command: str, tmp_path: Path) -> None:
    script = f"""
        import pocketshelf_server.cli.{command.replace("import", "import_")} as command
        command.open_site = say
        from pocketshelf_server.cli import main
        main()
    """
    code, said = run(script, command, str(tmp_path), *(["--delete", "a"] if command == "import" else []))
    assert (code, said) == (7, given_way(priority.PUBLISH))


def test_publishing_in_a_hurry_does_not(tmp_path: Path) -> None:
    script = """
        import pocketshelf_server.cli.publish as command
        command.open_site = say
        from pocketshelf_server.cli import main
        main()
    """
    _, said = run(script, "publish", str(tmp_path), "--hurry")
    assert said["nice"] == os.nice(0) and not said["leader"]


@pytest.mark.parametrize("order", [PublishOrder("no site"), ImportOrder("no site", "no file")])
def test_a_job_of_the_console_gives_way(
    order: PublishOrder | ImportOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
from pocketshelf_server.console.jobs import work
work._publish = work._import = say
work.main([order])
"""
    monkeypatch.setattr(
        "pocketshelf_server.console.jobs.bench.MAIN", f"{SAID}\nimport sys\norder = sys.argv[1]\n{script}"
    )
    with _process(order) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        # Before its input closes, at which a job ends by itself.
        code = process.wait(60)
    assert (code, said) == (7, {**given_way(priority.PUBLISH), "leader": True})


# A leader that takes its time until it can pass signals on.
SLOWLY = """
import signal
set_handler = signal.signal
signal.signal = lambda number, handler: (time.sleep(0.2), set_handler(number, handler))
"""


@LINUX
@pytest.mark.parametrize("leader", ["", SLOWLY], ids=["as it is", "slow"])
def test_a_signal_reaches_the_process_that_works(leader: str) -> None:
    script = """
        import signal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # Jobs of a script begin without it.
        priority.own(True)
        priority.give_way(10)
        try:
            print("at work", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("cleaned up", flush=True)
            sys.exit(3)
    """
    command = [sys.executable, "-c", SAID + "import sys, time\n" + leader + textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "cleaned up\n"
    assert process.returncode == 3


@LINUX
def test_what_works_is_killed_with_its_command() -> None:
    script = "import time; priority.own(True); priority.give_way(10); print(os.getpid(), flush=True)"
    script += "; time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", SAID + script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        worker = int(process.stdout.readline())
        assert worker != process.pid
        process.kill()
        assert process.stdout.read() == b""  # Its end of the pipe is closed, too.
