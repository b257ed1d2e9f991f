"""What Milvus adds to the suite of every index: it outlives its server, and is shared."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from search_truth import expected, fill, query
from server_products import SPACE, make_product

from loopback import Door
from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue import Delete, SqliteCatalogue, Upsert
from pocketshelf_server.search import make_index
from pocketshelf_server.search.follow import pending
from pocketshelf_server.site import Site, SiteConfig

pytest.importorskip("milvus_lite", reason="no Milvus here: pip install 'pocketshelf[milvus]' milvus-lite")

from pocketshelf_server.search.milvus import MilvusIndex, number_of


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "milvus.db")


@pytest.fixture
def index(sqlite_catalogue: SqliteCatalogue, address: str) -> Iterator[MilvusIndex]:
    made = MilvusIndex(sqlite_catalogue, address)
    yield made
    made.close()


def ids(index: MilvusIndex, categories: frozenset[str] | None = None, k: int = 20) -> list[str]:
    return [key for key, _ in index.search(query(1), k, categories)]


def test_a_restarted_server_goes_on_where_the_vectors_are(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_catalogue, 30)
    index.refresh()
    index.close()
    sqlite_catalogue.apply([Delete("p001"), Upsert(make_product("new", 3, "Fig", 2))])
    again = MilvusIndex(sqlite_catalogue, address)
    monkeypatch.setattr(sqlite_catalogue, "reading", lambda: pytest.fail("everything was read again"))
    assert again.refresh() == 32
    monkeypatch.undo()
    assert ids(again) == expected(sqlite_catalogue, query(1), 20, None)
    again.close()


def test_a_server_that_died_before_it_noted_how_far_it_was_takes_the_changes_in_again(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_catalogue, 30, pictures=3)
    index.refresh()
    sqlite_catalogue.apply([Delete("p002"), Upsert(make_product("p003", 7, "Pear", 1))])
    monkeypatch.setattr(index, "_note", lambda sequence, most: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index.refresh()
    monkeypatch.undo()
    assert index.refresh() == 32
    assert ids(index) == expected(sqlite_catalogue, query(1), 20, None)


def test_what_is_read_anew_is_found_in_the_old_state_until_it_is_whole(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(sqlite_catalogue, 20)
    index.refresh()
    before = ids(index)
    sqlite_catalogue.apply([Delete(key) for key in before[:5]])
    sqlite_catalogue.compact(sqlite_catalogue.sequence())
    seen: list[list[str]] = []
    insert = index._insert

    def slow(collection: str, products: object, most: int) -> int:
        done = insert(collection, products, most)  # type: ignore[arg-type]
        seen.append(ids(index))
        return done

    monkeypatch.setattr(index, "_insert", slow)
    index.refresh()
    assert seen == [before]
    assert ids(index) == expected(sqlite_catalogue, query(1), 20, None)


def test_two_servers_follow_one_collection(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, address: str
) -> None:
    other = MilvusIndex(sqlite_catalogue, address)
    fill(sqlite_catalogue, 20)
    assert index.refresh() == other.refresh() == 20
    sqlite_catalogue.apply([Upsert(make_product("new", 3, "Fig", 4))])
    assert other.refresh() == index.refresh() == 21
    assert ids(index) == ids(other) == expected(sqlite_catalogue, query(1), 20, None)


def test_what_a_slower_server_wrote_late_is_put_right_by_it(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It read a product, another server deleted that, and only then it wrote, before the other's note."""
    slow = MilvusIndex(sqlite_catalogue, address)
    fill(sqlite_catalogue, 20)
    assert index.refresh() == slow.refresh() == 20
    sqlite_catalogue.apply([Upsert(make_product("new", 3, "Fig", 1))])
    read = pending(sqlite_catalogue, 20, 100)
    assert read is not None and "new" in read.products
    sqlite_catalogue.apply([Delete("new")])
    note = index._note

    def late(sequence: int, most: int) -> None:
        slow._follow(read)
        note(sequence, most)

    monkeypatch.setattr(index, "_note", late)
    assert index.refresh() == 22 and "new" in ids(index)
    assert slow.refresh() == 22
    assert ids(index) == ids(slow) == expected(sqlite_catalogue, query(1), 20, None)
    slow.close()


def test_a_milvus_that_comes_back_empty_is_filled_again(
    sqlite_catalogue: SqliteCatalogue, index: MilvusIndex
) -> None:
    fill(sqlite_catalogue, 20)
    index.refresh()
    client = index._client
    client.drop_alias(index._alias)
    for name in client.list_collections():
        client.drop_collection(name)
    with pytest.raises(CatalogueError, match="milvus at"):
        ids(index)
    assert index.refresh() == 20
    assert ids(index) == expected(sqlite_catalogue, query(1), 20, None)


@pytest.fixture
def real_server(tmp_path: Path) -> Iterator[Door]:
    """To a Milvus server, standalone, in a process of its own."""
    milvus = pytest.importorskip("milvus", reason="no Milvus server here: pip install 'milvus>=2.3.5,<2.4'")
    config = milvus.MilvusServerConfig(data_dir=str(tmp_path / "server"))
    server = milvus.MilvusServer(config, wait_for_started=False)
    server.start()
    health = f"http://127.0.0.1:{server.webservice_port}/healthz"
    for _ in range(1200):
        if server.server_proc.poll() is not None:
            pytest.skip(
                "Milvus does not start here: a second one on a machine fails on the first one's ports"
            )
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=5) as answer:
            if b"OK" in answer.read():
                break
        time.sleep(0.1)
    door = Door(lambda: socket.create_connection(("127.0.0.1", server.listen_port)))
    yield door
    door.close()
    server.server_proc.kill()  # It would take half a minute to stop, and nothing is to be kept.
    server.server_proc.wait(30)


