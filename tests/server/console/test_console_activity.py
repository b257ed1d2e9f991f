"""What is counted, that it stays small, and that nobody can be found in it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import waitress
from flask import Flask
from flask.testing import FlaskClient
from server_products import SPACE, make_product

from pocketshelf.recall import ServerFallback
from pocketshelf.recall.asking import Asker
from pocketshelf.sync import sync
from pocketshelf_server.console import Console
from pocketshelf_server.console.activity.series import activity, told_versions
from pocketshelf_server.console.activity.store import DAY, HOUR, ActivityStore
from pocketshelf_server.console.activity.tally import MOST_KEYS, MOST_WAITING, Tally
from pocketshelf_server.site import Site

NOW = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> ActivityStore:
    return ActivityStore(tmp_path / "activity.sqlite")


def ask(client: FlaskClient, **headers: str) -> int:
    vector = make_product("p003").vectors[0].astype(float).tolist()
    body = {"vector": vector, "space": SPACE.name}
    return client.post("/v1/search", json=body, headers=headers).status_code


def test_syncs_and_searches_of_devices_are_counted(app: Flask, viewer: FlaskClient, shop: Site) -> None:
    device = app.test_client()
    for told in ("68", "68", "60", "0", "7", "999999", "", "x" * 50, "-3"):
        assert (
            device.get("/v1/metadata/timestamp.json", headers={"Pocketshelf-Sequence": told}).status_code
            == 200
        )
    for path in sorted((shop.targets / "all").iterdir()):
        assert device.get(f"/v1/targets/all/{path.name}").status_code == 200
    assert ask(device, **{"Pocketshelf-Local": "searches=8 recall=0.5"}) == 200
    assert ask(device, **{"Pocketshelf-Local": "searches=2 recall=0.7"}) == 200
    for nonsense in ("searches=-1", "recall=2", "searches=9 recall=nan", "x", "searches=99999999 recall=0.1"):
        assert ask(device, **{"Pocketshelf-Local": nonsense}) == 200
    page = viewer.get("/console/devices").get_data(as_text=True)
    assert "Generation 68" in page and "Generation 60" in page and "An older generation" in page
    assert (
        "Nothing yet" in page and "Another number" in page and "Did not say" in page and "999,999" not in page
    )
    found = activity(ActivityStore(shop.folder / "activity.sqlite"), 1).total
    assert found.syncs_total == 9 and found.syncs["68"] == 2 and found.syncs[""] == 3
    assert (found.vector, found.searches, found.asked) == (7, 10, 2)
    assert found.escalation == 0.2 and found.recall == pytest.approx(0.6)
    page = viewer.get("/console/fallback").get_data(as_text=True)
    assert "20.0 %" in page and "60.0 %" in page


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application on loopback."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


def test_a_real_device_tells_its_sequence_and_its_searches(
    app: Flask, shop: Site, console: Console, tmp_path: Path
) -> None:
    with served(app) as url:
        for _ in range(2):
            sync(tmp_path / "store", url, root=(shop.metadata / "1.root.json").read_bytes())
        asker = Asker(ServerFallback(url))
        vector = make_product("p003").vectors[0].astype(np.float32)
        for _ in range(4):
            asker.pass_by()
        asked, hits = asker.ask(20, vector, SPACE.name, (), 3, 0.25)
        assert asked is True and hits[0].product_id == "p003"
        asker.ask(20, vector, SPACE.name, (), 3, None)
        assert Asker(ServerFallback("http://127.0.0.1:9")).ask(5, vector, "x", (), 3, 0.1)[1] == []
    console._tally.flush()
    found = activity(ActivityStore(shop.folder / "activity.sqlite"), 1).total
    assert found.syncs == {"0": 1, "68": 1} and found.updates == {"snapshot": 1}
    assert (found.vector, found.searches, found.asked, found.recalls) == (2, 6, 2, 1)
    assert found.recall == pytest.approx(0.25)


def test_no_address_and_no_name_is_kept(app: Flask, shop: Site, console: Console) -> None:
    device = app.test_client()
    headers = {"User-Agent": "secret-agent", "Cookie": "secret=1"}
    address = {"REMOTE_ADDR": "203.0.113.77"}
    device.get("/v1/metadata/timestamp.json?secret", headers=headers, environ_base=address)
    console._tally.flush()
    data = b"".join(path.read_bytes() for path in shop.folder.glob("activity.sqlite*"))
    assert b"sync" in data
    for told in (b"203.0.113.77", b"secret"):
        assert told not in data
    columns = sqlite3.connect(shop.folder / "activity.sqlite").execute(
        "SELECT DISTINCT start % 3600 FROM amounts"
    )
    assert columns.fetchall() == [(0,)]  # Hours, and never the time of a request.


def test_refused_requests_are_not_counted(app: Flask, shop: Site, console: Console) -> None:
    device = app.test_client()
    device.get("/v1/metadata/nothing.json")
    device.post("/v1/search", json={})
    device.get("/v1/targets/all/" + "0" * 64 + ".snapshot-1.sqlite.gz")
    console._tally.flush()
    assert activity(ActivityStore(shop.folder / "activity.sqlite"), 1).total.syncs_total == 0


def test_names_without_end_fill_neither_memory_nor_disk(store: ActivityStore) -> None:
    tally = Tally(store, lambda: NOW)
    for number in range(5000):
        tally.count("sync", str(number))
    assert len(tally._waiting) <= MOST_KEYS + 1
    tally.flush()
    rows = store.amounts(HOUR, NOW)
    assert len(rows) <= MOST_KEYS + 1 and sum(row[3] for row in rows) == 5000
    counts = told_versions([activity(store, 1, NOW).total], [3, 4])
    assert counts == {"3": 1, "4": 1, "new": 1, "older": 2, "other": 4995}


def test_what_cannot_be_written_waits(store: ActivityStore, tmp_path: Path) -> None:
    tally = Tally(store, lambda: NOW)
    (tmp_path / "activity.sqlite").mkdir()
    for number in range(MOST_WAITING):
        tally.count(f"n{number}")
    tally.flush()
    tally.flush()
    assert len(tally._waiting) == MOST_WAITING
    (tmp_path / "activity.sqlite").rmdir()
    tally.flush()
    assert not tally._waiting and len(store.amounts(DAY, NOW)) == MOST_WAITING


def test_hours_are_kept_five_weeks_and_days_a_year(store: ActivityStore) -> None:
    long_ago = int(NOW) - 300 * DAY
    store.add([((long_ago - long_ago % HOUR, "sync", ""), (3, 0.0))], long_ago)
    store.add([((int(NOW) - int(NOW) % HOUR, "sync", ""), (4, 0.0))], NOW)
    assert [row[3] for row in store.amounts(HOUR, 0)] == [4]
    assert [row[3] for row in store.amounts(DAY, 0)] == [3, 4]
    store.add([], NOW + 500 * DAY)
    assert store.amounts(DAY, 0) == []


def test_two_servers_add_to_the_same_rows(store: ActivityStore) -> None:
    tallies = [Tally(store, lambda: NOW), Tally(store, lambda: NOW)]
    for tally in tallies:
        tally.count("search", "vector")
        tally.flush()
    assert activity(store, 14, NOW).total.vector == 2


def test_periods_without_anything_are_there(store: ActivityStore) -> None:
    found = activity(store, 14, NOW)
    assert len(found.periods) == 14 and found.periods[-1].escalation is None and found.total.recall is None
    assert len(activity(store, 1, NOW).periods) == 24


def test_a_damaged_file_is_named(app: Flask, viewer: FlaskClient, shop: Site) -> None:
    (shop.folder / "activity.sqlite").write_bytes(b"no database" * 1000)
    answer = viewer.get("/console/devices")
    assert answer.status_code == 503 and "counting begins anew" in answer.get_data(as_text=True)


def test_counting_costs_a_search_next_to_nothing(store: ActivityStore) -> None:
    tally = Tally(store, lambda: NOW)
    started = time.process_time()
    for _ in range(2000):
        tally.count("search", "vector")
    assert time.process_time() - started < 0.5
