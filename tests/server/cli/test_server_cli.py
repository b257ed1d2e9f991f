"""The commands as an operator runs them, and the server as a real process on loopback."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats import Bundle
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import PROGRAM, main
from pocketshelf_server.http import create_app
from pocketshelf_server.site import Site

ROOT = Path(__file__).parents[3]
INIT = ["--space", "s", "--preprocessing", "p", "--dimension", "8"]


def write_vectors(path: Path, count: int) -> Path:
    rng = np.random.default_rng(0)
    lines = [
        {
            "product_id": f"p{i}",
            "title": f"T{i}",
            "category": "c",
            "vectors": rng.standard_normal((1, 8)).tolist(),
        }
        for i in range(count)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A site with ten published products, made by the commands."""
    site = tmp_path / "site"
    assert main(["init", str(site), *INIT]) == 0
    assert main(["import", str(site), str(write_vectors(tmp_path / "shop.jsonl", 10))]) == 0
    assert main(["publish", str(site)]) == 0
    capsys.readouterr()
    return site


def test_every_command_has_a_help_that_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("", "init", "import", "publish", "serve", "keys", "doctor", "stats"):
        with pytest.raises(SystemExit) as caught:
            PROGRAM.parser().parse_args([*command.split(), "--help"])
        assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "pocketshelf sync" in text and '"rule": "top"' in text and "1.root.json" in text


def test_wrong_usage_is_2_and_a_bad_site_is_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        [],
        ["nope"],
        ["import", str(tmp_path)],
        ["import", str(tmp_path), "--replace", "--delete", "x"],
        ["import", str(tmp_path), "x.csv", "--workers", "0"],
        ["serve", str(tmp_path), "--json"],
        ["keys", "--json", "status", str(tmp_path)],
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
    capsys.readouterr()
    for command in ("publish", "stats", "serve"):
        assert main([command, str(tmp_path)]) == 1
        assert "pocketshelf-server init" in capsys.readouterr().err
    assert main(["init", str(tmp_path / "x"), "--space", "s"]) == 1
    assert "--preprocessing" in capsys.readouterr().err


def test_a_second_init_is_refused(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(ready), *INIT]) == 1
    assert "another folder" in capsys.readouterr().err


