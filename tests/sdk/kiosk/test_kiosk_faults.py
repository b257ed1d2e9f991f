"""What happens to a kiosk in a year: workers that hang, die or grow; damaged shelves; a wrong clock."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from kiosk_things import codes, eventually

from pocketshelf.catalogue import build_store
from pocketshelf.errors import StoreError
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.kiosk.worker import Waits
from pocketshelf.shipped import shipped
from pocketshelf.store import StoreFolder

SAMPLES = shipped("samples")
Start = Callable[..., Kiosk]


@pytest.fixture
def start(own_shelf: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a kiosk over a shelf of one's own."""
    made: list[Kiosk] = []

    def begin(now: Callable[[], datetime] = lambda: datetime.now(UTC), **options: object) -> Kiosk:
        config = replace(KioskConfig(own_shelf, tmp_path / "state"), **options)  # type: ignore[arg-type]
        kiosk = Kiosk(config, now=now, look_every_s=0.1)
        made.append(kiosk)
        kiosk.start()
        return kiosk

    yield begin
    for kiosk in made:
        kiosk.close()


def ask(kiosk: Kiosk) -> FlaskClient:
    return create_app(kiosk, Names(["127.0.0.1"])).test_client()


def build_again(shelf: Path, tmp_path: Path, rows: int) -> None:
    """A new generation with the first ``rows`` of the drawn shop."""
    lines = (SAMPLES / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "fewer.csv").write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")
    build_store(tmp_path / "fewer.csv", shelf, images=SAMPLES)


def damage(shelf: Path, generation: str) -> None:
    shard = StoreFolder(shelf).shard(generation)
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 0xFF
    shard.write_bytes(content)


def test_a_worker_that_hangs_is_replaced(start: Start, street_photo: bytes) -> None:
    kiosk = start(touch=Waits(turn_s=5, answer_s=2))
    pid, client = kiosk.finder.pid, ask(kiosk)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    answer = client.post("/api/search", data=street_photo)
    assert answer.status_code == 503 and answer.get_json()["error"]["code"] == "stuck"
    eventually(lambda: client.post("/api/search", data=street_photo).status_code == 200)
    assert kiosk.finder.pid != pid and "worker_restarted" in codes(kiosk.state())


def test_a_worker_that_is_killed_at_rest_is_replaced_before_it_is_missed(start: Start) -> None:
    kiosk = start()
    pid = kiosk.finder.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: kiosk.finder.pid not in (None, pid))
    eventually(lambda: ask(kiosk).get("/api/products/d0000").status_code == 200)
    assert kiosk.finder.restarts == 1 and "worker_restarted" in codes(kiosk.state())


def test_a_touch_while_it_is_busy_is_answered_and_not_piled_up(start: Start, street_photo: bytes) -> None:
    kiosk = start(touch=Waits(turn_s=0.3, answer_s=60))
    client, pid = ask(kiosk), kiosk.finder.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    first = threading.Thread(target=lambda: ask(kiosk).post("/api/search", data=street_photo))
    first.start()
    eventually(lambda: not kiosk.finder.is_free)
    frame, search = (client.post(f"/api/{what}", data=street_photo) for what in ("detect", "search"))
    os.kill(pid, signal.SIGCONT)
    first.join()
    for answer in (frame, search):
        assert answer.status_code == 503 and answer.get_json()["error"]["code"] == "busy"
        assert answer.headers["Retry-After"] == "1"


def test_a_worker_that_has_grown_is_replaced_without_a_gap(start: Start, street_photo: bytes) -> None:
    kiosk = start(most_growth=1)
    client, pid = ask(kiosk), kiosk.finder.pid
    assert client.post("/api/search", data=street_photo).status_code == 200
    eventually(lambda: kiosk.finder.pid != pid)
    assert client.post("/api/search", data=street_photo).status_code == 200
    assert kiosk.finder.restarts == 0 and codes(kiosk.state()) == []


def test_a_damaged_generation_is_replaced_by_the_one_before(
    start: Start, own_shelf: Path, tmp_path: Path
) -> None:
    build_again(own_shelf, tmp_path, 20)
    damage(own_shelf, StoreFolder(own_shelf).require_current())
    state = start().state()
    assert state["store"]["products"] == 60 and codes(state) == ["previous_generation"]


