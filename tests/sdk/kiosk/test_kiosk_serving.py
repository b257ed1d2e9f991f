"""The kiosk on a real socket, and its command."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kiosk_things import eventually

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.report import PHOTO_BYTES
from pocketshelf.kiosk.serving import Address, KioskServer
from running import runs

WITHOUT_FLASK = """\
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "flask":
            raise ModuleNotFoundError("No module named 'flask'", name="flask")
sys.meta_path.insert(0, Missing())
from pocketshelf.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def server(kiosk: Kiosk) -> Iterator[KioskServer]:
    made = KioskServer(kiosk, Address("127.0.0.1", 0))
    made.start()
    yield made
    made.close()


def connect(server: KioskServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)


@pytest.mark.parametrize(
    ("path", "length", "code"),
    [
        ("/api/search", PHOTO_BYTES + 1, "photo_too_large"),
        ("/api/detect", 8_000_001, "photo_too_large"),
        ("/api/settings", 200_001, "usage"),
        ("/api/sync", 2000, "usage"),
    ],
)
def test_a_body_that_is_too_long_is_refused_before_it_is_read(
    server: KioskServer, path: str, length: int, code: str
) -> None:
    connection = connect(server)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(length))
    connection.endheaders()
    connection.send(b"x" * 1000)
    answer = connection.getresponse()
    assert answer.status == 413 and json.load(answer)["error"]["code"] == code


def test_a_body_without_a_length_is_no_longer_either(server: KioskServer) -> None:
    connection = connect(server)
    connection.request("POST", "/api/detect", iter([b"x" * 1_000_000] * 9))
    answer = connection.getresponse()
    assert answer.status == 413 and json.load(answer)["error"]["code"] == "photo_too_large"


def test_photos_at_once_are_all_answered(server: KioskServer, street_photo: bytes) -> None:
    statuses: list[int] = []

    def search() -> None:
        connection = connect(server)
        connection.request("POST", "/api/search", street_photo)
        statuses.append(connection.getresponse().status)

    threads = [threading.Thread(target=search) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 16 and set(statuses) <= {200, 503} and statuses.count(200) >= 4


def test_an_address_that_is_taken_is_one_line(server: KioskServer, kiosk: Kiosk) -> None:
    with pytest.raises(UsageError, match="cannot be listened on"):
        KioskServer(kiosk, Address("127.0.0.1", server.port))


def run(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pocketshelf", "kiosk", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)  # type: ignore[call-overload]


def test_what_cannot_be_is_one_line(tmp_path: Path, drawn_shelf: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    fetching = ["--store", str(drawn_shelf), "--fetch-pictures"]
    for code, arguments in (
        (2, fetching),
        (2, [*fetching, "--server", "http://127.0.0.1:9", "--images", str(file)]),
        (1, ["--store", str(tmp_path / "nothing")]),
        (2, ["--store", str(drawn_shelf), "--images", str(tmp_path / "nothing")]),
        (2, ["--store", str(drawn_shelf), "--pin-file", str(tmp_path / "nothing")]),
        (2, ["--store", str(drawn_shelf), "--language", "../x"]),
        (2, ["--store", str(drawn_shelf), "--language", "fr"]),
        (
            1,
            [
                "--store",
                str(drawn_shelf),
                "--server",
                "http://127.0.0.1:9",
                "--root",
                str(tmp_path / "nothing"),
            ],
        ),
    ):
        ended = run("--port", "0", *arguments)
        assert ended.returncode == code, ended.stderr
        assert ended.stderr.count("\n") == 1 and ended.stderr.startswith("pocketshelf: ")


def test_a_pin_is_set_once(tmp_path: Path) -> None:
    ended = run("--store", str(tmp_path), "--set-pin", input="2580\n")
    assert ended.returncode == 0 and "2580" not in (tmp_path / "kiosk" / "pin.json").read_text()
    assert run("--store", str(tmp_path), "--set-pin", input="1\n").returncode == 2


def test_without_its_extra_it_says_what_to_install(drawn_shelf: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_FLASK, "kiosk", "--store", str(drawn_shelf)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1 and ended.stderr == (
        "pocketshelf: flask is not installed: pip install 'pocketshelf[kiosk]'\n"
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_and_leaves_no_process(own_shelf: Path, tmp_path: Path, how: int) -> None:
    environment = {**os.environ, "POCKETSHELF_KIOSK_PIN": "2580"}
    environment.pop("PYTHONUNBUFFERED", None)
    command = [sys.executable, "-m", "pocketshelf", "kiosk", "--store", str(own_shelf), "--port", "0"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, preexec_fn=_heed_interrupts
    )
    assert process.stdout is not None and process.stderr is not None
    port = int(process.stdout.readline().decode().rstrip("/\n").rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/api/state")
    assert json.load(connection.getresponse())["pin"] is True
    workers = _children(process.pid)
    assert workers and all("POCKETSHELF_KIOSK_PIN" not in _environment(pid) for pid in workers)
    process.send_signal(how)
    assert process.wait(timeout=30) == 0
    assert "Traceback" not in process.stderr.read().decode()
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


def test_a_worker_ends_with_its_kiosk_however_that_ends(own_shelf: Path) -> None:
    command = [sys.executable, "-m", "pocketshelf", "kiosk", "--store", str(own_shelf), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.readline()
    workers = _children(process.pid)
    process.kill()
    process.wait()
    eventually(lambda: not any(runs(pid) for pid in workers), patience_s=15)


def _heed_interrupts() -> None:
    """What a shell starts in the background ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _children(pid: int) -> list[int]:
    if not Path("/proc/self/task").exists():
        pytest.skip("needs /proc")
    return [
        int(each)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for each in (task / "children").read_text().split()
    ]


def _environment(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace")


def test_it_listens_where_it_is_told_to(kiosk: Kiosk) -> None:
    server = KioskServer(kiosk, Address("localhost", 0), names=("kiosk.shop",))
    server.start()
    with socket.create_connection(("localhost", server.port)) as connection:
        connection.sendall(b"GET /api/state HTTP/1.1\r\nHost: kiosk.shop\r\nConnection: close\r\n\r\n")
        assert connection.recv(15) == b"HTTP/1.1 200 OK"
    server.close()
