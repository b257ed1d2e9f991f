"""A server process on loopback, and clients who mean no good."""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import psutil
import pytest
from server_products import DIMENSION, SPACE, make_product

from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.site import Site


class Served:
    """A server's process, its address, and what it logs."""

    def __init__(self, process: subprocess.Popen[str], url: str, log: Path) -> None:
        self.process, self.log = psutil.Process(process.pid), log
        self.address = ("127.0.0.1", urlsplit(url).port or 0)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def ask(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of one request on a connection of its own."""
        with self.connect() as connection:
            connection.sendall(f"{head}\r\nHost: x\r\nConnection: close\r\n\r\n".encode() + body)
            return answer(connection)

    def busy(self, seconds: float) -> float:
        """The share of one core that it takes."""
        before = sum(self.process.cpu_times()[:2])
        time.sleep(seconds)
        return (sum(self.process.cpu_times()[:2]) - before) / seconds


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body, up to the end of the connection."""
    received = bytearray()
    while chunk := connection.recv(65536):
        received += chunk
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@contextmanager
def serving(site: Site, folder: Path, *options: str, files: int | None = None) -> Iterator[Served]:
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(site.folder), "--port", "0", *options]
    limit = [] if files is None else ["prlimit", f"--nofile={files}:{files}"]
    log = folder / "server.log"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "POCKETSHELF_BUNDLE": "nowhere"}
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*limit, *command], stdout=subprocess.PIPE, stderr=stream, text=True, env=environment
        )
    assert process.stdout is not None
    try:
        yield Served(process, json.loads(process.stdout.readline())["url"], log)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@pytest.fixture(scope="module")
def small_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = make_site(tmp_path_factory.mktemp("hostile") / "site", SPACE)
    with closing(open_catalogue(site)) as catalogue:
        catalogue.apply([Upsert(make_product(f"p{i}")) for i in range(20)])
    return site


@pytest.fixture(scope="module")
def served(small_site: Site) -> Iterator[Served]:
    with serving(small_site, small_site.folder) as served:
        yield served


