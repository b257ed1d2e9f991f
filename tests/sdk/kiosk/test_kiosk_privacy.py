"""No photo is written, logged or sent: the command runs as it is, and every file and socket is watched."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WATCHED = Path(__file__).parent / "watched"
# What any process may open for writing, and keeps nothing.
NOTHING = ("/dev/null",)
Asked = tuple[int, bytes]


class Running:
    """``pocketshelf kiosk``, watched."""

    def __init__(self, shelf: Path, folder: Path, *options: str) -> None:
        self.folder, self.record = folder, folder / "record.jsonl"
        self.watched = [shelf, *(folder / name for name in ("home", "tmp", "cwd"))]
        for path in self.watched[1:4]:
            path.mkdir()
        self.before = self.tree()
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pocketshelf", "kiosk", "--store", str(shelf), "--port", "0",
             "--access-log", "-", *options],
            stdout=subprocess.PIPE, stderr=self.log, cwd=folder / "cwd", env=self.environment(),
        )  # fmt: skip
        assert self.process.stdout is not None
        address = self.process.stdout.readline().decode().strip()
        assert address.startswith("http://127.0.0.1:"), (folder / "log").read_text()
        self.port = int(address.rstrip("/").rpartition(":")[2])

    def environment(self) -> dict[str, str]:
        paths = [str(WATCHED), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
            "KIOSK_RECORD": str(self.record),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder / "tmp"),
        }

    def tree(self) -> dict[str, tuple[int, int]]:
        files = [path for root in self.watched for path in root.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}

    def ask(self, method: str, path: str, body: Any = None) -> Asked:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, {"Content-Type": "image/jpeg"})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def events(self) -> list[tuple[str, str]]:
        rows = [json.loads(line) for line in self.record.read_text().splitlines()]
        return [(event, told) for _, event, told in rows]

    def pids(self) -> set[int]:
        return {json.loads(line)[0] for line in self.record.read_text().splitlines()}

    def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0
        self.log.close()
        return (self.folder / "log").read_text()


@pytest.fixture
def large_photo(tmp_path: Path) -> bytes:
    """A JPEG of 3 MB: servers put bodies of half a megabyte on the disk, if they are not told otherwise."""
    pixels = np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.jpg", quality=92)
    content = (tmp_path / "noise.jpg").read_bytes()
    (tmp_path / "noise.jpg").unlink()
    assert len(content) > 2_000_000
    return content


def samples_of(photo: bytes) -> list[bytes]:
    """Pieces of a photo, as they are and as base64."""
    pieces = [photo[start : start + 48] for start in range(600, len(photo) - 48, max(48, len(photo) // 50))]
    return pieces + [base64.b64encode(piece)[4:-4] for piece in pieces]


def search_everything(running: Running, *photos: bytes) -> None:
    for photo in photos:
        assert running.ask("POST", "/api/search", photo)[0] == 200
        assert running.ask("POST", "/api/search", iter([photo[:9999], photo[9999:]]))[0] == 200  # chunked
        assert running.ask("POST", "/api/detect?barcodes=1", photo)[0] == 200
        assert running.ask("POST", "/api/search", photo[: len(photo) // 2])[0] == 400
        assert running.ask("POST", "/api/corrections", photo)[0] in (413, 415)
        assert running.ask("POST", "/nowhere", photo)[0] in (404, 413)


def test_photos_are_neither_written_nor_logged_nor_sent(
    own_shelf: Path, tmp_path: Path, street_photo: bytes, large_photo: bytes
) -> None:
    running = Running(own_shelf, tmp_path)
    search_everything(running, street_photo, large_photo)
    log = running.end()
    # Two processes at least were watched: the kiosk, and its worker.
    assert len(running.pids()) >= 2
    assert [event for event in running.events() if event[0] != "watched" and event[1] not in NOTHING] == []
    assert running.tree() == running.before
    assert "/api/search" in log
    for piece in (*samples_of(street_photo), *samples_of(large_photo)):
        assert piece not in log.encode()


class Recorder(BaseHTTPRequestHandler):
    """A server that is asked, and has no answer."""

    bodies: list[tuple[str, str, bytes]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.bodies.append((self.command, self.path, body))
        self.send_error(503)

    def do_GET(self) -> None:
        self.bodies.append((self.command, self.path, b""))
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def recorder() -> Iterator[ThreadingHTTPServer]:
    Recorder.bodies.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_only_vectors_leave_and_only_to_the_server(
    own_shelf: Path, tmp_path: Path, street_photo: bytes, large_photo: bytes, recorder: ThreadingHTTPServer
) -> None:
    port = recorder.server_address[1]
    running = Running(own_shelf, tmp_path, "--server", f"http://127.0.0.1:{port}")
    for photo in (street_photo, large_photo):
        status, content = running.ask("POST", "/api/search", photo)
        assert status == 200 and json.loads(content)["fallback"] == "unavailable"
    running.end()
    asked = [(path, json.loads(body)) for method, path, body in Recorder.bodies if method == "POST"]
    assert asked and {path for path, _ in asked} == {"/v1/search"}
    assert {name for _, body in asked for name in body} <= {"space", "vector", "categories", "k", "full"}
    assert {told for event, told in running.events() if event.startswith("socket.")} == {
        str(("127.0.0.1", port))
    }
    everything = b"".join(body for _, _, body in Recorder.bodies)
    for piece in (*samples_of(street_photo), *samples_of(large_photo)):
        assert piece not in everything


def test_what_is_written_or_sent_would_be_seen(tmp_path: Path) -> None:
    code = "import socket; open('x', 'wb').write(b'1'); socket.socket().connect_ex(('127.0.0.1', 9))"
    record = tmp_path / "record.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(WATCHED), "KIOSK_RECORD": str(record)}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, check=True)
    rows = [json.loads(line)[1:] for line in record.read_text().splitlines()]
    assert ["open", "x"] in rows and ["socket.connect", "('127.0.0.1', 9)"] in rows
