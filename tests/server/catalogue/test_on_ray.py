"""An import on Ray comes to what one without comes to: row for row, number for number, loss for loss."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from server_products import SPACE, embed_by_colour

from pocketshelf.cli.ray_cluster import LOCAL, connected
from pocketshelf.errors import BundleError, CatalogueError, SpaceMismatch, UsageError
from pocketshelf.formats import load_bundle, space_of
from pocketshelf_server.__main__ import main
from pocketshelf_server.catalogue import SqliteCatalogue, open_catalogue
from pocketshelf_server.catalogue.embedders import BundleEmbedders
from pocketshelf_server.catalogue.importer import Importer, ImportReport
from pocketshelf_server.catalogue.on_ray import RemoteRows, on_ray
from pocketshelf_server.catalogue.rows import Embedder
from pocketshelf_server.making import make_site

ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
pytest.importorskip("ray.data", reason="needs the extra 'ray'")


@pytest.fixture(scope="module", autouse=True)
def local_cluster() -> Iterator[None]:
    """One Ray of two processors for all tests of this file."""
    for name in (__name__, "server_products"):  # A worker knows installed modules alone.
        ray.cloudpickle.register_pickle_by_value(sys.modules[name])
    with connected(LOCAL, 2):
        yield


def colours() -> Embedder:
    return embed_by_colour


def dies_once(mark: Path) -> Embedder:
    """An embedder whose process ends at its first picture, unless one has done so before."""

    def embed(picture: bytes) -> np.ndarray:
        if not mark.exists():
            mark.touch()
            os._exit(1)
        return embed_by_colour(picture)

    return embed


def counting(folder: Path) -> Embedder:
    """An embedder that leaves a file for each call."""

    def embed(picture: bytes) -> np.ndarray:
        (folder / os.urandom(8).hex()).touch()
        return embed_by_colour(picture)

    return embed


def no_bundle() -> Embedder:
    raise BundleError("there is no such bundle")


def on_cluster(
    catalogue: SqliteCatalogue, path: Path, make: object = colours, workers: int = 2, **options: object
) -> ImportReport:
    spread = on_ray(LOCAL, workers, RemoteRows(path.parent, make))  # type: ignore[arg-type]
    return Importer(catalogue, colours, path.parent, spread=spread, **options).run(path)  # type: ignore[arg-type]


def rows(path: Path) -> dict[str, list[tuple]]:
    """Everything that a catalogue's file holds."""
    with sqlite3.connect(path) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in tables}


def make_shop(shop: Path) -> Path:
    """A catalogue of good rows and of every kind of bad ones, over several batches."""
    (shop / "broken.jpg").write_bytes(b"no image at all")
    lines = ["product_id,title,category,image,popularity"]
    for number in range(150):
        lines.append(f"p{number},Title {number},Kind {number % 7},{'abc'[number % 3]}.png,{number}")
        if number % 40 == 10:
            lines += [f"p{number},,,missing{number}.png,", "d,D,Plum,broken.jpg,", ",no id,Plum,a.png,"]
        if number % 40 == 20:
            lines += [
                f"p{number},,,broken.jpg,",
                "e,E,,a.png,",
                "f,F,Plum,../../etc/passwd,",
                "g,G,Plum,A.PNG,",
            ]
    path = shop / "mixed.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_catalogue_and_the_losses_are_those_of_an_import_without_ray(shop: Path, tmp_path: Path) -> None:
    path = make_shop(shop)
    reports = []
    for name, run in (
        ("here", lambda c: Importer(c, colours, shop, 2).run(path)),
        ("ray", lambda c: on_cluster(c, path)),
    ):
        catalogue = SqliteCatalogue.create(tmp_path / f"{name}.sqlite", SPACE)
        first, second = run(catalogue), run(catalogue)
        assert second.added_or_changed == 0 and second.errors == first.errors
        reports.append((first, second))
        catalogue.close()
    assert reports[0] == reports[1]
    assert reports[0][0].added_or_changed == 151 and len(reports[0][0].errors) > 12
    here, there = rows(tmp_path / "here.sqlite"), rows(tmp_path / "ray.sqlite")
    here.pop("meta", None), there.pop("meta", None)  # Its own random name.
    assert here == there and any(map(len, here.values()))