def test_a_real_server_is_filled_followed_and_found_again_by_the_next(
    sqlite_catalogue: SqliteCatalogue, real_server: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"http://127.0.0.1:{real_server.port}"
    index = MilvusIndex(sqlite_catalogue, address)
    fill(sqlite_catalogue, 120, pictures=2)
    assert index.refresh() == 120
    everything, plums = None, frozenset({"Plum"})
    for categories in (everything, plums):
        assert ids(index, categories) == expected(sqlite_catalogue, query(1), 20, categories)
    monkeypatch.setattr("pocketshelf_server.search.milvus.SEAL_ROWS", 3)
    gone, *_ = ids(index)
    sqlite_catalogue.apply([Delete(gone), *(Upsert(make_product(f"new{n}", n, "Plum")) for n in range(4))])
    assert index.refresh() == 125  # As soon as that is back, all of it is found.
    for categories in (everything, plums):
        assert ids(index, categories) == expected(sqlite_catalogue, query(1), 20, categories)
    again = MilvusIndex(sqlite_catalogue, address)
    monkeypatch.setattr(sqlite_catalogue, "reading", lambda: pytest.fail("everything was read again"))
    assert again.refresh() == 125
    monkeypatch.undo()
    assert ids(again) == ids(index)
    sqlite_catalogue.apply([Delete("new0")])
    sqlite_catalogue.compact(sqlite_catalogue.sequence())
    assert again.refresh() == index.refresh() == 126  # Into a collection of its own, which the other finds.
    assert ids(again) == ids(index) == expected(sqlite_catalogue, query(1), 20, everything)
    monkeypatch.setattr("pocketshelf_server.search.milvus.SEARCH_SECONDS", 0.5)
    real_server.open.clear()  # It stalls: a search has its time, and no more.
    began = time.monotonic()
    with pytest.raises(CatalogueError, match="milvus at"):
        ids(index)
    assert time.monotonic() - began < 5
    real_server.open.set()
    for _ in range(100):
        with contextlib.suppress(CatalogueError):
            if ids(index) == expected(sqlite_catalogue, query(1), 20, everything):
                break
        time.sleep(0.2)
    else:
        pytest.fail("it is not found again")
    index.close()
    again.close()


def test_milvus_lite_that_was_started_anew_is_loaded_again(
    sqlite_catalogue: SqliteCatalogue, tmp_path: Path
) -> None:
    """In processes of their own, for one process keeps what it has loaded."""
    fill(sqlite_catalogue, 20)
    script = (
        "import sys; from pathlib import Path; from pocketshelf_server.catalogue import SqliteCatalogue\n"
        "from pocketshelf_server.search.milvus import MilvusIndex\n"
        "index = MilvusIndex(SqliteCatalogue(Path(sys.argv[1])), sys.argv[2]); index.refresh()\n"
        "import numpy as np; print(len(index.search(np.ones(16, np.float32), 5, None)))\n"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "catalogue.sqlite"), str(tmp_path / "milvus.db")]
    for _ in range(2):
        found = subprocess.run(words, capture_output=True, text=True, check=True)
        assert found.stdout.split() == ["5"]


def test_names_of_any_kind_are_only_names(sqlite_catalogue: SqliteCatalogue, index: MilvusIndex) -> None:
    names = ['"] or true or category in ["', "a\\", "'; drop", "裤子", "{n}", "é", "e\u0301", "%"]
    sqlite_catalogue.apply([Upsert(make_product(f"id {name}", 1, name)) for name in names])
    index.refresh()
    for name in names:
        assert ids(index, frozenset({name})) == [f"id {name}"]
    assert ids(index, frozenset({"nothing"})) == ids(index, frozenset()) == []
    sqlite_catalogue.apply([Delete(f"id {name}") for name in names[:-1]])
    index.refresh()
    assert ids(index) == [f"id {names[-1]}"]


def test_another_space_is_left_alone(
    tmp_path: Path, sqlite_catalogue: SqliteCatalogue, index: MilvusIndex, address: str
) -> None:
    fill(sqlite_catalogue, 10)
    index.refresh()
    space = replace(SPACE, name="another")
    other_catalogue = SqliteCatalogue.create(tmp_path / "other.sqlite", space)
    other = MilvusIndex(other_catalogue, address)
    assert other.refresh() == 0 and ids(other) == []
    assert len(ids(index)) == 10
    other_catalogue.close()


def test_no_server_at_the_address_is_one_clear_error(sqlite_catalogue: SqliteCatalogue) -> None:
    with pytest.raises(CatalogueError, match=r"milvus at http://127.0.0.1:9: .*set index to 'scan'"):
        MilvusIndex(sqlite_catalogue, "http://127.0.0.1:9")


def test_the_token_comes_from_the_environment_alone(
    tmp_path: Path, sqlite_catalogue: SqliteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setenv("POCKETSHELF_MILVUS_TOKEN", "someone:secret")
    monkeypatch.setattr(
        "pocketshelf_server.search.milvus.MilvusIndex.__init__",
        lambda self, catalogue, address, token="": given.extend([address, token]),
    )
    site = Site.create(tmp_path / "site", SiteConfig(index="milvus", milvus="http://milvus:19530"))
    make_index("milvus", sqlite_catalogue, site)
    assert given == ["http://milvus:19530", "someone:secret"]
    with pytest.raises(CatalogueError, match="without a password"):
        SiteConfig(milvus="http://someone:secret@milvus:19530").check()


def test_numbers_of_names_fit_63_bits_and_differ() -> None:
    numbers = [number_of(str(n)) for n in range(1000)]
    assert len(set(numbers)) == 1000 and min(numbers) >= 0 and max(numbers) < 2**63
    assert np.int64(max(numbers)) == max(numbers)
