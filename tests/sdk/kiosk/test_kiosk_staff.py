"""Who may set a kiosk, and who may ask it at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pocketshelf.errors import UsageError
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.names import Names, is_loopback, machine_names, own_names
from pocketshelf.kiosk.state.corrections import LONGEST, MOST_KINDS, Correction, Corrections
from pocketshelf.kiosk.state.pin import Pin, PinWait, PinWrong, keep_pin, key_of, read_pin
from pocketshelf.kiosk.state.settings import Settings, SettingsFile
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.kiosk.web.guard import HEADERS


@dataclass
class Clock:
    """Seconds that a test moves."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def guarded(tmp_path: Path, drawn_shelf: Path) -> tuple[Kiosk, FlaskClient, Clock]:
    """A kiosk with a PIN; its workers are not started."""
    clock = Clock()
    kiosk = Kiosk(KioskConfig(drawn_shelf, tmp_path, pin=key_of("2580")), clock=clock)
    return kiosk, create_app(kiosk, Names(["127.0.0.1"])).test_client(), clock


def code(answer) -> str:
    return answer.get_json()["error"]["code"]


def test_settings_are_for_who_knows_the_pin(
    guarded: tuple[Kiosk, FlaskClient, Clock], tmp_path: Path
) -> None:
    kiosk, client, clock = guarded
    wish = {"settings": {"language": "zh", "idle_s": 30, "corrections": True}}
    for method, path in (("post", "/api/settings"), ("post", "/api/sync"), ("get", "/api/corrections")):
        answer = getattr(client, method)(path, **({"json": wish} if method == "post" else {}))
        assert answer.status_code == 403 and code(answer) == "pin"
    answer = client.post("/api/pin", json={"pin": "2580"})
    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 204 and "HttpOnly" in cookie and "SameSite=Strict" in cookie
    state = client.post("/api/settings", json=wish).get_json()
    assert state["settings"]["language"] == "zh" and state["staff"] and state["pin"]
    assert SettingsFile(tmp_path).current == kiosk.settings.current
    clock.seconds += 1801
    assert client.get("/api/state").get_json()["staff"] is False
    assert client.post("/api/settings", json=wish).status_code == 403


def test_a_session_ends_when_staff_says_so(guarded: tuple[Kiosk, FlaskClient, Clock]) -> None:
    _, client, _ = guarded
    client.post("/api/pin", json={"pin": "2580"})
    assert client.post("/api/signout").status_code == 204
    assert client.post("/api/settings", json={"settings": {}}).status_code == 403


def test_wrong_pins_are_slowed(guarded: tuple[Kiosk, FlaskClient, Clock]) -> None:
    _, client, clock = guarded
    assert [client.post("/api/pin", json={"pin": "0000"}).status_code for _ in range(5)] == [403] * 5
    answer = client.post("/api/pin", json={"pin": "2580"})
    assert answer.status_code == 429 and code(answer) == "pin_wait" and answer.headers["Retry-After"] == "30"
    clock.seconds += 31
    assert client.post("/api/pin", json={"pin": "0000"}).status_code == 403
    assert client.post("/api/pin", json={"pin": "2580"}).headers["Retry-After"] == "60"
    clock.seconds += 61
    assert client.post("/api/pin", json={"pin": "2580"}).status_code == 204


def test_the_pin_is_kept_as_its_key_and_for_its_owner_only(tmp_path: Path) -> None:
    assert read_pin(tmp_path) is None
    keep_pin(tmp_path, "correct horse")
    kept = tmp_path / "pin.json"
    assert "horse" not in kept.read_text() and kept.stat().st_mode & 0o077 == 0
    pin = Pin(read_pin(tmp_path))
    assert pin.is_staff(pin.sign_in("correct horse"))
    with pytest.raises(PinWrong):
        pin.sign_in("correct hors")
    kept.write_text("{}")
    with pytest.raises(UsageError, match="--set-pin"):
        read_pin(tmp_path)


@pytest.mark.parametrize("pin", ["123", "1" * 65, ""])
def test_a_pin_has_a_length(pin: str) -> None:
    with pytest.raises(UsageError, match="4 to 64"):
        key_of(pin)


def test_the_wait_for_a_pin_grows_up_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    pin = Pin(key_of("2580"), clock)
    waits = []
    for _ in range(12):
        try:
            pin.sign_in("0000")
        except PinWrong:
            continue
        except PinWait as wait:
            waits.append(wait.seconds)
            clock.seconds += wait.seconds + 1
    assert waits == sorted(waits)
    for _ in range(40):
        try:
            pin.sign_in("0000")
        except PinWrong:
            continue
        except PinWait as wait:
            clock.seconds += wait.seconds + 1
            waits.append(wait.seconds)
    assert max(waits) == 900


@pytest.mark.parametrize(
    "wish",
    [
        {"idle_s": -1},
        {"idle_s": True},
        {"idle_s": 1.5},
        {"language": "../../x"},
        {"facing": "left"},
        {"facing": ["user"]},
        {"theme": None},
        {"live": "yes"},
        {"pin": "1234"},
    ],
)
def test_a_setting_that_cannot_be_is_refused(client: FlaskClient, wish: dict) -> None:
    answer = client.post("/api/settings", json={"settings": wish})
    assert answer.status_code == 400 and code(answer) == "usage"


