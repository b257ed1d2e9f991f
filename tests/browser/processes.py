"""Our programs as processes of their own: the kiosk, and a shop's server."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

START_S = 60.0


class Program:
    """One of our programs, on a port that stays the same through restarts.

    Attributes:
        url: its address, without a slash at the end.
    """

    def __init__(self, *words: str, log: Path) -> None:
        self.words = words
        self.log = log
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Returns once it has said its address."""
        command = [sys.executable, "-m", *self.words, "--port", str(self.port)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"{self.words[:2]} did not start: {self.log.read_text()[-2000:]}"
        assert f":{self.port}" in line, line

    def stop(self) -> None:
        """Ends it as a service manager would."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self) -> Program:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def kiosk(store: Path, folder: Path, *options: str) -> Program:
    """`pocketshelf kiosk` over ``store``, not yet started; settings and log lie in ``folder``.

    Pictures are named from the folder that the store is in.
    """
    words = ["--store", str(store), "--state", str(folder / "state"), "--images", str(store.parent)]
    return Program("pocketshelf", "kiosk", *words, *options, log=folder / "kiosk.log")


def server(site: Path, log: Path) -> Program:
    """`pocketshelf-server serve` of ``site``; not yet started."""
    return Program("pocketshelf_server", "serve", str(site), log=log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def shop_server(folder: Path) -> Iterator[tuple[Path, Program]]:
    """An empty site that is served: (the site's folder, the program)."""
    from pocketshelf_server.cli import main

    site = folder / "site"
    assert main(["init", str(site)]) == 0
    with server(site, folder / "server.log") as running:
        yield site, running