def test_what_was_cut_off_goes_on_and_embeds_only_what_is_left(
    shop: Path, sqlite_catalogue: SqliteCatalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf_server.catalogue.importer.BATCH", 10)
    path, calls = make_shop(shop), tmp_path / "calls"
    calls.mkdir()

    def stop(done: int, total: int) -> None:
        if done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_cluster(sqlite_catalogue, path, progress=stop)
    stored = sqlite_catalogue.count()
    assert 40 <= stored < 151
    report = on_cluster(sqlite_catalogue, path, partial(counting, calls))
    assert sqlite_catalogue.count() == 151 and report.added_or_changed == 151 - stored
    # What has bad pictures is tried again each time.
    assert 151 - stored <= len(list(calls.iterdir())) <= 151 - stored + 8


def test_a_worker_that_dies_loses_nothing(
    shop: Path, sqlite_catalogue: SqliteCatalogue, tmp_path: Path
) -> None:
    report = on_cluster(sqlite_catalogue, make_shop(shop), partial(dies_once, tmp_path / "died"))
    assert (tmp_path / "died").exists()
    assert report.added_or_changed == sqlite_catalogue.count() == 151


def test_an_error_of_a_worker_arrives_as_itself(shop: Path, sqlite_catalogue: SqliteCatalogue) -> None:
    with pytest.raises(BundleError, match="there is no such bundle"):
        on_cluster(sqlite_catalogue, shop / "shop.csv", no_bundle)
    with pytest.raises(SpaceMismatch, match="start another site"):
        on_cluster(sqlite_catalogue, shop / "shop.csv", BundleEmbedders(None, SPACE))
    assert sqlite_catalogue.count() == 0


def test_more_workers_than_processors_are_refused(shop: Path, sqlite_catalogue: SqliteCatalogue) -> None:
    with pytest.raises(UsageError, match="--workers 64: the Ray cluster at local has 2 processors"):
        on_cluster(sqlite_catalogue, shop / "shop.csv", workers=64)


def test_the_command_and_a_new_space(shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """With the model that ships; a site of its space is what an old catalogue is embedded again for."""
    found = []
    for name, options in (("here", []), ("ray", ["--ray", "local", "--workers", "2"])):
        site = make_site(tmp_path / name, space_of(load_bundle()))
        words = ["import", str(site.folder), str(shop / "shop.csv"), *options]
        assert main(words) == 0
        assert main([*words, "--reembed"]) == 0
        assert "0 added or changed, 3 unchanged" in capsys.readouterr().out
        catalogue = open_catalogue(site)
        found.append({key: p.vectors.tobytes() for key, p in catalogue.get(["a", "b", "c"]).items()})
        catalogue.close()
    assert found[0] == found[1] and len(found[0]) == 3
    with pytest.raises(SystemExit, match="2"):
        main(["import", str(tmp_path / "ray"), "--delete", "a", "--ray", "local"])
    assert "--ray needs FILE" in capsys.readouterr().err


def test_without_ray_the_extra_is_named(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    make_site(tmp_path / "site", SPACE)
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["import", str(tmp_path / "site"), str(shop / "shop.csv"), "--ray", "auto"]) == 1
    assert "ray is not installed: pip install 'pocketshelf[ray]'" in capsys.readouterr().err


def test_a_cluster_that_fails_is_one_error(
    shop: Path, sqlite_catalogue: SqliteCatalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator:
        raise ray.exceptions.RayError("the head is gone")
        yield

    monkeypatch.setattr("pocketshelf_server.catalogue.on_ray._spread", broken)
    with pytest.raises(CatalogueError, match="the head is gone; run it again: it goes on where it stopped"):
        on_cluster(sqlite_catalogue, shop / "shop.csv")