def test_settings_that_cannot_be_kept_hold_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder belongs")
    settings = SettingsFile(tmp_path / "state")
    settings.change({"theme": "dark"})
    assert settings.current == Settings(theme="dark") and settings.warning is not None


def test_corrections_are_counted_where_that_is_wanted(client: FlaskClient) -> None:
    said = {"shown": ["d0000", "d0001"], "chosen": "d0001", "category": "T-Shirt"}
    assert client.post("/api/corrections", json=said).status_code == 403
    client.post("/api/settings", json={"settings": {"corrections": True}})
    assert [client.post("/api/corrections", json=said).status_code for _ in range(2)] == [204, 204]
    assert client.post("/api/corrections", json={"shown": ["d0000"], "chosen": None}).status_code == 204
    tally = client.get("/api/corrections").get_json()["tally"]
    assert tally[0] == {"first": "d0000", "chosen": "d0001", "place": 2, "category": "T-Shirt", "count": 2}
    assert tally[1]["chosen"] is None and tally[1]["place"] is None
    for wrong in ({}, {"shown": []}, {"shown": [3]}, {"shown": ["a"], "chosen": 3}):
        assert client.post("/api/corrections", json=wrong).status_code == 400


@pytest.mark.parametrize("name", ["\\ud800", "a\\udfff"])
def test_half_a_character_does_not_end_the_counting(client: FlaskClient, name: str) -> None:
    """It can be written nowhere: once taken up, no later correction could be kept."""
    client.post("/api/settings", json={"settings": {"corrections": True}})
    said = f'{{"shown": ["{name}"], "chosen": null, "category": null}}'
    assert client.post("/api/corrections", data=said, content_type="application/json").status_code == 400
    assert client.post("/api/corrections", json={"shown": ["d0000"], "chosen": None}).status_code == 204


def test_a_full_tally_of_the_longest_names_is_read_again(tmp_path: Path) -> None:
    corrections = Corrections(tmp_path)
    for number in range(MOST_KINDS):
        name = f"{number:04}" + "\U0001f45f" * (LONGEST - 4)
        corrections._tally[Correction(name, name, 1, name)] += 2
    corrections.add(["a"], "a", None)
    assert len(Corrections(tmp_path).to_json()["tally"]) == MOST_KINDS


def test_the_tally_outlives_the_kiosk_and_damage(tmp_path: Path) -> None:
    Corrections(tmp_path).add(["a", "b"], "b", None)
    again = Corrections(tmp_path)
    again.add(["a", "b"], "b", None)
    assert again.to_json()["tally"][0]["count"] == 2
    (tmp_path / "corrections.json").write_text("[")
    assert Corrections(tmp_path).to_json() == {"tally": []}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[", "169.254.1.1"]
)
def test_another_name_is_refused(client: FlaskClient, host: str) -> None:
    for path in ("/api/state", "/picture/0/d0000", "/nowhere"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 421 and code(answer) == "host"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080", "localhost."])
def test_its_own_names_are_taken(client: FlaskClient, host: str) -> None:
    assert client.get("/api/state", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Origin": "http://localhost"}, 400),
        ({"Origin": "https://localhost"}, 400),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 400),
        ({"Sec-Fetch-Site": "none"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_only_its_own_page_may_post(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    for path in ("/api/again", "/api/settings", "/api/pin"):
        answer = client.post(path, json={}, headers=headers)
        assert answer.status_code == status, path


def test_every_answer_has_the_headers(client: FlaskClient) -> None:
    answers: list[Callable] = [
        lambda: client.get("/api/state"),
        lambda: client.get("/nowhere"),
        lambda: client.get("/picture/0/d0000"),
        lambda: client.post("/api/again", json={}),
        lambda: client.get("/api/state", headers={"Host": "evil.example"}),
    ]
    for ask in answers:
        headers = ask().headers
        assert {name: headers[name] for name in HEADERS} == HEADERS
        assert "unsafe" not in headers["Content-Security-Policy"]


def test_where_it_listens_everywhere_the_machines_names_are_its_own() -> None:
    names = own_names(["0.0.0.0"], ["Kiosk.Shop"])
    assert names >= {name.casefold() for name in machine_names()} and "kiosk.shop" in names
    assert own_names(["192.168.1.5"]) == {"localhost", "127.0.0.1", "::1", "192.168.1.5"}
    assert is_loopback("127.8.8.8") and is_loopback("::1") and not is_loopback("192.168.1.5")


def test_a_new_address_of_the_machine_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    names = Names(["0.0.0.0"], clock=clock)
    monkeypatch.setattr("pocketshelf.kiosk.names.machine_addresses", lambda: ["192.168.77.7"])
    assert "192.168.77.7" not in names
    clock.seconds += timedelta(minutes=1).total_seconds()
    assert "192.168.77.7" in names and "evil.example" not in names
