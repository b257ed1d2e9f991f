"""Expired signatures and missing signed files are said loudly: exit code, /healthz, metrics, log."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from server_products import FolderFetcher

from pocketshelf.errors import SyncError
from pocketshelf.sync import Environment, sync
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import main
from pocketshelf_server.http import create_app
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import DEFAULT_EXPIRY_DAYS, Site

ONLINE = ("targets", "snapshot", "timestamp")


def sign_with_lives(site: Site, **days: float) -> None:
    """Sign everything anew, with these lives; the lives of the configuration stay as they were."""
    config = site.config()
    config.expiry_days = {**DEFAULT_EXPIRY_DAYS, **days}
    site.write_config(config)
    assert (
        main(["keys", "renew", str(site.folder)]) == main(["keys", "refresh", str(site.folder), "--all"]) == 0
    )
    config.expiry_days = dict(DEFAULT_EXPIRY_DAYS)
    site.write_config(config)


def fresh_client(site: Site) -> FlaskClient:
    with closing(open_catalogue(site)) as catalogue:
        return create_app(site, catalogue).test_client()


def metric(client: FlaskClient, line: str) -> float:
    found = [
        text for text in client.get("/metrics").get_data(True).splitlines() if text.startswith(line + " ")
    ]
    return float(found[0].rpartition(" ")[2])


def test_a_site_that_devices_can_sync_is_healthy(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["problems"]) == (200, "ok", [])
    assert (
        metric(client, "pocketshelf_healthy") == 1 and metric(client, "pocketshelf_signed_files_missing") == 0
    )
    for role, days in DEFAULT_EXPIRY_DAYS.items():
        expiry = metric(client, f'pocketshelf_signature_expiry_timestamp_seconds{{role="{role}"}}')
        assert expiry == pytest.approx(time.time() + days * 86400, abs=600)


def test_nothing_is_published_under_an_expired_root(
    filled_site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_with_lives(filled_site, root=1e-9)
    before = {path.name: path.read_bytes() for path in filled_site.metadata.iterdir()}
    assert main(["publish", str(filled_site.folder)]) == 1
    message = capsys.readouterr().err
    assert "root expired" in message and "keys renew SITE --offline DIR" in message
    assert {path.name: path.read_bytes() for path in filled_site.metadata.iterdir()} == before
    root = (filled_site.metadata / "1.root.json").read_bytes()
    environment = Environment(FolderFetcher(filled_site))
    with pytest.raises(SyncError, match="expired"):
        sync(tmp_path / "device", "http://site.test", root=root, environment=environment)
    sign_with_lives(filled_site)
    assert main(["publish", str(filled_site.folder)]) == 0
    assert sync(tmp_path / "device", "http://site.test", root=root, environment=environment).sequence == 60


def test_publishing_warns_of_a_root_that_expires_within_a_month(
    filled_site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", str(filled_site.folder)]) == 0
    assert "warning" not in capsys.readouterr().err
    sign_with_lives(filled_site, root=29)
    capsys.readouterr()
    assert main(["publish", str(filled_site.folder), "--json"]) == 0
    printed = capsys.readouterr()
    assert "warning: the signature of root expires on" in printed.err and json.loads(printed.out)


@pytest.mark.parametrize("role", ["root", *ONLINE])
def test_an_expired_signature_makes_the_server_say_so(filled_site: Site, role: str) -> None:
    sign_with_lives(filled_site, **{role: 1e-9})
    client = fresh_client(filled_site)
    answer = client.get("/healthz")
    (problem,) = answer.get_json()["problems"]
    assert (answer.status_code, answer.get_json()["status"]) == (503, "failing")
    assert f"{role} expired" in problem and "pocketshelf-server keys" in problem
    assert metric(client, "pocketshelf_healthy") == 0
    expiry = metric(client, f'pocketshelf_signature_expiry_timestamp_seconds{{role="{role}"}}')
    assert time.time() - 60 < expiry <= time.time()


@pytest.mark.parametrize("role", ONLINE)
def test_publishing_signs_again_what_has_expired_below_the_root(filled_site: Site, role: str) -> None:
    sign_with_lives(filled_site, **{role: 1e-9})
    publish_site(filled_site)
    assert fresh_client(filled_site).get("/healthz").status_code == 200


def test_missing_signed_files_make_the_server_say_so(filled_site: Site) -> None:
    shutil.rmtree(filled_site.targets)
    client = fresh_client(filled_site)
    answer = client.get("/healthz")
    assert answer.status_code == 503 and "pocketshelf-server publish SITE" in answer.get_json()["problems"][0]
    assert metric(client, "pocketshelf_signed_files_missing") == 2
    publish_site(filled_site)
    assert fresh_client(filled_site).get("/healthz").status_code == 200


def test_metadata_that_cannot_be_read_makes_the_server_say_so(filled_site: Site) -> None:
    (filled_site.metadata / "timestamp.json").write_text("{")
    client = fresh_client(filled_site)
    answer = client.get("/healthz")
    assert answer.status_code == 503 and "timestamp.json" in answer.get_json()["problems"][0]
    assert metric(client, 'pocketshelf_signature_expiry_timestamp_seconds{role="timestamp"}') == 0


def test_a_server_process_under_an_expired_root_logs_it_and_still_searches(
    filled_site: Site, tmp_path: Path
) -> None:
    sign_with_lives(filled_site, root=1e-9)
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(filled_site.folder), "--port", "0"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    with process:
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(f"{url}/healthz", timeout=30)
            assert caught.value.code == 503 and b"root expired" in caught.value.read()
            body = json.dumps({"vector": [1.0] * 16, "space": "test-space", "k": 2}).encode()
            request = urllib.request.Request(f"{url}/v1/search", body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=30) as answer:
                assert len(json.load(answer)["hits"]) == 2
            # The watch is a thread of its own, and looks when it gets a turn.
            deadline = time.monotonic() + 30
            while "ERROR the signature of root expired" not in (tmp_path / "log").read_text():
                assert time.monotonic() < deadline, "nothing was logged"
                time.sleep(0.05)
        finally:
            process.terminate()
