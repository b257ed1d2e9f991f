"""Imports and publications from the page: real processes, real files, and those who mean no good."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from console_browser import post, sign_in
from flask.testing import FlaskClient
from PIL import Image
from server_products import DIMENSION, make_product

from patience import eventually
from pocketshelf.catalogue.listing import RowProblem
from pocketshelf.errors import CatalogueError
from pocketshelf.formats import load_bundle, space_of
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.console import Console
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.console.jobs.archive import unpack_pictures
from pocketshelf_server.console.jobs.bench import Bench, BenchBusy
from pocketshelf_server.console.jobs.orders import PublishOrder
from pocketshelf_server.console.record import FAILURES, Record
from pocketshelf_server.http import create_app
from pocketshelf_server.making import make_site
from pocketshelf_server.site import Site
from running import runs


def lines(count: int, start: int = 0) -> bytes:
    """A catalogue file that brings its vectors, so that no model is needed."""
    rows = []
    for number in range(start, start + count):
        vectors = make_product(f"n{number}").vectors.astype(float).tolist()
        row = {"product_id": f"n{number}", "title": f"New {number}", "category": "Apple", "vectors": vectors}
        rows.append(json.dumps(row))
    return "\n".join(rows).encode()


def finished(client: FlaskClient, seconds: float = 300) -> str:
    """The page's part about the job, once that has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        text = client.get("/console/imports/job").get_data(as_text=True)
        if 'data-state="running"' not in text.partition("On record")[0]:
            return text
        time.sleep(0.1)
    raise AssertionError("the job has not ended")


def send(client: FlaskClient, content: bytes, name: str = "new.jsonl", **fields: Any) -> Any:
    return post(client, "/console/imports/start", file=(io.BytesIO(content), name), **fields)


def test_an_import_and_a_publication_from_the_page(operator: FlaskClient, shop: Site) -> None:
    bad = b'{"product_id": "", "title": "x", "category": "Apple"}\nnot json\n'
    assert send(operator, bad + lines(40)).headers["Location"] == "/console/imports"
    text = finished(operator)
    assert 'data-state="done"' in text and "40 added or changed" in text and "2 rows failed" in text
    run = operator.get("/console/imports/run?id=1").get_data(as_text=True)
    assert 'data-test="failures"' in run and "by operator-None" in run
    table = operator.get("/console/imports/failures.csv?id=1")
    assert table.headers["Content-Disposition"] == 'attachment; filename="failed-rows-1.csv"'
    rows = list(csv.reader(io.StringIO(table.data.decode("utf-8-sig"))))
    assert rows[0] == ["line", "problem"] and [row[0] for row in rows[1:]] == ["1", "2"]
    before = {path.name for path in (shop.targets / "all").iterdir()}
    assert post(operator, "/console/imports/publish").status_code == 303
    text = finished(operator)
    assert "all: published" in text and "105 products" in text
    assert {path.name for path in (shop.targets / "all").iterdir()} > before
    assert not list(shop.folder.glob(".console-*"))


def test_what_an_import_noted_is_on_the_page(operator: FlaskClient) -> None:
    export = b"Handle,Title,Type,Image Src,Status\nnew,Not yet,Shirts,new.jpg,draft\n"
    send(operator, export, "products_export.csv", format="shopify")
    said = "0 deleted; noted: line 2: drafts, and what is archived or disabled in the shop, are left out"
    assert said in finished(operator)
    assert said in operator.get("/console/imports/run?id=1").get_data(as_text=True)


def test_pictures_come_in_a_zip_or_from_a_folder_of_the_site(tmp_path: Path) -> None:
    """Embedded by the model that ships."""
    site = make_site(tmp_path / "site", space_of(load_bundle(None)))
    (site.folder / "pictures").mkdir()
    Image.new("RGB", (300, 300), (200, 10, 10)).save(site.folder / "pictures/red.jpg")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.write(site.folder / "pictures/red.jpg", "shop/zipped.jpg")
    catalogue = open_catalogue(site)
    console = Console(site, catalogue)
    client = create_app(site, catalogue, rooms=[console]).test_client()
    sign_in(client, ConsoleTokens(site, None).make("anna", Role.OPERATOR))
    table = "product_id,title,category,image\n{0},Red,Apple,{1}\n"
    send(
        client,
        table.format("z", "zipped.jpg").encode(),
        "a.csv",
        zip=(io.BytesIO(stream.getvalue()), "pictures.zip"),
    )
    assert "1 added or changed" in finished(client)
    assert client.get("/console/picture?id=z&side=96").status_code == 200
    send(client, table.format("f", "red.jpg").encode(), "a.csv", folder="0")
    assert "1 added or changed" in finished(client)
    for folder in ("99", "../.."):
        assert send(client, b"x", "a.csv", folder=folder).status_code == 422
    send(client, table.format("x", "../keys/admin.token").encode(), "a.csv", folder="0")
    assert "1 row failed" in finished(client)
    assert "leads out of the folder" in client.get("/console/imports/run?id=3").get_data(as_text=True)
    assert set(catalogue.get(["z", "f", "x"])) == {"z", "f"}
    console.close()
    catalogue.close()


