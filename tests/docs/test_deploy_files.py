"""docs/deploy: what stands there fits what the server has, and runs where the system has what it is for."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pages import ROOT
from prometheus_client.parser import text_string_to_metric_families

from pocketshelf.store import verify_store
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.cli import PROGRAM, main
from pocketshelf_server.http import create_app
from pocketshelf_server.site import Site

DEPLOY = ROOT / "docs/deploy"
INIT = ["--space", "s", "--preprocessing", "p", "--dimension", "8"]
NAME = re.compile(r"\bpocketshelf_[a-z_]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site that has published."""
    folder = tmp_path_factory.mktemp("deploy")
    product = {"product_id": "a", "title": "A", "category": "c", "vectors": [[1.0] * 8]}
    (folder / "shop.jsonl").write_text(json.dumps(product) + "\n")
    path = str(folder / "site")
    assert main(["init", path, *INIT]) == main(["import", path, str(folder / "shop.jsonl")]) == 0
    assert main(["publish", path]) == 0
    return Site.open(folder / "site")


@pytest.fixture(scope="module")
def samples(site: Site) -> dict[str, set[str]]:
    """Every sample that /metrics has after a few requests, and its labels."""
    with closing(open_catalogue(site)) as catalogue:
        client = create_app(site, catalogue).test_client()
        client.post("/v1/search", json={"vector": [1.0] * 8, "space": "s"})
        client.get("/v1/metadata/timestamp.json")
        text = client.get("/metrics").get_data(True)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def alerts() -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load((DEPLOY / "prometheus-rules.yml").read_text())["groups"]:
        yield from group["rules"]


def expressions() -> Iterator[tuple[str, str]]:
    """(where, PromQL) of every rule and panel."""
    yield from ((rule["alert"], rule["expr"]) for rule in alerts())
    for panel in json.loads((DEPLOY / "grafana.json").read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), expressions(), ids=lambda value: value[:30])
def test_every_figure_that_is_watched_exists_with_its_labels(
    samples: dict[str, set[str]], where: str, expression: str
) -> None:
    used = NAME.findall(expression)
    assert used or expression.startswith("up{")
    assert [name for name in used if name not in samples] == []
    known = {"job", *(label for name in used for label in samples[name])}
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=|!=|=~|!~)\s*\"", expression)
    grouped = [word for inside in re.findall(r"\bby \(([^)]*)\)", expression) for word in inside.split(", ")]
    assert set(matched) | set(grouped) <= known
    assert expression.count("(") == expression.count(")") and expression.count("{") == expression.count("}")


def test_every_file_stands_in_a_page() -> None:
    pages = "".join(
        (ROOT / f"docs/{page}.md").read_text(encoding="utf-8") for page in ("operations", "kiosk", "cdn")
    )
    assert {path.name for path in DEPLOY.iterdir()} == set(re.findall(r"\(deploy/([\w.-]+)\)", pages))


def test_every_figure_of_the_servers_own_is_watched(samples: dict[str, set[str]]) -> None:
    watched = {name for _, expression in expressions() for name in NAME.findall(expression)}
    stems = {re.sub(r"_(total|created|bucket|count|sum)$", "", name) for name in samples}
    assert {stem for stem in stems if not any(name.startswith(stem) for name in watched)} == set()


