"""Where jobs are done: one at a time, watched, ended on request, and put on record."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf.catalogue.download import default_cache
from pocketshelf.catalogue.listing import RowProblem
from pocketshelf.errors import PocketshelfError, StoreError
from pocketshelf_server.console.jobs.orders import ImportOrder, PublishOrder, order_to_json
from pocketshelf_server.console.record import CANCELLED, DONE, FAILED, RUNNING, Record
from pocketshelf_server.trust.keys import PASSPHRASE_VARIABLE

__all__ = ["Bench", "BenchBusy", "Job"]

MAIN = "import sys; from pocketshelf_server.console.jobs.work import main; main(sys.argv[1:])"
WORK_PREFIX = ".console-"
END_SECONDS = 5.0
# Of one line of the process: ten thousand failures of a thousand characters.
MOST_LINE = 20_000_000
log = logging.getLogger("pocketshelf.server")
Order = ImportOrder | PublishOrder


class BenchBusy(PocketshelfError):
    """Another job is at work."""


@dataclass
class Job:
    """A job as the page shows it.

    Attributes:
        run: its number on record.
        state: as a `Run`'s.
        doing: what goes on now, in words.
        done, total: products; 0 of 0 while that is not known.
    """

    run: int
    kind: str
    title: str
    by: str
    state: str = RUNNING
    doing: str = "starting"
    message: str = ""
    done: int = 0
    total: int = 0
    failed: int = 0
    started: float = field(default_factory=time.time)

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self.state == RUNNING


class Bench:
    """Does jobs.

    Args:
        folder: the site's, for what is uploaded.
    """

    def __init__(self, folder: Path, record: Record) -> None:
        self._folder, self._record = folder, record
        self._guard = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = False
        self.job: Job | None = None
        for left in folder.glob(f"{WORK_PREFIX}*"):  # Of a server that was killed.
            shutil.rmtree(left, ignore_errors=True)

    def work_folder(self) -> Path:
        """A new folder for what is uploaded, which goes when the job ends."""
        return Path(tempfile.mkdtemp(dir=self._folder, prefix=WORK_PREFIX))

    def discard(self, work: Path) -> None:
        """Remove a `work_folder` that no job has taken."""
        _remove(work)

    def require_free(self) -> None:
        """Refuse a second job.

        Raises:
            BenchBusy: one is at work.
        """
        if self.job is not None and self.job.running:
            raise BenchBusy(f"{self.job.kind} of {self.job.title} is at work; wait for it, or cancel it")

    def start(
        self, order: Order, title: str, by: str, images: Path | None = None, work: Path | None = None
    ) -> Job:
        """Begin a job.

        Args:
            work: a `work_folder` to remove at its end.

        Raises:
            BenchBusy: another is at work; ``work`` is removed then as well.
            StoreError: it cannot be put on record.
        """
        try:
            with self._guard:
                self.require_free()
                run = self._record.begin(order.kind, title, by, images)
                if isinstance(order, ImportOrder) and order.download:
                    self._record.name_fetched(default_cache())
                self.job, self._cancelled = Job(run, order.kind, title, by), False
                self._process = _process(order)
                threading.Thread(
                    target=self._watch, args=(self.job, self._process, work), daemon=True
                ).start()
                return self.job
        except BaseException:
            _remove(work)
            raise

    def cancel(self) -> None:
        """End the job that is at work, if there is one; what it has done stays."""
        with self._guard:
            if self._process is not None and self._process.poll() is None:
                self._cancelled = True
                self._process.terminate()

    def close(self) -> None:
        """End the job with the server."""
        self.cancel()
        if self._process is not None:
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _watch(self, job: Job, process: subprocess.Popen[str], work: Path | None) -> None:
        said: dict[str, Any] = {}
        try:
            assert process.stdout is not None
            while line := process.stdout.readline(MOST_LINE):
                said = self._take(job, line) or said
            code = process.wait()
            self._finish(job, said, code)
        except Exception:
            log.exception("a job of the console")
            process.kill()
            job.message, job.state = "an error of the server; its log has the details", FAILED
        finally:
            _remove(work)
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def _take(self, job: Job, line: str) -> dict[str, Any] | None:
        """A line of the process; itself if it is the last one."""
        said = json.loads(line)
        if "progress" in said:
            job.done, job.total = said["progress"]
            job.doing = "importing"
        elif "doing" in said:
            job.doing = said["doing"]
        elif "images" in said:
            self._record.name_images(job.run, Path(said["images"]))
        else:
            return said
        return None

    def _finish(self, job: Job, said: dict[str, Any], code: int) -> None:
        counts = said.get("counts", {})
        if self._cancelled and not said:
            state, message = (
                CANCELLED,
                "cancelled; what was done by then stays, and a new run goes on from there",
            )
        elif "done" in said:
            state, message = DONE, said["done"]
        else:
            state, message = (
                FAILED,
                said.get("failed") or f"the process ended ({_how(code)}); see the server's log",
            )
        job.failed, job.message = counts.get("failed", 0), message
        try:
            if failures := said.get("failures"):
                self._record.fail(job.run, (RowProblem(line, problem) for line, problem in failures))
            self._record.end(job.run, state, message, **counts)
        except StoreError as error:
            log.warning("%s", error)
        job.state = state


def _process(order: Order) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != PASSPHRASE_VARIABLE}
    environment |= {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", MAIN, order_to_json(order)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment,
        start_new_session=True,  # See `pocketshelf_server.priority`; and Ctrl-C is the server's to handle.
    )  # fmt: skip


def _how(code: int) -> str:
    return signal.strsignal(-code) or str(code) if code < 0 else f"exit code {code}"


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