def test_replace_deletes_much_only_where_that_is_meant(operator: FlaskClient, shop: Site) -> None:
    send(operator, lines(5), replace="on")
    assert "lose more than a tenth" in finished(operator)
    send(operator, lines(5), replace="on", allow_shrink="on")
    assert "65 deleted" in finished(operator)
    catalogue = open_catalogue(shop)
    assert catalogue.count() == 5
    catalogue.close()


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [("", b"x", 422), ("x.exe", b"x", 422), ("../../config.json", b"{", 303), ("x.csv", b"", 303)],
)
def test_a_file_that_is_no_catalogue_is_named(
    operator: FlaskClient, shop: Site, name: str, content: bytes, status: int
) -> None:
    config = shop.config_path.read_bytes()
    answer = send(operator, content, name)
    assert answer.status_code == status
    if status == 303:
        assert 'data-state="failed"' in finished(operator)
    assert shop.config_path.read_bytes() == config and not list(shop.folder.glob(".console-*"))


def test_one_job_at_a_time_and_it_can_be_cancelled(operator: FlaskClient, shop: Site) -> None:
    assert send(operator, lines(20_000)).status_code == 303
    again = post(operator, "/console/imports/publish")
    assert again.status_code == 409 and "is at work" in again.get_data(as_text=True)
    assert send(operator, lines(1)).status_code == 409
    assert post(operator, "/console/imports/cancel").status_code == 303
    assert 'data-state="cancelled"' in finished(operator)
    assert not list(shop.folder.glob(".console-*"))
    send(operator, lines(3))
    assert "3 added" in finished(operator) or "unchanged" in finished(operator)


def test_a_killed_server_leaves_nothing_half(shop: Site, tmp_path: Path) -> None:
    """The job ends with it, the catalogue is whole, what was uploaded goes, the record says so."""
    big = tmp_path / "big.jsonl"
    big.write_bytes(lines(30_000))
    script = (
        "import sys, time; from pathlib import Path; from pocketshelf_server.console.record import Record;"
        "from pocketshelf_server.console.jobs.bench import Bench;"
        "from pocketshelf_server.console.jobs.orders import ImportOrder;"
        "site = Path(sys.argv[1]); bench = Bench(site, Record(site / 'imports.sqlite'));"
        "work = bench.work_folder();"
        "bench.start(ImportOrder(str(site), sys.argv[2]), 'big', 'anna', None, work);"
        "exec('while not bench.job.done: time.sleep(.01)');"
        "sys.stdout.write(str(bench._process.pid) + chr(10)); sys.stdout.flush(); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    server = subprocess.Popen(
        [sys.executable, "-c", script, str(shop.folder), str(big)], stdout=subprocess.PIPE, env=environment
    )
    assert server.stdout is not None
    job = int(server.stdout.readline())
    server.send_signal(signal.SIGKILL)
    server.wait()
    eventually(lambda: not runs(job))
    catalogue = open_catalogue(shop)
    assert 65 < catalogue.count() < 30_000 and catalogue.sequence() >= catalogue.count()
    console = Console(shop, catalogue)
    console.start()
    (run,) = Record(shop.folder / "imports.sqlite").runs()
    assert run.state == "cut short" and "goes on" in run.message
    assert not list(shop.folder.glob(".console-*"))
    console.close()
    catalogue.close()
    server.stdout.close()