def test_idle_connections_beyond_the_open_files_stop_nothing(small_site: Site, tmp_path: Path) -> None:
    """1,100 of them at ``ulimit -n 1024``: others are answered, and neither processor nor log is filled."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1500:
        pytest.skip("this process may not open 1,500 files itself")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1500), hard))
    with serving(small_site, tmp_path, files=1024) as served, ExitStack() as stack:
        for _ in range(1100):
            stack.enter_context(served.connect())
        started = time.monotonic()
        for _ in range(20):
            assert served.ask("GET /healthz HTTP/1.1")[0] == 200
        assert time.monotonic() - started < 10
        assert served.busy(2.0) < 0.5
        assert served.process.num_fds() < 1024 - 200
        assert served.log.stat().st_size < 20_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_running_out_of_files_costs_the_idle_ones_their_place(small_site: Site, tmp_path: Path) -> None:
    """Others than connections take files, too; the server goes on, and does not try without end."""
    with serving(small_site, tmp_path) as served, ExitStack() as stack:
        assert served.ask("GET /healthz HTTP/1.1")[0] == 200
        most = served.process.num_fds() + 10
        resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, (most, most))
        for _ in range(60):
            stack.enter_context(served.connect())
        assert served.busy(2.0) < 0.5
        assert served.ask("GET /healthz HTTP/1.1")[0] == 200
        text = served.log.read_text()
        assert "Too many open files" in text and len(text) < 20_000


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("POST", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/v1/metadata/timestamp.json"),
        ("GET", "/v1/targets/all/x"),
        ("GET", "/v1/changes"),
        ("PUT", "/v1/search"),
        ("POST", "/nowhere"),
    ],
)
def test_a_body_that_nobody_takes_is_refused_by_its_length(served: Served, method: str, path: str) -> None:
    """60 MB: the answer comes before a byte of them is sent."""
    status, body = served.ask(f"{method} {path} HTTP/1.1\r\nContent-Length: 60000000")
    problem = json.loads(body)
    assert (status, problem["status"], problem["instance"]) == (413, 413, path)
    assert "takes no body" in problem["detail"]


def test_each_route_has_a_length_of_its_own(served: Served) -> None:
    for path, most in (
        ("/v1/search", 1_000_000),
        ("/v1/search/photo", 20_100_000),
        ("/v1/changes", 16_000_000),
    ):
        status, body = served.ask(f"POST {path} HTTP/1.1\r\nContent-Length: {most + 1}")
        assert status == 413 and str(most) in json.loads(body)["detail"]


def test_a_client_that_sends_on_after_a_refusal_reads_it_all_the_same(served: Served) -> None:
    status, body = served.ask("POST /healthz HTTP/1.1\r\nContent-Length: 60000000", b"x" * 60_000_000)
    assert status == 413 and b"takes no body" in body


def test_an_expectation_is_answered_with_the_refusal(served: Served) -> None:
    head = "POST /healthz HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 60000000"
    assert served.ask(head)[0] == 413


def test_a_body_in_chunks_is_refused_when_it_gets_too_long(served: Served) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for path, chunks in (("/healthz", 1), ("/v1/search", 16)):
        head = f"POST {path} HTTP/1.1\r\nTransfer-Encoding: chunked"
        assert served.ask(head, chunks * chunk)[0] == 413


def test_without_the_token_no_long_body_is_taken(served: Served) -> None:
    head = "POST /v1/changes HTTP/1.1\r\nContent-Length: 10000000"
    for token in ("", "\r\nAuthorization: Bearer guess"):
        assert served.ask(head + token)[0] == 401


def test_bodies_on_their_way_have_a_bound_together(served: Served) -> None:
    """512 MB in all; searches by vector go on, and the shop's own changes do."""
    head = b"POST /v1/search HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(512):
            stack.enter_context(served.connect()).sendall(head)
        time.sleep(1)
        assert served.ask("POST /v1/search HTTP/1.1\r\nContent-Length: 1000000")[0] == 503
        body = json.dumps({"vector": [1] * DIMENSION, "space": SPACE.name}).encode()
        head_of_small = "POST /v1/search HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: "
        assert served.ask(f"{head_of_small}{len(body)}", body)[0] == 200


def test_many_requests_ahead_are_cut_off(served: Served) -> None:
    """Their answers would fill memory and open files while their client does not read."""
    with served.connect() as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            pass
        assert received.count(b"HTTP/1.1 200") < 20
    assert served.ask("GET /healthz HTTP/1.1")[0] == 200


@pytest.fixture(scope="module")
def large_target(small_site: Site) -> str:
    """The path of one of 40 MB, which says at each byte in eight where that is."""
    name = f"{'a' * 64}.large.gz"
    folder = small_site.targets / "all"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(np.arange(5_000_000, dtype="<u8").tobytes())
    return f"/v1/targets/all/{name}"


@pytest.mark.parametrize(
    "asked",
    [["\r\nRange: bytes=8-"], ["", ""], ["\r\nRange: bytes=8-", "\r\nRange: bytes=16-"]],
    ids=["the rest", "twice", "two rests"],
)
def test_slow_readers_of_large_files_keep_nobody_from_theirs(
    small_site: Site, large_target: str, tmp_path: Path, asked: list[str]
) -> None:
    """Phones that go on with a download over a slow network, and who asks ahead and reads nothing."""
    lines = "".join(f"GET {large_target} HTTP/1.1\r\nHost: x{more}\r\n\r\n" for more in asked)
    with serving(small_site, tmp_path, "--threads", "2") as served, ExitStack() as stack:
        for _ in range(6):
            slow = stack.enter_context(served.connect())
            slow.sendall(lines.encode())
            assert slow.recv(12).startswith(b"HTTP/1.1 20")
        for path in ("/healthz", "/v1/metadata/timestamp.json"):
            assert served.ask(f"GET {path} HTTP/1.1")[0] == 200
        status, body = served.ask(f"GET {large_target} HTTP/1.1")
        assert status == 200 and len(body) == 40_000_000