def test_a_generation_that_arrives_damaged_leaves_the_kiosk_as_it_is(
    start: Start, own_shelf: Path, tmp_path: Path, street_photo: bytes
) -> None:
    kiosk = start()
    # Elsewhere, where no kiosk looks at it before it is damaged.
    shutil.copytree(own_shelf, tmp_path / "made")
    build_again(tmp_path / "made", tmp_path, 20)
    made, folder = StoreFolder(tmp_path / "made"), StoreFolder(own_shelf)
    damage(made.path, name := made.require_current())
    shutil.copytree(made.generation(name), folder.generation(name))
    folder.pointer.write_text(name)
    eventually(lambda: codes(kiosk.state()) == ["previous_generation"])
    assert ask(kiosk).post("/api/search", data=street_photo).status_code == 200
    build_again(own_shelf, tmp_path, 30)
    eventually(lambda: kiosk.state()["store"]["products"] == 30)
    assert codes(kiosk.state()) == []


def test_a_new_generation_is_taken_up_without_a_restart(
    start: Start, own_shelf: Path, tmp_path: Path
) -> None:
    kiosk = start(images=SAMPLES)
    before, pid = kiosk.state(), kiosk.finder.pid
    build_again(own_shelf, tmp_path, 20)
    state = eventually(lambda: (s := kiosk.state())["store"]["products"] == 20 and s)
    assert state["revision"] != before["revision"] and kiosk.finder.pid == pid and codes(state) == []
    client = ask(kiosk)
    assert client.get("/api/products/d0000").status_code == 200
    assert client.get("/api/products/d0059").status_code == 404
    eventually(lambda: client.get("/picture/0/d0059").status_code == 404)


def test_a_clock_that_is_wrong_is_said(start: Start, street_photo: bytes) -> None:
    kiosk = start(now=lambda: datetime.now(UTC) - timedelta(days=400))
    state = kiosk.state()
    assert codes(state) == ["clock"] and "set the clock" in state["warnings"][0]["message"]
    assert state["store"]["age_s"] == 0
    assert ask(kiosk).post("/api/search", data=street_photo).status_code == 200


def test_settings_that_cannot_be_read_are_the_defaults(start: Start, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "settings.json").write_text("{")
    kiosk = start()
    assert codes(kiosk.state()) == ["settings"] and kiosk.settings.current.idle_s == 60
    kiosk.settings.change({"idle_s": 90})
    assert codes(kiosk.state()) == [] and start().settings.current.idle_s == 90


def test_settings_that_cannot_be_kept_are_not_said_to_be_unreadable(start: Start, tmp_path: Path) -> None:
    kiosk = start()
    shutil.rmtree(tmp_path / "state", ignore_errors=True)
    (tmp_path / "state").write_text("a file where the folder belongs")
    kiosk.settings.change({"idle_s": 90})
    assert codes(kiosk.state()) == ["settings_not_kept"] and kiosk.settings.current.idle_s == 90
    (tmp_path / "state").unlink()
    kiosk.settings.change({"idle_s": 80})
    assert codes(kiosk.state()) == [] and start().settings.current.idle_s == 80


def test_a_folder_of_pictures_that_goes_away_costs_the_pictures(start: Start, tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    kiosk = start(images=tmp_path / "pictures")
    (tmp_path / "pictures").rmdir()
    client = ask(kiosk)
    assert client.get("/picture/0/d0000").status_code == 404
    assert client.get("/api/products/d0000").status_code == 200


def test_a_shelf_that_is_gone_for_a_while_is_said_and_comes_back(
    start: Start, own_shelf: Path, street_photo: bytes
) -> None:
    kiosk = start()
    client, pid = ask(kiosk), kiosk.finder.pid
    away = own_shelf.with_name("away")
    own_shelf.rename(away)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: "store" in codes(kiosk.state()))
    answer = client.post("/api/search", data=street_photo)
    assert answer.status_code == 503 and answer.get_json()["error"]["code"] == "store"
    away.rename(own_shelf)
    eventually(lambda: client.post("/api/search", data=street_photo).status_code == 200)
    assert "store" not in codes(kiosk.state())


def test_no_shelf_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store here") as error:
        Kiosk(KioskConfig(tmp_path / "nothing", tmp_path / "state")).start()
    assert "\n" not in str(error.value)