def test_the_rules_and_the_dashboard_are_whole() -> None:
    rules = list(alerts())
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 6
    assert all({"alert", "expr", "labels", "annotations"} <= rule.keys() for rule in rules)
    assert all(rule["labels"]["severity"] in ("page", "ticket") for rule in rules)
    board = json.loads((DEPLOY / "grafana.json").read_text())
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"]) >= 8
    places = [panel["gridPos"] for panel in board["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)


def test_what_the_rules_tell_to_do_exists() -> None:
    text = (DEPLOY / "prometheus-rules.yml").read_text()
    commands = re.findall(r"pocketshelf-server (\w+)", text)
    assert commands and set(commands) <= set(PROGRAM.commands)


def unit(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize(
    "name", ["pocketshelf.service", "pocketshelf-doctor.service", "pocketshelf-publish.service"]
)
def test_the_units_call_commands_that_exist(name: str) -> None:
    (command,) = unit(name)["ExecStart"]
    program, *arguments = shlex.split(command)
    assert program == "/opt/pocketshelf/bin/pocketshelf-server"
    parsed = PROGRAM.parser().parse_args(arguments)
    assert parsed.site == Path("/srv/pocketshelf") and unit(name)["ReadWritePaths"] == ["/srv/pocketshelf"]


@pytest.mark.parametrize("name", ["pocketshelf.service", "kiosk.service"])
def test_a_unit_says_how_the_folder_that_it_writes_to_is_made(name: str) -> None:
    """`useradd --system` makes none, and only root may make one in /srv."""
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    steps = [line for line in lines if line.startswith("#   ")]
    assert [step.split()[1] for step in steps[:2]] == ["useradd", "install"]
    assert re.fullmatch(r"#   install -d -o pocketshelf -g pocketshelf( -m 750)? /srv/pocketshelf", steps[1])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for path in DEPLOY.glob("pocketshelf*.*"):
        text = path.read_text().replace("/opt/pocketshelf/bin/pocketshelf-server", "/bin/true")
        (tmp_path / path.name).write_text(re.sub(r"^(User|Group)=.*\n", "", text, flags=re.M))
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 4
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60
    )
    said = [line for line in done.stderr.splitlines() if "pocketshelf" in line]
    assert said == [], done.stderr


class Docker:
    """What the Dockerfile says, on folders of the test in place of the image's."""

    def __init__(self, folder: Path) -> None:
        text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
        self.lines = [line.split(None, 1) for line in text.splitlines() if line and not line.startswith("#")]
        self.folder = folder
        self.places = {"/opt/pocketshelf": folder / "opt", "/srv/pocketshelf": folder / "srv"}

    def here(self, text: str) -> str:
        for place, folder in self.places.items():
            text = text.replace(place, str(folder))
        return text

    def all(self, instruction: str) -> list[str]:
        return [self.here(rest) for word, rest in self.lines if word == instruction]

    def words(self, instruction: str) -> list[str]:
        (line,) = self.all(instruction)
        return json.loads(line[line.index("[") :])


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_the_image_runs_the_server_and_looks_whether_it_answers(docker: Docker) -> None:
    program, *rest = docker.words("ENTRYPOINT")
    assert Path(program) == docker.places["/opt/pocketshelf"] / "bin/pocketshelf-server" and rest == []
    parsed = PROGRAM.parser().parse_args(docker.words("CMD"))
    assert (parsed.site, parsed.port) == (docker.places["/srv/pocketshelf"], 8000)
    assert docker.all("EXPOSE") == ["8000"] and docker.all("USER") == ["10001:10001"]
    assert "127.0.0.1:8000" in docker.words("HEALTHCHECK")[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="its steps are root's")
def test_the_steps_of_the_image_run_as_a_script(docker: Docker) -> None:
    """COPY, RUN by RUN, `init` and `serve` as its user would, and the health check."""
    context = docker.folder / "context"
    context.mkdir()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "-q"]
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-w", context, ROOT], check=True, timeout=300)
    (copied,) = docker.all("COPY")
    assert copied.split() == ["server/requirements.lock", "dist/*.whl", "./"]
    shutil.copy(ROOT / "server/requirements.lock", context)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and "POCKETSHELF" not in k}
    for step in docker.all("RUN"):
        # Bytes that were fetched before may be used again here.
        step = step.replace("--no-cache-dir ", "").replace("python3 -m venv", f"{sys.executable} -m venv")
        done = subprocess.run(
            ["sh", "-ec", step], cwd=context, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{step}\n{done.stderr}"
    entry, (command, folder, *options) = docker.words("ENTRYPOINT"), docker.words("CMD")
    done = subprocess.run([*entry, "init", folder, *INIT], env=environment, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    port = free_port()
    options[options.index("8000")] = str(port)
    check = [word.replace(":8000", f":{port}") for word in docker.words("HEALTHCHECK")]
    with process([*entry, command, folder, *options], environment) as server:
        assert json.loads(server)["port"] == port
        assert subprocess.run(check, env=environment, timeout=60).returncode == 0
    assert subprocess.run(check, env=environment, capture_output=True, timeout=60).returncode != 0


@contextmanager
def process(command: list[str], environment: dict[str, str] | None = None) -> Iterator[str]:
    """What it prints first; it ends with the context."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=nowhere, text=True) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline()
        finally:
            running.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def nginx_conf() -> str:
    """nginx.conf with nginx-files.conf in place of its include."""
    text, include = (DEPLOY / "nginx.conf").read_text(), "include /etc/nginx/pocketshelf-files.conf;"
    assert text.count(include) == 1
    return text.replace(include, "\n" + (DEPLOY / "nginx-files.conf").read_text() + "\n#")


def test_nginx_passes_on_what_the_server_has_and_keeps_metrics_inside(site: Site, tmp_path: Path) -> None:
    crossplane = pytest.importorskip("crossplane", reason="needs the extra 'dev'")
    (tmp_path / "nginx.conf").write_text(nginx_conf())
    parsed = crossplane.parse(str(tmp_path / "nginx.conf"), strict=False, check_ctx=False)
    assert parsed["status"] == "ok", parsed["errors"]
    (config,) = parsed["config"]
    server = [part for part in config["parsed"] if part["directive"] == "server"][1]["block"]
    locations = {tuple(part["args"]): part["block"] for part in server if part["directive"] == "location"}
    with closing(open_catalogue(site)) as catalogue:
        routes = {rule.rule for rule in create_app(site, catalogue).url_map.iter_rules()}
    for route in routes - {"/metrics"}:
        target = f"all/{'0' * 64}.manifest.json"
        path = route.replace("<path:name>", target).replace("<name>", "12.root.json")
        assert {"proxy_pass", "alias"} & {part["directive"] for part in serving(locations, path)}, route
    assert ["X-Forwarded-For", "$proxy_add_x_forwarded_for"] in [part["args"] for part in server]
    nothing = (
        "/metrics",
        "/keys/admin.token",
        "/v1/metadata/../../keys/x",
        "/v1/targets/../metadata/1.root.json",
    )
    for path in nothing:
        assert [part["args"] for part in serving(locations, path)] == [["404"]], path


def serving(locations: dict[tuple[str, ...], list[dict[str, Any]]], path: str) -> list[dict[str, Any]]:
    """What nginx does with ``path``: exact, then regular expressions, then the longest prefix."""
    if ("=", path) in locations:
        return locations["=", path]
    for args, block in locations.items():
        if args[0] == "~" and re.search(args[1], path):
            return block
    prefixes = [args for args in locations if len(args) == 1 and path.startswith(args[0])]
    return locations[max(prefixes, key=lambda args: len(args[0]))]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="needs nginx")
def test_a_device_syncs_through_nginx_by_tls(site: Site, tmp_path: Path) -> None:
    http, https = free_port(), free_port()
    key, certificate = self_signed(tmp_path)
    with serve(site) as url:
        text = nginx_conf()
        for old, new in (
            ("/srv/pocketshelf", str(site.folder)),
            ("127.0.0.1:8000", url.removeprefix("http://")),
            ("/etc/letsencrypt/live/shop.example/fullchain.pem", str(certificate)),
            ("/etc/letsencrypt/live/shop.example/privkey.pem", str(key)),
            ("listen 80;", f"listen 127.0.0.1:{http};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{https} ssl;"),
        ):
            assert old in text
            text = text.replace(old, new)
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
        (tmp_path / "nginx.conf").write_text(NGINX.format(folder=tmp_path, server=text))
        command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
        command += ["-e", str(tmp_path / "error.log")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=60)
        assert checked.returncode == 0, checked.stderr
        with subprocess.Popen([*command, "-g", "daemon off;"]) as nginx:
            try:
                through_tls(site, tmp_path, f"https://localhost:{https}", certificate)
            finally:
                nginx.terminate()


NGINX = """pid {folder}/nginx.pid;
user root;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  {server}
}}
"""


@contextmanager
def serve(site: Site) -> Iterator[str]:
    command = [sys.executable, "-m", "pocketshelf_server", "serve", str(site.folder), "--port", "0"]
    with process([*command, "--trusted-proxies", "1"]) as line:
        yield json.loads(line)["url"]


DEVICE = """
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from pocketshelf.sync import sync

url, store, root, *paths = sys.argv[1:]
print(sync(store, url, root=Path(root).read_bytes()).outcome)
for path in paths:
    try:
        print(urlopen(url + path, timeout=30).status)
    except HTTPError as error:
        print(error.code)
"""


def through_tls(site: Site, folder: Path, url: str, certificate: Path) -> None:
    for _ in range(600):  # Until it listens.
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0:
                break
        time.sleep(0.1)
    store, root = str(folder / "device"), str(site.metadata / "1.root.json")
    paths = ("/healthz", "/v1/openapi.json", "/metrics", "/keys/admin.token", "/v1/changes")
    command = [sys.executable, "-c", DEVICE, url, store, root, *paths]
    environment = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["updated", "200", "200", "404", "404", "401"], done.stderr
    assert verify_store(store).ok


def self_signed(folder: Path) -> tuple[Path, Path]:
    """(key, certificate) for localhost."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "key.pem", folder / "certificate.pem"