def test_a_long_answer_is_whole_though_more_was_asked_ahead(served: Served, large_target: str) -> None:
    with served.connect() as connection:
        connection.sendall(f"GET {large_target} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 2)
        status, body = answer(connection)
    assert status == 200
    assert np.array_equal(np.frombuffer(body[:40_000_000], "<u8"), np.arange(5_000_000))


@pytest.mark.parametrize(
    ("asked", "status", "first", "count"),
    [
        ("bytes=8-", 206, 1, 4_999_999),
        ("bytes=39999992-", 206, 4_999_999, 1),
        ("bytes=80-95", 206, 10, 2),
        ("bytes=-16", 206, 4_999_998, 2),
        ("bytes=0-", 206, 0, 5_000_000),
        ("bytes=40000000-", 416, 0, 0),
    ],
)
def test_a_range_is_what_was_asked_for(
    served: Served, large_target: str, asked: str, status: int, first: int, count: int
) -> None:
    said, body = served.ask(f"GET {large_target} HTTP/1.1\r\nRange: {asked}")
    assert said == status
    if status == 206:
        assert np.array_equal(np.frombuffer(body, "<u8"), np.arange(first, first + count))
    said, body = served.ask(f"HEAD {large_target} HTTP/1.1\r\nRange: {asked}")
    assert said == status and body == b""


def test_an_access_log_tells_requests_without_secrets_or_control_characters(
    small_site: Site, tmp_path: Path
) -> None:
    token = small_site.token_path.read_text().strip()
    log = tmp_path / "access.log"
    with serving(small_site, tmp_path, "--access-log", str(log), "--trusted-proxies", "1") as served:
        tell = f"\r\nAuthorization: Bearer {token}\r\nX-Forwarded-For: 9.9.9.9, 203.0.113.7"
        served.ask(f'GET /v1/changes?since=0&token={token} HTTP/1.1{tell}\r\nUser-Agent: shop"\x9b2J/1')
        served.ask(f"GET /{token}/%0d%0aforged%20line%1b[2J HTTP/1.1")
        served.ask("POST /healthz HTTP/1.1\r\nContent-Length: 60000000")
        served.ask("nonsense")
        served.ask(f"GET /{'x' * 5000} HTTP/1.1")
    text = log.read_bytes()
    assert token.encode() not in text and all(byte == 10 or 32 <= byte < 127 for byte in text)
    first, second, third, *_ = lines = text.decode().splitlines()
    assert len(lines) == 5 and max(map(len, lines)) < 600
    pattern = r'203\.0\.113\.7 - - \[[^]]+\] "GET /v1/changes HTTP/1\.1" 422 \d+ "-" "shop.{0,20}/1" [\d.]+'
    assert re.fullmatch(pattern, first), first
    assert '"GET /.../%0D%0Aforged%20line%1B%5B2J HTTP/1.1" 404 ' in second
    assert '"POST /healthz HTTP/1.1" 413 ' in third


def test_there_is_no_access_log_unless_asked_for(served: Served) -> None:
    before = served.log.read_text()
    assert served.ask("GET /healthz HTTP/1.1")[0] == 200
    assert served.log.read_text() == before


def test_a_log_is_not_filled_by_bad_requests(served: Served) -> None:
    for _ in range(300):
        with served.connect() as connection:
            connection.sendall(b"GET /v1/search HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \x1b[2J\r\n\r\n" * 2)
    assert served.ask("GET /healthz HTTP/1.1")[0] == 200
    text = served.log.read_text()
    assert len(text) < 20_000 and "\x1b" not in text
