"""A process that is asked: what is said of it when it ends, hangs or is killed."""

import os
import signal
import subprocess
import sys

import pytest

from pocketshelf.process import AskedProcess, WorkerLost


def asked(code: str) -> AskedProcess:
    """A process that runs ``code`` with its standard output as the connection."""
    return AskedProcess(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE))


def read_from(process: AskedProcess, seconds: float = 60.0) -> bytes:
    """One line of it; the end of its output is a broken exchange."""
    stream = process._process.stdout
    assert stream is not None
    with process.within(seconds):
        if not (line := stream.readline()):
            raise EOFError
    return line


def lost(process: AskedProcess, seconds: float = 60.0) -> WorkerLost:
    with pytest.raises(WorkerLost) as info:
        read_from(process, seconds)
    assert not process.alive
    return info.value


def test_an_exchange_in_time_leaves_the_process_alone() -> None:
    process = asked("import time; print('well', flush=True); time.sleep(600)")
    assert read_from(process) == b"well\n"
    assert process.alive
    process.kill()
    assert not process.alive


def test_a_process_that_hangs_is_ended_and_called_late() -> None:
    error = lost(asked("import time; time.sleep(600)"), 0.3)
    assert error.late and not error.killed
    assert str(error) == "it took too long"


def test_an_exit_code_is_told() -> None:
    error = lost(asked("raise SystemExit(3)"))
    assert str(error) == "exit code 3"
    assert not error.late and not error.killed


def test_one_that_the_machine_killed_is_not_called_late() -> None:
    process = asked("import time; time.sleep(600)")
    os.kill(process.pid, signal.SIGKILL)
    error = lost(process)
    assert error.killed and not error.late


def test_the_limit_of_processor_time_is_lateness() -> None:
    process = asked("import time; time.sleep(600)")
    os.kill(process.pid, signal.SIGXCPU)
    assert lost(process).late


def test_one_that_hangs_up_and_lives_on_is_ended() -> None:
    error = lost(asked("import os, time; os.close(1); time.sleep(600)"))
    assert str(error) == "it closed its connection"
