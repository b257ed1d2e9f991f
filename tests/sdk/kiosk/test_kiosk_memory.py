"""Memory stays flat: over some searches here, over thousands by ``python benchmarks/kiosk.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.pictures import NOTHING_BYTES, Pictures
from pocketshelf.shipped import shipped

WARM, SEARCHES = 30, 60
MOST_GROWTH = 8_000_000


def resident(pid: int | str) -> int:
    statm = Path(f"/proc/{pid}/statm")
    if not statm.exists():
        pytest.skip("needs /proc")
    return int(statm.read_text().split()[1]) * 4096


def test_searching_takes_no_more_and_more_memory(kiosk: Kiosk, client: FlaskClient) -> None:
    photos = [path.read_bytes() for path in sorted((shipped("samples") / "street").iterdir())]

    def search(count: int) -> tuple[int, int]:
        for number in range(count):
            found = client.post("/api/search", data=photos[number % len(photos)]).get_json()
            first = found["regions"][0]["hits"][0]
            assert client.get(f"{first['picture']}?side=480").status_code == 200
            assert client.get(f"/api/products/{first['product_id']}").status_code == 200
        assert kiosk.finder.pid is not None
        return resident(kiosk.finder.pid), resident("self")

    before, after = search(WARM), search(SEARCHES)
    assert after[0] - before[0] < MOST_GROWTH and after[1] - before[1] < MOST_GROWTH
    assert kiosk.finder.rss > 20_000_000 and kiosk.finder.restarts == 0


def test_pictures_are_kept_for_a_while_and_bounded(kiosk: Kiosk) -> None:
    pictures = Pictures(kiosk.clerk, kept_bytes=60_000)
    for number in range(60):
        assert pictures.get(f"d{number:04}", 0, 480) is not None
    assert 0 < pictures._bytes <= 60_000 and len(pictures._kept) < 60
    for number in range(1000):
        pictures.get(f"nobody{number}", 0, 160)
    assert pictures._bytes <= 60_000 and len(pictures._kept) <= 60_000 / NOTHING_BYTES
    pictures.forget()
    assert pictures._bytes == 0
