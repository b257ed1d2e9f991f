"""docs/deploy's files for kiosks: systemd, the shell and Chromium itself take them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pages import ROOT

from pocketshelf.cli.entry import PROGRAM

DEPLOY = ROOT / "docs/deploy"
UNIT, SCRIPT, POLICY = DEPLOY / "kiosk.service", DEPLOY / "kiosk-browser.sh", DEPLOY / "chromium-policy.json"


def unit_value(key: str) -> str:
    (value,) = re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.M)
    return value


def test_the_unit_calls_a_command_that_exists() -> None:
    program, *arguments = shlex.split(unit_value("ExecStart"))
    assert program == "/opt/pocketshelf/bin/pocketshelf"
    parsed = PROGRAM.parser().parse_args(arguments)
    assert parsed.port == 8080 and Path(parsed.store).is_relative_to(unit_value("ReadWritePaths"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_kiosks_unit(tmp_path: Path) -> None:
    text = UNIT.read_text().replace("/opt/pocketshelf/bin/pocketshelf", "/bin/true")
    (tmp_path / UNIT.name).write_text(re.sub(r"^(User|Group)=.*\n", "", text, flags=re.M))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / UNIT.name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert [line for line in done.stderr.splitlines() if "kiosk" in line] == [], done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_is_a_script() -> None:
    assert os.access(SCRIPT, os.X_OK)
    subprocess.run(["bash", "-n", SCRIPT], check=True, timeout=20)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", SCRIPT], check=True, timeout=60)


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_script_starts_the_browser_again_and_ends_when_told(tmp_path: Path) -> None:
    """A browser that ends at once, before a kiosk that answers."""
    import http.server
    import threading

    browser, calls = tmp_path / "browser", tmp_path / "calls"
    browser.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    browser.chmod(0o755)
    listening = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{listening.server_port}/"
    environment = {
        **os.environ,
        "POCKETSHELF_CHROMIUM": str(browser),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "DISPLAY": "",
    }
    with subprocess.Popen(["bash", SCRIPT, address], env=environment, start_new_session=True) as script:
        try:
            until(lambda: calls.exists() and len(calls.read_text().splitlines()) >= 2)
        finally:
            os.killpg(script.pid, signal.SIGTERM)
        assert script.wait(60) in (0, -signal.SIGTERM)
    listening.shutdown()
    first = calls.read_text().splitlines()[0]
    assert f"--app={address}" in first and "--kiosk" in first and "use-fake" not in first


def until(true: object, seconds: float = 30) -> None:
    """Waits until ``true()``."""
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_policy_grants_the_camera_to_the_kiosk_alone() -> None:
    policy = json.loads(POLICY.read_text())
    (granted,) = policy["VideoCaptureAllowedUrls"]
    assert (
        granted
        == f"http://127.0.0.1:{PROGRAM.parser().parse_args(shlex.split(unit_value('ExecStart'))[1:]).port}"
    )
    assert policy["URLBlocklist"] == ["*"] and set(policy["URLAllowlist"]) == {granted, "blob:*"}
    assert policy["AudioCaptureAllowed"] is False and policy["SyncDisabled"] is True


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_chromium_knows_every_key_of_the_policy_and_keeps_to_it(tmp_path: Path) -> None:
    """Chromium's own page of policies; the file lies where it looks, in a mount of this test alone."""
    pytest.importorskip("playwright", reason="needs Playwright")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, timeout=20).returncode:
        pytest.skip("needs root: mounts over /etc/chromium in a namespace of its own")
    managed = tmp_path / "etc/policies/managed"
    managed.mkdir(parents=True)
    policy = json.loads(POLICY.read_text())
    # These two keep out the test as well: it drives the browser as a developer, beside ordinary profiles.
    for key in ("DeveloperToolsAvailability", "IncognitoModeAvailability"):
        assert policy.pop(key) in (1, 2)
    (managed / "kiosk.json").write_text(json.dumps(policy))
    probe = [sys.executable, str(Path(__file__).parent / "policy_probe.py"), str(tmp_path / "profile")]
    script = f"mount --bind {tmp_path / 'etc'} /etc/chromium && exec {shlex.join(probe)}"
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["policies"] == dict.fromkeys(policy, "OK")
    assert found["camera"] == "granted"
    assert "BLOCKED_BY_ADMINISTRATOR" in found["elsewhere"]
