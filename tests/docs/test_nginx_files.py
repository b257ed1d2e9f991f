"""docs/deploy/nginx-files.conf by a real nginx: devices sync, and no request reaches the server behind it."""

from __future__ import annotations

import hashlib
import http.client
import http.server
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from pages import ROOT

from pocketshelf.errors import ServerError, SyncError
from pocketshelf.store import verify_store
from pocketshelf.sync import SyncReport, sync
from pocketshelf_server.cli import main
from pocketshelf_server.site import Site

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx: apt-get install nginx")

FOR_EVER = "public, max-age=31536000, immutable"
INIT = ["--space", "s", "--preprocessing", "p", "--dimension", "8"]
CONFIG = """pid {folder}/nginx.pid;
user root;
events {{}}
http {{
  access_log off;
  gzip on; gzip_types *; gzip_min_length 1;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    add_header Strict-Transport-Security "max-age=1" always;
    {files}
    location / {{ proxy_pass http://127.0.0.1:{behind}; }}
  }}
}}
"""


class Behind(http.server.BaseHTTPRequestHandler):
    """Stands where `pocketshelf-server serve` would, and notes what comes."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200)
        self.send_header("Cache-Control", "private")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Shop:
    """A published site behind nginx."""

    def __init__(self, folder: Path, port: int) -> None:
        self.site = Site(folder / "site")
        self.port = port
        self._folder = folder

    def publish(self, turn: int) -> None:
        """Products of which one changes with each turn."""
        lines = [
            {
                "product_id": f"p{i}",
                "title": f"T{i if i else turn}",
                "category": "c",
                "vectors": [[1.0 + i] * 8],
            }
            for i in range(20)
        ]
        shop = self._folder / "shop.jsonl"
        shop.write_text("".join(json.dumps(line) + "\n" for line in lines))
        site = str(self.site.folder)
        assert main(["import", site, str(shop)]) == main(["publish", site]) == 0

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def target(self, kind: str) -> tuple[str, Path]:
        """(its path in the address, its file) of the newest file of a kind."""
        files = (self.site.targets / "all").glob(f"*.{kind}*")
        path = max(files, key=lambda file: file.stat().st_mtime_ns)
        return f"/v1/targets/all/{path.name}", path

    def sync(self, store: Path) -> SyncReport:
        root = (self.site.metadata / "1.root.json").read_bytes()
        return sync(store, f"http://127.0.0.1:{self.port}", root=root)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    tmp_path.chmod(0o755)
    Behind.asked.clear()
    behind = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    shop = Shop(tmp_path, port)
    assert main(["init", str(shop.site.folder), *INIT]) == 0
    shop.publish(1)
    files = (ROOT / "docs/deploy/nginx-files.conf").read_text()
    assert files.count("/srv/pocketshelf/repository") == 1
    files = files.replace("/srv/pocketshelf", str(shop.site.folder))
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(folder=tmp_path, port=port, behind=behind.server_address[1], files=files))
    command = ["nginx", "-p", str(tmp_path), "-c", str(config), "-e", str(tmp_path / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0 and "warn" not in checked.stderr.replace('"user"', ""), checked.stderr
    with subprocess.Popen([*command, "-g", "daemon off;"]) as nginx:
        try:
            for _ in range(600):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield shop
        finally:
            nginx.terminate()
    behind.shutdown()
    behind.server_close()


def test_devices_sync_and_the_server_is_not_asked(shop: Shop, tmp_path: Path) -> None:
    device = tmp_path / "device"
    assert shop.sync(device).outcome == "updated"
    assert shop.sync(device).outcome == "current"
    shop.publish(2)
    followed = shop.sync(device)
    assert (followed.outcome, followed.how) == ("updated", "changes") and verify_store(device).ok
    assert followed.received == sum(shop.target(kind)[1].stat().st_size for kind in ("delta", "manifest"))
    assert Behind.asked == []


def test_what_was_newest_once_is_refused(shop: Shop, tmp_path: Path) -> None:
    old = (shop.site.metadata / "timestamp.json").read_bytes()
    shop.publish(2)
    device = tmp_path / "device"
    shop.sync(device)
    (shop.site.metadata / "timestamp.json").write_bytes(old)
    with pytest.raises(SyncError, match="version"):
        shop.sync(device)
    assert verify_store(device).ok and Behind.asked == []


def test_a_missing_file_leaves_the_device_as_it_was(shop: Shop, tmp_path: Path) -> None:
    device = tmp_path / "device"
    before = shop.sync(device).sequence
    shop.publish(2)
    for kind in ("delta", "snapshot"):
        path, file = shop.target(kind)
        file.rename(file.with_name("away"))
        answer, body = shop.ask(path)
        assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-cache")
        assert json.loads(body)["status"] == 404
        file.with_name("away").unlink()
    with pytest.raises(ServerError, match="does not have the file it signed"):
        shop.sync(device)
    assert verify_store(device).ok
    assert main(["publish", str(shop.site.folder)]) == 0  # Makes them again.
    assert shop.sync(device).from_sequence == before and Behind.asked == []


def test_the_next_root_is_asked_for_each_time(shop: Shop) -> None:
    answer, _ = shop.ask("/v1/metadata/2.root.json")
    assert (answer.status, answer.headers["Cache-Control"]) == (404, "no-cache")
    assert answer.headers["Content-Type"] == "application/problem+json"
    answer, _ = shop.ask("/v1/metadata/1.root.json")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, FOR_EVER)


def test_timestamp_is_whole_whatever_is_asked(shop: Shop) -> None:
    path = "/v1/metadata/timestamp.json"
    answer, body = shop.ask(path, Accept_Encoding="gzip, br")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-cache"
    assert body == (shop.site.metadata / "timestamp.json").read_bytes()
    assert answer.headers["ETag"] is None and answer.headers["Content-Encoding"] is None
    again, same = shop.ask(path, If_Modified_Since=answer.headers["Last-Modified"], If_None_Match='"x"')
    assert again.status == 200 and same == body


@pytest.mark.parametrize("kind", ["snapshot", "manifest"])
def test_named_by_its_hash_is_kept_for_ever(shop: Shop, kind: str) -> None:
    path, file = shop.target(kind)
    answer, body = shop.ask(path, Accept_Encoding="gzip, br")
    assert hashlib.sha256(body).hexdigest() == file.name.partition(".")[0]
    assert answer.headers["Cache-Control"] == FOR_EVER and answer.headers["Content-Encoding"] is None
    kinds = {"snapshot": "application/gzip", "manifest": "application/json"}
    assert answer.headers["Content-Type"] == kinds[kind]
    assert answer.headers["Strict-Transport-Security"] == "max-age=1"
    tag = answer.headers["ETag"]
    again, nothing = shop.ask(path, If_None_Match=tag)
    assert (again.status, nothing, again.headers["Cache-Control"]) == (304, b"", FOR_EVER)
    part, rest = shop.ask(path, Range=f"bytes=10-{len(body)}", If_Range=tag)
    assert part.status == 206 and rest == body[10:]
    beyond, _ = shop.ask(path, Range=f"bytes={len(body)}-")
    assert beyond.status == 416


def test_nothing_else_of_the_site_is_served(shop: Shop) -> None:
    (shop.site.metadata / ".timestamp.json.new").write_text("half")
    for path in (
        "/v1/metadata/.timestamp.json.new",
        "/v1/metadata/",
        "/v1/targets/all/",
        "/v1/metadata/root.json",
    ):
        shop.ask(path)
    assert len(Behind.asked) == 4  # None of them is nginx's to answer.
    name = shop.target("manifest")[1].name
    for path in (
        f"/v1/targets/../metadata/{name}",
        "/v1/targets/..%2f..%2fkeys/admin.token",
        "/keys/admin.token",
    ):
        answer, body = shop.ask(path)
        assert body == b"" or answer.status >= 400, path
    answer, _ = shop.ask("/v1/search", Cookie="a=b")
    assert answer.headers["Cache-Control"] == "private"  # As the server behind says.
    answer, _ = shop.ask(shop.target("manifest")[0], method="POST")
    assert answer.status == 405
