"""The catalogue server as a process of its own: made, filled, published and served on a free local port.

``sdk`` imports nothing of the server; it calls its command line, as an operator would.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pocketshelf.demo import guard
from pocketshelf.errors import ServerError

__all__ = ["LocalServer", "missing_for_server"]

_SERVER = "pocketshelf_server"
_NEEDS = ("flask", "waitress", "sqlite_vec", "tuf")
_START_SECONDS, _STEP_SECONDS, _END_SECONDS = 60.0, 600.0, 10.0


def missing_for_server() -> str | None:
    """What keeps the server from running here, as words; None if nothing does."""
    if importlib.util.find_spec(_SERVER) is None:
        return "the server package is not installed"
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    return f"{', '.join(missing)} not installed" if missing else None


class LocalServer:
    """One site in a folder, by ``pocketshelf-server``.

    Args:
        site: folder to make.
        bundle: folder of the models.
        log: file that takes what the server says.
    """

    def __init__(self, site: Path, bundle: Path, log: Path) -> None:
        self._site, self._log = site.resolve(), log.resolve()
        self._environment = {**os.environ, "POCKETSHELF_BUNDLE": str(bundle.resolve())}

    @property
    def root(self) -> bytes:
        """The root metadata that an app would ship with.

        Raises:
            ServerError: the site has none.
        """
        path = self._site / "repository" / "metadata" / "1.root.json"
        try:
            return path.read_bytes()
        except OSError as error:
            raise ServerError(f"{path}: cannot be read ({error.strerror})") from error

    def fill(self, catalogue: Path, images: Path) -> None:
        """Make the site, import the catalogue, and publish. Bad rows are left out, as `import` does.

        Raises:
            ServerError: a step failed; the message has its last line.
        """
        site = str(self._site)
        self._step("init", site)
        self._step(
            "import", site, str(catalogue.resolve()), "--images", str(images.resolve()), allowed=(0, 1)
        )
        if not self.publish():
            raise ServerError(f"the catalogue could not be imported: {_last_line(self._log)}")

    def publish(self) -> int:
        """Publish what has changed; how many products the published generations hold."""
        lines = self._step("publish", str(self._site), "--json").splitlines()
        return sum(int(json.loads(line)["products"]) for line in lines)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve on a free port of 127.0.0.1; yields the URL. The process ends with the block.

        Raises:
            ServerError: it did not start.
        """
        command = [sys.executable, guard.__file__, *_command("serve", str(self._site), "--port", "0")]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is the demo's to handle.
            )
            try:
                yield self._announced(process)
            finally:
                _end(process)

    def _announced(self, process: subprocess.Popen[bytes]) -> str:
        """The URL in the one line that the server prints when it is ready."""
        lines: list[bytes] = []
        assert process.stdout is not None
        reader = threading.Thread(
            target=lambda out: lines.append(out.readline()), args=(process.stdout,), daemon=True
        )
        reader.start()
        reader.join(_START_SECONDS)
        try:
            return str(json.loads(lines[0])["url"])
        except (IndexError, ValueError, KeyError, TypeError) as error:
            raise ServerError(f"the server did not start: {_last_line(self._log)}") from error

    def _step(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """One command of the server; returns what it printed. At a terminal, `import` shows its progress."""
        show = arguments[0] == "import" and sys.stderr.isatty()
        with self._log.open("ab") as log:
            try:
                done = subprocess.run(
                    _command(*arguments),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=None if show else log,
                    env=self._environment,
                    timeout=_STEP_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise ServerError(f"server {arguments[0]}: not done after {_STEP_SECONDS:.0f} s") from error
        if done.returncode not in allowed:
            raise ServerError(f"server {arguments[0]} failed: {_last_line(self._log)}")
        return done.stdout.decode("utf-8", "replace")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", _SERVER, *arguments]


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closing its input makes the guard end the server."""
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return f"{lines[-1].strip()} (more in {log})" if lines else f"see {log}"