def test_a_job_whose_process_dies_is_put_on_record(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Record(shop.folder / "imports.sqlite")
    bench = Bench(shop.folder, record)
    job = bench.start(PublishOrder(str(shop.folder / "nowhere")), "all", "anna")
    while job.running:
        time.sleep(0.02)
    assert job.state == "failed" and "no site here" in job.message
    assert bench._process is not None
    job = bench.start(PublishOrder(str(shop.folder)), "all", "anna")
    with pytest.raises(BenchBusy):
        bench.start(PublishOrder(str(shop.folder)), "all", "anna")
    bench._process.kill()
    while job.running:
        time.sleep(0.02)
    assert job.state in ("failed", "done") and record.runs()[0].state == job.state
    bench.close()


HOSTILE_NAMES = [
    "../../evil.jpg", "/etc/evil.jpg", "a/../../evil.jpg", "..\\..\\evil.jpg", "C:\\evil.jpg", ".hidden.jpg",
]  # fmt: skip


def test_an_archive_writes_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(archive, "w") as packed:
        for name in HOSTILE_NAMES:
            packed.writestr(name, b"x")
        packed.writestr(link, "/etc/passwd")
        packed.writestr("notes.txt", b"no picture")
        packed.writestr("deep/" * 20 + "x.jpg", b"x")
        packed.writestr("good/one.jpg", b"one")
    into = tmp_path / "in/pictures"
    folder = unpack_pictures(archive, into)
    found = {
        str(path.relative_to(tmp_path / "in")) for path in (tmp_path / "in").rglob("*") if path.is_file()
    }
    assert found == {f"pictures/{folder.name}/good/one.jpg"}
    assert unpack_pictures(archive, into) == folder and not list(into.glob(".unpacking-*"))


def test_an_archive_of_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("big.jpg", b"\0" * 60_000_000)
    with pytest.raises(CatalogueError, match="larger than 50 MB"):
        unpack_pictures(bomb, tmp_path / "p")
    monkeypatch.setattr("pocketshelf_server.console.jobs.archive.MOST_ENTRIES", 0)
    with pytest.raises(CatalogueError, match="1 pictures"):
        unpack_pictures(bomb, tmp_path / "p")
    for content in (b"", b"PK\x03\x04 no more", bomb.read_bytes()[:5000]):
        (tmp_path / "cut.zip").write_bytes(content)
        with pytest.raises(CatalogueError, match="ZIP cannot be read"):
            unpack_pictures(tmp_path / "cut.zip", tmp_path / "p")
    assert not list((tmp_path / "p").iterdir())


def test_an_archive_that_lies_about_its_lengths_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "lie.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.jpg", b"a" * 1000)
    data = archive.read_bytes().replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(data)
    with pytest.raises(CatalogueError):
        unpack_pictures(archive, tmp_path / "p")
    assert not list((tmp_path / "p").glob("zip-*"))


def test_the_record_is_bounded_and_formulas_are_no_formulas(operator: FlaskClient, shop: Site) -> None:
    record = Record(shop.folder / "imports.sqlite")
    for _ in range(205):
        run = record.begin("import", "x.csv", "command line")
        record.fail(run, [RowProblem(1, "=cmd|' /C calc'!A0")])
        record.end(run, "done", failed=1)
    assert len(record.runs(1000)) == 200 and record.run(1) is None and not record.failures(1)
    table = operator.get(f"/console/imports/failures.csv?id={run}").data.decode("utf-8-sig")
    assert "'=cmd" in table
    record.fail(run, [RowProblem(n, "x") for n in range(FAILURES + 5)])
    assert len(record.failures(run)) == FAILURES


def test_the_command_line_is_on_record_as_well(operator: FlaskClient, shop: Site, tmp_path: Path) -> None:
    from pocketshelf_server.cli import main

    file = tmp_path / "new.jsonl"
    file.write_bytes(lines(2) + b"\nbroken\n")
    assert main(["import", str(shop.folder), str(file)]) == 1
    page = operator.get("/console/imports").get_data(as_text=True)
    assert "command line" in page and "import · new.jsonl" in page
    (shop.folder / "imports.sqlite").write_bytes(b"no database" * 1000)
    assert main(["import", str(shop.folder), str(file)]) == 1  # The bad row; the record stops nothing.
    assert operator.get("/console/imports").status_code == 503


def test_vectors_of_the_wrong_length_cost_their_rows_alone(operator: FlaskClient) -> None:
    row = {"product_id": "w", "title": "W", "category": "Apple", "vectors": [[1.0] * (DIMENSION + 1)]}
    send(operator, json.dumps(row).encode() + b"\n" + lines(2))
    assert "2 added or changed" in finished(operator)