def test_output_for_programs_is_json_alone(
    ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(ready), str(tmp_path / "shop.jsonl"), "--delete", "p3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "added_or_changed": 0, "unchanged": 10, "deleted": 1, "errors": [], "sequence": 11,
    }  # fmt: skip
    assert main(["publish", str(ready), "--json", "--compact"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["deltas"][0]["from"] == 10
    assert main(["stats", str(ready), "--json"]) == 0
    stats = json.loads(capsys.readouterr().out)
    assert (stats["products"], stats["changes"], stats["shards"][0]["sequence"]) == (9, 1, 11)
    assert main(["keys", "status", str(ready), "--json"]) == 0
    assert next(json.loads(text)["role"] for text in capsys.readouterr().out.splitlines()) == "root"


def test_bad_rows_are_shown_and_the_exit_is_1(
    ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text('{"product_id": "x"}\n')
    assert main(["import", str(ready), str(tmp_path / "bad.jsonl")]) == 1
    assert "line 1: " in capsys.readouterr().err


def test_many_bad_rows_of_one_cause_are_told_as_one_cause(
    ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text('{"title": "x"}\n' * 100 + '{"product_id": "x", "category": ""}\n')
    assert main(["import", str(ready), str(tmp_path / "bad.jsonl"), "--json"]) == 1
    out, err = capsys.readouterr()
    assert len(json.loads(out)["errors"]) == 101
    assert len(err.splitlines()) == 5 and "and 97 more like line 1: " in err and "line 101: " in err


def test_an_admin_token_that_leaked_is_replaced(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = Site.open(ready)
    site.config_path.chmod(0o640)
    leaked = site.token_path.read_text().strip()
    assert main(["token", "revoke", str(ready), "admin"]) == 1
    assert "token renew" in capsys.readouterr().err
    assert main(["token", "renew", str(ready), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"renewed": "admin", "file": str(site.token_path)}
    assert "restart" in printed.err and leaked not in printed.out
    with closing(open_catalogue(site)) as catalogue:
        client = create_app(site, catalogue).test_client()
    new = site.token_path.read_text().strip()
    for token, status in ((leaked, 401), (new, 200)):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/v1/changes", headers=headers).status_code == status
    assert stat.S_IMODE(site.token_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(site.config_path.stat().st_mode) == 0o640


def test_what_changes_keys_says_so_in_json_too(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["rotate", str(ready), "timestamp", "--dry-run"],
        ["rotate", str(ready), "timestamp"],
        ["renew", str(ready)],
        ["refresh", str(ready)],
        ["refresh", str(ready), "--all"],
    ):
        assert main(["keys", *command, "--json"]) == 0
    dry, rotated, renewed, *refreshed = map(json.loads, capsys.readouterr().out.splitlines())
    assert not dry["signed"] and rotated["signed"] and rotated["roles"] == ["timestamp"]
    assert [line for line in rotated["changes"] if line.startswith("  timestamp: key ")]
    assert renewed["signed"] and renewed["roles"] == ["root"]
    assert refreshed == [{"roles": []}, {"roles": ["targets", "snapshot", "timestamp"]}]


def test_keys_by_command(ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    safe = tmp_path / "safe"
    (ready / "keys" / "offline").rename(safe)
    assert main(["keys", "rotate", str(ready), "timestamp"]) == 1
    assert "--offline" in capsys.readouterr().err
    assert main(["keys", "rotate", str(ready), "timestamp", "root", "--offline", str(safe)]) == 0
    assert main(["keys", "renew", str(ready), "--offline", str(safe)]) == 0
    assert main(["keys", "refresh", str(ready), "--all"]) == 0
    assert main(["keys", "status", str(ready)]) == 0
    assert "root      version    3" in capsys.readouterr().out


def test_a_bundle_that_is_named_must_fit_even_if_nothing_is_embedded(
    ready: Path, tmp_path: Path, fake_bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    for bundle, word in ((tmp_path / "none", "no bundle here"), (fake_bundle.folder, "fake-space")):
        assert main(["import", str(ready), str(tmp_path / "shop.jsonl"), "--bundle", str(bundle)]) == 1
        message = capsys.readouterr().err
        assert word in message and message.count("\n") == 1


def test_a_full_disk_is_one_line(
    ready: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    write_vectors(tmp_path / "shop.jsonl", 11)
    assert main(["import", str(ready), str(tmp_path / "shop.jsonl")]) == 0
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.mkdtemp", full)
        capsys.readouterr()
        assert main(["publish", str(ready)]) == 1
    targets = ready / "repository/targets"
    why = "cannot be written (No space left on device); free some space, and publish again"
    assert capsys.readouterr().err == f"error: {targets}: {why}\n"
    assert main(["publish", str(ready)]) == 0


def test_a_port_in_use_is_one_line(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        capsys.readouterr()
        assert main(["serve", str(ready), "--port", str(port)]) == 1
    (line,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("error")]
    assert f"cannot listen on 127.0.0.1:{port}" in line and "--port" in line


def test_a_slip_in_the_configuration_is_named(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads((ready / "config.json").read_text())
    for change, word in (({"retian": 3}, "retian"), ({"index": "magic"}, "magic"), ({"retain": 0}, "retain"),
                         ({"expiry_days": {"root": 1}}, "expiry_days"), ({"version": 9}, "version"),
                         ({"catalogue": "mysql://x"}, "postgresql")):  # fmt: skip
        (ready / "config.json").write_text(json.dumps({**config, **change}))
        assert main(["publish", str(ready)]) == 1
        assert word in capsys.readouterr().err


def test_pictures_are_embedded_by_a_bundle(
    fake_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    Image.new("RGB", (60, 60), (200, 20, 20)).save(tmp_path / "a.png")
    (tmp_path / "shop.csv").write_text("product_id,title,category,image\na,A,Red things,a.png\n")
    site, bundle = str(tmp_path / "site"), str(fake_bundle.folder)
    assert main(["init", site, "--bundle", bundle]) == 0
    assert main(["import", site, str(tmp_path / "shop.csv"), "--bundle", bundle, "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["added_or_changed"] == 1


@pytest.fixture
def served(ready: Path) -> Iterator[str]:
    """The address of a real server process."""
    command = [
        sys.executable,
        "-m",
        "pocketshelf_server",
        "serve",
        str(ready),
        "--port",
        "0",
        "--bundle",
        "nowhere",
    ]
    refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert refused.returncode == 1 and "bundle" in refused.stderr
    environment = {**os.environ, "POCKETSHELF_BUNDLE": str(ready / "none")}
    process = subprocess.Popen(
        command[:-2], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())["url"]
    process.terminate()
    process.wait(20)


def test_the_server_process(served: str) -> None:
    body = json.dumps({"vector": [1.0] * 8, "space": "s", "k": 2}).encode()
    request = urllib.request.Request(f"{served}/v1/search", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert len(json.load(answer)["hits"]) == 2
    with urllib.request.urlopen(f"{served}/v1/metadata/timestamp.json", timeout=30) as answer:
        assert json.load(answer)["signed"]["_type"] == "timestamp"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(f"{served}/v1/search/photo", b"x"), timeout=30)
    assert caught.value.code == 404


@pytest.mark.parametrize(
    ("host", "clients"),
    [("::", ["127.0.0.1", "::1"]), ("::1", ["::1"]), ("[::1]", ["::1"]), ("localhost", ["127.0.0.1"])],
)
def test_serve_listens_on_ipv6_and_on_both(ready: Path, host: str, clients: list[str]) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(ready), "--port", "0", "--host", host]
    environment = {**os.environ, "POCKETSHELF_BUNDLE": str(ready / "none")}
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            announced = json.loads(process.stdout.readline())
            urls = [announced["url"]] + [
                f"http://[{client}]:{announced['port']}"
                if ":" in client
                else f"http://{client}:{announced['port']}"
                for client in clients
            ]
            for url in urls:
                with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
                    assert json.load(answer)["status"] == "ok"
        finally:
            process.terminate()


def test_an_address_that_is_none_is_one_line(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for host in ("x" * 70, "no.such.host.invalid", "1.2.3.4.5"):
        capsys.readouterr()
        assert main(["serve", str(ready), "--port", "0", "--host", host]) == 1
        assert f"cannot listen on {host}:0" in capsys.readouterr().err
