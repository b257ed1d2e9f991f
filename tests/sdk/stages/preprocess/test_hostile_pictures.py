"""Hostile pictures cost little and are refused in one line; large honest ones are decoded within bounds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hostile_pictures import COSTLY, HOSTILE

# What one decode may add to a process, and take: limits' 400 MB, and seconds even on a machine that is busy.
MAX_MEGABYTES, MAX_SECONDS = 450, 12

# A process for each picture, forked from a small one, so that each has a peak of its own.
_MEASURE = """
import json, os, pathlib, time
import hostile_pictures
from pocketshelf.errors import PhotoError
from pocketshelf.stages.preprocess import decode_photo

decode_photo(hostile_pictures.black_png((8, 8), 8, 2))

def number(field):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1000

def measure(name, data):
    before = number("VmRSS")
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    started = time.process_time()
    try:
        photo = decode_photo(data)
        said = f"{photo.width} x {photo.height}"
    except PhotoError as error:
        said = str(error)
    cost = time.process_time() - started
    print(json.dumps([name, cost, number("VmHWM") - before, said]), flush=True)

for name, make in {**hostile_pictures.HOSTILE, **hostile_pictures.COSTLY}.items():
    data = make()
    child = os.fork()
    if not child:
        measure(name, data)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def costs() -> dict[str, tuple[float, float, str]]:
    """Name → processor seconds, megabytes, what came of it; a process that died left none."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("peaks are read from Linux's /proc")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _MEASURE], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return {name: tuple(rest) for name, *rest in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", [*HOSTILE, *COSTLY])
def test_a_hostile_picture_takes_bounded_memory_and_time(
    name: str, costs: dict[str, tuple[float, float, str]]
) -> None:
    seconds, megabytes, said = costs[name]
    assert megabytes < MAX_MEGABYTES and seconds < MAX_SECONDS, (seconds, megabytes, said)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused_at_once_in_one_line(
    name: str, costs: dict[str, tuple[float, float, str]]
) -> None:
    seconds, megabytes, said = costs[name]
    assert said.startswith("photo: ") and "\n" not in said and len(said) < 250
    assert seconds < 2 and megabytes < 100


@pytest.mark.parametrize("name", COSTLY)
def test_a_large_honest_picture_is_decoded(name: str, costs: dict[str, tuple[float, float, str]]) -> None:
    said = costs[name][2]
    assert " x " in said and not said.startswith("photo"), said
