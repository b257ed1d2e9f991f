"""Imports: what is read, what is refused by line, and what a second run costs."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from server_products import DIMENSION, SPACE, CountingEmbedder, make_product

from palettes import listed
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, PhotoError, ServerError, SpaceMismatch, Unreachable
from pocketshelf.formats import ShardMeta, create_shard, load_bundle, space_of
from pocketshelf_server.catalogue import Catalogue, Upsert
from pocketshelf_server.catalogue.importer import Importer, ImportReport
from pocketshelf_server.catalogue.transfer import delete_products, import_shard


class OtherModel(CountingEmbedder):
    """Another model of the same space."""

    def __call__(self, picture: bytes) -> np.ndarray:
        return np.roll(super().__call__(picture), 1)


def run(
    catalogue: Catalogue, path: Path, embedder: CountingEmbedder | None = None, **options: object
) -> ImportReport:
    replace = bool(options.pop("replace", False))
    chosen = embedder or CountingEmbedder()
    return Importer(catalogue, lambda: chosen, path.parent, 2, **options).run(path, replace)  # type: ignore[arg-type]


def test_a_csv_is_imported(catalogue: Catalogue, shop: Path) -> None:
    progress: list[tuple[int, int]] = []
    report = run(catalogue, shop / "shop.csv", progress=lambda *counts: progress.append(counts))
    assert (report.added_or_changed, report.errors, report.sequence, progress) == (3, [], 3, [(3, 3)])
    rows = catalogue.get(["a", "b"])
    assert listed(rows["a"]) == {"popularity": "5"} and listed(rows["b"]) == {}
    assert rows["a"].image == "a.png"
    assert rows["a"].vectors.shape == (1, DIMENSION)


def test_a_second_run_embeds_nothing(sqlite_catalogue: Catalogue, shop: Path) -> None:
    embedder = CountingEmbedder()
    run(sqlite_catalogue, shop / "shop.csv", embedder)
    report = run(sqlite_catalogue, shop / "shop.csv", embedder)
    assert (report.unchanged, report.added_or_changed, embedder.calls, report.sequence) == (3, 0, 3, 3)


def test_a_changed_text_or_picture_is_a_change(sqlite_catalogue: Catalogue, shop: Path) -> None:
    run(sqlite_catalogue, shop / "shop.csv")
    Image.new("RGB", (20, 20), "yellow").save(shop / "b.png")
    text = (shop / "shop.csv").read_text().replace("a,A,", "a,Another title,")
    (shop / "shop.csv").write_text(text)
    report = run(sqlite_catalogue, shop / "shop.csv")
    assert (report.added_or_changed, report.unchanged) == (2, 1)


def test_reembedding_takes_a_new_model_in(sqlite_catalogue: Catalogue, shop: Path) -> None:
    embedder = CountingEmbedder()
    run(sqlite_catalogue, shop / "shop.csv", embedder)
    same = run(sqlite_catalogue, shop / "shop.csv", embedder, reembed=True)
    assert (embedder.calls, same.unchanged, same.sequence) == (6, 3, 3)
    before = sqlite_catalogue.get(["a"])["a"].vectors
    newer = run(sqlite_catalogue, shop / "shop.csv", OtherModel(), reembed=True)
    assert (newer.added_or_changed, newer.sequence) == (3, 6)
    assert not np.array_equal(sqlite_catalogue.get(["a"])["a"].vectors, before)
    assert run(sqlite_catalogue, shop / "shop.csv", embedder).unchanged == 3 and embedder.calls == 6


def test_an_import_that_was_cut_off_goes_on(
    sqlite_catalogue: Catalogue, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf_server.catalogue.importer.BATCH", 1)
    embedder = CountingEmbedder()

    def stop(done: int, total: int) -> None:
        if embedder.calls == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(sqlite_catalogue, shop / "shop.csv", embedder, progress=stop)
    assert sqlite_catalogue.count() == 2
    report = run(sqlite_catalogue, shop / "shop.csv", embedder)
    assert (report.unchanged, report.added_or_changed, embedder.calls) == (2, 1, 3)


def test_bad_rows_are_listed_by_line_and_the_good_ones_kept(sqlite_catalogue: Catalogue, shop: Path) -> None:
    (shop / "broken.jpg").write_bytes(b"no image at all")
    with (shop / "shop.csv").open("a") as file:
        file.write(
            "d,D,Plum,missing.png,\n,E,Plum,a.png,\nf,F,,a.png,\ng,G,Plum,broken.jpg,\nh,H,Plum,../../etc/passwd,\n"
        )
    for _ in range(2):
        report = run(sqlite_catalogue, shop / "shop.csv")
        assert [error.line for error in report.errors] == [5, 6, 7, 8, 9]
        messages = {error.line: error.problem for error in report.errors}
        assert "missing.png" in messages[5] and "broken.jpg" in messages[8] and "leads out" in messages[9]
        assert sqlite_catalogue.count() == 3


def test_further_lines_are_further_pictures(sqlite_catalogue: Catalogue, shop: Path) -> None:
    with (shop / "shop.csv").open("a") as file:
        file.write("a,ignored,Apple,b.png,\na,,,missing.png,\n")
    report = run(sqlite_catalogue, shop / "shop.csv")
    row = sqlite_catalogue.get(["a"])["a"]
    assert (len(row.vectors), row.title) == (2, "A")
    assert [error.line for error in report.errors] == [6]
    again = run(sqlite_catalogue, shop / "shop.csv")
    assert [error.line for error in again.errors] == [6] and again.added_or_changed == 0
    Image.new("RGB", (20, 20), "white").save(shop / "missing.png")
    assert run(sqlite_catalogue, shop / "shop.csv").added_or_changed == 1
    assert len(sqlite_catalogue.get(["a"])["a"].vectors) == 3


def test_json_lines(sqlite_catalogue: Catalogue, shop: Path) -> None:
    lines = [
        {
            "product_id": "a",
            "title": "A",
            "category": "Apple",
            "image": ["a.png", "b.png"],
            "tags": [1, {"x": None}],
        },
        {"product_id": "v", "category": "Plum", "vectors": [np.arange(DIMENSION).tolist()]},
        {"product_id": "a", "category": "Plum", "image": "a.png"},
        {"product_id": 5, "category": "Plum", "image": "a.png"},
        {"product_id": "w", "category": "Plum", "vectors": [[0] * DIMENSION]},
        {"product_id": "x", "category": "Plum", "vectors": [[1, 2]]},
        {"product_id": "y", "category": "Plum"},
    ]
    text = (
        "\n".join(map(json.dumps, lines))
        + '\n{"product_id"\n[]\n\n{"product_id": "n", "category": "c", "x": NaN, "image": "a.png"}\n'
    )
    (shop / "shop.jsonl").write_text(text)
    report = run(sqlite_catalogue, shop / "shop.jsonl")
    assert [error.line for error in report.errors] == [3, 5, 6, 7, 8, 9, 11]
    rows = sqlite_catalogue.get(["a", "v", "5"])
    assert rows["5"].category == "Plum", "an id that a program took for a number is a text"
    assert listed(rows["a"]) == {"tags": [1, {"x": None}]} and len(rows["a"].vectors) == 2
    assert rows["v"].vectors[0].max() == 127 and rows["v"].image is None


def test_replace_deletes_what_the_file_does_not_name(sqlite_catalogue: Catalogue, shop: Path) -> None:
    sqlite_catalogue.apply([Upsert(make_product("old"))])
    report = run(sqlite_catalogue, shop / "shop.csv", replace=True)
    assert (report.deleted, sqlite_catalogue.count()) == (1, 3)


def test_replace_deletes_nothing_while_rows_are_bad(sqlite_catalogue: Catalogue, shop: Path) -> None:
    sqlite_catalogue.apply([Upsert(make_product("old"))])
    with (shop / "shop.csv").open("a") as file:
        file.write("old,Old,Plum,missing.png,\n")
    with pytest.raises(CatalogueError, match="nothing was deleted"):
        run(sqlite_catalogue, shop / "shop.csv", replace=True)
    assert sqlite_catalogue.count() == 4


def test_a_file_that_cannot_be_used_is_one_error(sqlite_catalogue: Catalogue, tmp_path: Path) -> None:
    for name, data in {
        "a.xls": b"",
        "b.csv": b"product_id,title\n",
        "c.jsonl": b"\xff\xfe\xfa",
        "d.csv": b"",
    }.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CatalogueError, match=name):
            run(sqlite_catalogue, tmp_path / name)
    with pytest.raises(CatalogueError, match=r"none\.csv"):
        run(sqlite_catalogue, tmp_path / "none.csv")


def test_a_store_is_taken_over_with_its_vectors(sqlite_catalogue: Catalogue, tmp_path: Path) -> None:
    products = [make_product(f"p{i}", pictures=2) for i in range(3)]
    rows = [replace(product, sequence=7) for product in products]
    meta = ShardMeta(SPACE.name, SPACE.preprocessing, "b", 7, DIMENSION)
    create_shard(tmp_path / "shard.sqlite", meta, rows)
    assert import_shard(sqlite_catalogue, tmp_path / "shard.sqlite") == 3
    assert import_shard(sqlite_catalogue, tmp_path / "shard.sqlite") == 0
    assert np.array_equal(sqlite_catalogue.get(["p1"])["p1"].vectors, products[1].vectors)
    create_shard(tmp_path / "other.sqlite", ShardMeta("other", SPACE.preprocessing, "b", 7, DIMENSION), rows)
    with pytest.raises(SpaceMismatch):
        import_shard(sqlite_catalogue, tmp_path / "other.sqlite")


def test_deleting_an_unknown_product_deletes_none(sqlite_catalogue: Catalogue) -> None:
    sqlite_catalogue.apply([Upsert(make_product("a"))])
    with pytest.raises(CatalogueError, match="'b'"):
        delete_products(sqlite_catalogue, ["a", "b"])
    assert delete_products(sqlite_catalogue, ["a"]) == 1


def test_a_real_shop_is_imported_and_finds_itself(
    real_photos: Path, trained_bundle: Path, tmp_path: Path
) -> None:
    """The 81 products of the grocery photos, with the trained bundle: each picture finds itself."""
    from pocketshelf_server.catalogue import SqliteCatalogue
    from pocketshelf_server.search import ScanIndex

    bundle = load_bundle(trained_bundle)
    catalogue = SqliteCatalogue.create(tmp_path / "real.sqlite", space_of(bundle))
    folder = real_photos / "grocery"
    report = Importer(catalogue, lambda: Encoder.open(bundle, detects=False).embed, folder, 2).run(
        folder / "products.csv"
    )
    assert (report.added_or_changed, report.errors) == (81, [])
    index = ScanIndex(catalogue)
    index.refresh()
    with catalogue.reading() as view:
        for product in view.products():
            key, score = index.search(product.vectors[0].astype(np.float32), 1, None)[0]
            assert score > 0.999 and (key == product.product_id or score > 0.9999)
    catalogue.close()


HOSTILE_ROWS = {
    "nested 1,500 deep": '"x": ' + "[" * 1500 + "]" * 1500,
    "nested 900 deep": '"x": ' + "[" * 900 + "]" * 900,
    "5,000 digits": '"x": ' + "9" * 5000,
    "10**400": '"x": 1' + "0" * 400,
    "beyond float64": '"x": 1e400',
    "NaN": '"x": NaN',
    "lone surrogate": '"x": "\\ud800"',
    "lone surrogate in a title": '"title": "\\ud800"',
    "lone surrogate in an image": '"image": "\\udfff.png"',
    "control character in a category": '"category": "a\\u001bb"',
    "overlong title": '"title": "' + "x" * 5000 + '"',
    "vectors of huge numbers": f'"vectors": [[1{"0" * 400}{", 0" * (DIMENSION - 1)}]]',
    "vectors of texts": '"vectors": [["1"]]',
    "too many vectors": f'"vectors": {[[1] * DIMENSION] * 33}',
}


def test_a_hostile_row_costs_itself_and_never_its_batch(sqlite_catalogue: Catalogue, shop: Path) -> None:
    good = '{"product_id": "a", "category": "Apple", "image": "a.png"}'
    bad = [
        f'{{"product_id": "bad{i}", "category": "Plum", "image": "b.png", {text}}}'
        for i, text in enumerate(HOSTILE_ROWS.values())
    ]
    last = '{"product_id": "b", "category": "Apple", "image": "b.png"}'
    (shop / "shop.jsonl").write_text("\n".join([good, *bad, last]))
    report = run(sqlite_catalogue, shop / "shop.jsonl")
    assert set(sqlite_catalogue.get(["a", "b", *(f"bad{i}" for i in range(len(bad)))])) == {"a", "b"}
    assert [error.line for error in report.errors] == list(range(2, 2 + len(bad)))


def test_a_category_too_many_for_a_manifest_costs_its_product(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pocketshelf.formats.product_rules.MAX_CATEGORIES", 300)
    catalogue.apply([Upsert(make_product("a", category="Apple"))])
    changes = [Upsert(make_product(f"p{i}", category=f"Category {i}")) for i in range(5)]
    assert list(catalogue.refusals(changes)) == [2, 3, 4]
    with pytest.raises(CatalogueError, match="more categories than devices take"):
        catalogue.apply(changes)
    assert catalogue.apply(changes[:2]).upserted == 2
    assert catalogue.refusals([Upsert(make_product("z", category="Apple"))]) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("header.csv", "product_id,title,category,image\n"),
        ("empty.jsonl", ""),
        ("cut.csv", "product_id,title,category,image\na,A,Apple,a.png\nb,B,Pear,b.png\n"),
    ],
)
def test_a_file_that_would_shrink_the_catalogue_deletes_nothing_unless_that_is_meant(
    catalogue: Catalogue, shop: Path, name: str, text: str
) -> None:
    run(catalogue, shop / "shop.csv")
    (shop / name).write_text(text)
    with pytest.raises(CatalogueError, match="--allow-shrink"):
        run(catalogue, shop / name, replace=True)
    assert catalogue.count() == 3
    importer = Importer(catalogue, lambda: CountingEmbedder(), shop)
    report = importer.run(shop / name, replace=True, allow_shrink=True)
    assert catalogue.count() == len(text.splitlines()[1:]) and report.errors == []


def test_a_tenth_less_is_no_reason_to_ask(sqlite_catalogue: Catalogue, shop: Path) -> None:
    sqlite_catalogue.apply([Upsert(make_product(f"p{i}")) for i in range(20)])
    rows = [f"p{i},T,Apple,a.png" for i in range(18)]
    (shop / "most.csv").write_text("\n".join(["product_id,title,category,image", *rows]))
    assert run(sqlite_catalogue, shop / "most.csv", replace=True).deleted == 2
    (shop / "most.csv").write_text("\n".join(["product_id,title,category,image", *rows[:16]]))
    with pytest.raises(CatalogueError, match="names 16 products, the catalogue has 18"):
        run(sqlite_catalogue, shop / "most.csv", replace=True)


class Shop:
    """Pictures by address; some are away, or gone."""

    def __init__(self) -> None:
        self.errors: dict[str, Exception] = {}

    def __call__(self, address: str) -> bytes:
        name = address.rpartition("/")[2]
        if name in self.errors:
            raise PhotoError(f"{name}: away") from self.errors[name]
        stream = io.BytesIO()
        Image.new("RGB", (20, 20), name).save(stream, "PNG")
        return stream.getvalue()


def test_a_picture_that_is_away_for_now_costs_a_product_none_of_its_vectors(
    sqlite_catalogue: Catalogue, tmp_path: Path
) -> None:
    def file(title: str, *names: str) -> None:
        images = [f"https://x.example/{name}" for name in names]
        row = {"product_id": "a", "title": title, "category": "Apple", "image": images}
        (tmp_path / "shop.jsonl").write_text(json.dumps(row) + "\n")

    shop = Shop()
    file("A", "red", "green", "blue")
    run(sqlite_catalogue, tmp_path / "shop.jsonl", fetch=shop)
    before = sqlite_catalogue.get(["a"])["a"]
    assert len(before.vectors) == 3
    shop.errors["red"] = Unreachable("the server answers 503")
    file("Cheaper", "red", "green", "blue")
    report = run(sqlite_catalogue, tmp_path / "shop.jsonl", fetch=shop)
    now = sqlite_catalogue.get(["a"])["a"]
    assert (
        now.title == "Cheaper" and np.array_equal(now.vectors, before.vectors) and now.image == before.image
    )
    assert now.attributes == before.attributes
    (note,) = report.notes
    assert note.line == 1 and "keeps those" in note.problem and len(report.errors) == 1
    # What the shop has taken away, or out of the file, goes.
    shop.errors["red"] = ServerError("the server answers 404")
    run(sqlite_catalogue, tmp_path / "shop.jsonl", fetch=shop)
    assert len(sqlite_catalogue.get(["a"])["a"].vectors) == 2
    shop.errors.clear()
    run(sqlite_catalogue, tmp_path / "shop.jsonl", fetch=shop)
    assert np.array_equal(sqlite_catalogue.get(["a"])["a"].vectors, before.vectors)
    shop.errors["green"] = Unreachable("the server answers 503")
    file("Cheaper", "red", "green")
    run(sqlite_catalogue, tmp_path / "shop.jsonl", fetch=shop)
    assert len(sqlite_catalogue.get(["a"])["a"].vectors) == 1
