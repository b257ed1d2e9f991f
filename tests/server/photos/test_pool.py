"""What a photo may do to the process that reads it, and what it may not do to the server."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import photo_faults
import psutil
import pytest

from drawn_prints import cover
from patience import eventually
from pocketshelf.closely import kept_of
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.stages.colours import looked_at, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_server.photos import Limits, PhotoLost, PhotoPool, PhotosBusy

LIMITS = Limits(memory_bytes=200_000_000, cpu_seconds=1, wall_seconds=20)


@pytest.fixture
def pool() -> Iterator[PhotoPool]:
    with closing(PhotoPool("", limits=LIMITS, opener=photo_faults.OPENER)) as pool:
        yield pool


def assert_alive(pool: PhotoPool) -> None:
    np.testing.assert_array_equal(pool.embed(b"abc", (1, 2, 3, 4)), [3, 1, 2, 3, 4])


def gone(pid: int, seconds: float = 60.0) -> bool:
    """Whether a process ends within a time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@contextmanager
def at_work(pool: PhotoPool, photo: bytes) -> Iterator[list[BaseException]]:
    """A photo on its way in another thread; yields what became of it, once the block ends."""
    errors: list[BaseException] = []

    def send() -> None:
        try:
            with pool.place():
                pool.embed(photo)
        except Exception as error:
            errors.append(error)

    at_rest = pool._workers.qsize()
    thread = threading.Thread(target=send)
    thread.start()
    eventually(lambda: pool.pids() and pool._workers.qsize() < at_rest)
    yield errors
    thread.join(30)
    assert not thread.is_alive()


def test_no_process_runs_before_the_first_photo_and_it_is_not_this_one(pool: PhotoPool) -> None:
    assert pool.pids() == []
    pid, parent, niceness = pool.embed(b"pid")
    assert [pid] == pool.pids() and pid != os.getpid() and parent == os.getpid() and niceness >= 10
    assert pool.enrol(b"abcd").vector.tolist() == [-4]
    assert [pid] == pool.pids()


def test_a_picture_is_enrolled_with_what_it_shows(pool: PhotoPool) -> None:
    seen = pool.enrol(b"print", closely=True)
    assert (seen.vector.tolist(), seen.palette, seen.features) == ([-5], "ff0000:100", photo_faults.PRINT)
    assert pool.enrol(b"print").features == b"", "it was not asked for"
    assert pool.enrol(b"plain", closely=True).palette == ""
    with pytest.raises(PhotoLost, match="log"):
        pool.enrol(b"forged", closely=True)
    assert_alive(pool)


def test_the_models_of_a_bundle_enrol_as_an_import_does(trained_bundle: Path) -> None:
    pytest.importorskip("cv2")
    stream = io.BytesIO()
    cover(3).save(stream, "PNG")
    with closing(PhotoPool(str(trained_bundle), closely=True)) as pool:
        seen = pool.enrol(stream.getvalue(), closely=True)
    picture = read_photo(stream.getvalue())
    expected = Encoder.open(trained_bundle, detects=False).enrol(picture)
    np.testing.assert_allclose(seen.vector, expected, atol=1e-6)
    assert seen.palette == palette_of(looked_at(picture))
    assert seen.features == kept_of(picture) and len(seen.features) > 1000


@pytest.mark.parametrize(
    ("photo", "error", "says", "survives"),
    [
        (b"bad", PhotoError, "not an image", True),
        (b"memory 100000000", PhotoError, "memory", True),
        (b"spin", PhotoError, "too long", False),
        (b"crash", PhotoLost, "another", False),
        (b"bug", PhotoLost, "log", True),
        (b"endless", PhotoLost, "another", False),
    ],
)
def test_a_hostile_photo_costs_itself_alone(
    pool: PhotoPool, photo: bytes, error: type[Exception], says: str, survives: bool
) -> None:
    assert_alive(pool)
    before = pool.pids()
    with pytest.raises(error, match=says):
        pool.embed(photo)
    assert_alive(pool)
    assert (pool.pids() == before) is survives and len(pool.pids()) == 1


def test_processor_time_is_counted_by_photo_not_by_process() -> None:
    """A worker that has read many photos has no less left for the next."""
    limits = Limits(cpu_seconds=1, wall_seconds=300)  # Others may have the processor.
    with closing(PhotoPool("", limits=limits, opener=photo_faults.OPENER)) as pool:
        for _ in range(4):
            pool.embed(b"burn 0.7")
        assert len(pool.pids()) == 1


def test_a_worker_that_hangs_without_computing_is_ended() -> None:
    limits = Limits(cpu_seconds=60, wall_seconds=2)  # A busy machine may hold up the photos that are well.
    with closing(PhotoPool("", limits=limits, opener=photo_faults.OPENER)) as pool:
        assert_alive(pool)
        started = time.monotonic()
        with pytest.raises(PhotoError, match="too long"):
            pool.embed(b"sleep 60")
        assert time.monotonic() - started < 30
        assert_alive(pool)


def test_a_worker_that_was_stopped_blocks_nothing_for_ever() -> None:
    """It takes nothing in any more, either: more bytes than a socket buffers."""
    limits = Limits(cpu_seconds=60, wall_seconds=2)
    with closing(PhotoPool("", limits=limits, opener=photo_faults.OPENER)) as pool:
        assert_alive(pool)
        os.kill(pool.pids()[0], signal.SIGSTOP)
        with pytest.raises(PhotoError, match="too long"):
            pool.embed(b"x" * 20_000_000)
        assert_alive(pool)


def test_a_worker_killed_at_rest_is_replaced_without_an_error(pool: PhotoPool) -> None:
    assert_alive(pool)
    (pid,) = pool.pids()
    os.kill(pid, signal.SIGKILL)
    assert gone(pid)
    assert_alive(pool)
    assert pool.pids() != [pid]


def test_a_worker_killed_at_work_is_replaced_once_without_an_error(pool: PhotoPool) -> None:
    assert_alive(pool)
    (pid,) = pool.pids()
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    timer.start()
    np.testing.assert_array_equal(pool.embed(b"sleep 2"), [7])
    timer.join(30)
    assert pool.pids() != [pid]


def test_the_queue_is_short_and_says_when_to_come_again() -> None:
    pool = PhotoPool("", waiting=1, limits=LIMITS, opener=photo_faults.OPENER)
    with closing(pool), pool.place(), pool.place():
        with pytest.raises(PhotosBusy) as caught, pool.place():
            pass
        assert caught.value.retry_after >= 1
    with pool.place():
        pass


def test_photos_at_once_are_read_one_after_the_other(pool: PhotoPool) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda n: pool.embed(b"x" * n)[0], range(100, 140)))
    assert answers == list(range(100, 140)) and len(pool.pids()) == 1


def test_a_second_worker_is_started_only_when_the_first_is_at_work() -> None:
    with closing(PhotoPool("", workers=2, limits=LIMITS, opener=photo_faults.OPENER)) as pool:
        for _ in range(3):
            assert_alive(pool)
        assert len(pool.pids()) == 1
        with at_work(pool, b"sleep 3") as errors:
            assert_alive(pool)
        assert not errors and len(pool.pids()) == 2


def test_models_that_do_not_load_cost_one_start_not_one_a_photo() -> None:
    now = [0.0]
    pool = PhotoPool("shop", limits=LIMITS, opener=photo_faults.BROKEN_OPENER, clock=lambda: now[0])
    with closing(pool):
        for _ in range(3):
            with pytest.raises(PhotosBusy) as caught, pool.place() as embedder:
                embedder.embed(b"abc")
            assert caught.value.retry_after == 30
        now[0] = 29.5
        with pytest.raises(PhotosBusy) as caught:
            pool.check()
        assert caught.value.retry_after == 1 and pool.pids() == []


def test_closing_ends_a_worker_in_the_midst_of_a_photo() -> None:
    pool = PhotoPool("", limits=Limits(cpu_seconds=60), opener=photo_faults.OPENER)
    assert_alive(pool)
    (pid,) = pool.pids()
    with at_work(pool, b"sleep 60") as errors:
        pool.close()
    assert len(errors) == 1 and gone(pid)


@pytest.mark.parametrize("photo", ["abc", "sleep 60", "spin"])
def test_a_worker_dies_with_a_server_that_is_killed(photo: str) -> None:
    """By SIGKILL, at rest and in the midst of a photo: nothing is left that eats a core."""
    code = (
        "import json, photo_faults, threading, time\n"
        "from pocketshelf_server.photos import Limits, PhotoPool\n"
        "pool = PhotoPool('', limits=Limits(cpu_seconds=60), opener=photo_faults.OPENER)\n"
        "pool.embed(b'abc')\n"
        f"threading.Thread(target=pool.embed, args=({photo.encode()!r},)).start()\n"
        "time.sleep(0.3); print(json.dumps(pool.pids()), flush=True); time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment)
    assert server.stdout is not None
    (pid,) = json.loads(server.stdout.readline())
    server.kill()
    server.wait()
    server.stdout.close()
    assert gone(pid)


def test_a_worker_is_not_told_the_servers_secrets(pool: PhotoPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETSHELF_ROOT_PASSPHRASE", "secret")
    assert_alive(pool)
    worker = psutil.Process(pool.pids()[0])
    assert "POCKETSHELF_ROOT_PASSPHRASE" not in worker.environ()
    assert worker.num_fds() <= 5
