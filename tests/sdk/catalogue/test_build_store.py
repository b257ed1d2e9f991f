"""Building a store: products, pictures, attributes; bad rows left out; the old store safe until the end."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_models import make_bundle
from palettes import listed
from pocketshelf.catalogue import build_store
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, StoreError
from pocketshelf.formats import Bundle, space_of, write_bundle
from pocketshelf.formats.bundle import FileSpec
from pocketshelf.formats.enrolment import Enrolment, load_enrolment, save_enrolment
from pocketshelf.store import Store, StoreFolder, verify_store
from pocketshelf_server.catalogue import SqliteCatalogue
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.catalogue.transfer import import_store


def add_rows(shop: Path, *rows: str) -> None:
    with (shop / "catalogue.csv").open("a", encoding="utf-8") as stream:
        stream.writelines(f"{row}\n" for row in rows)


def build(shop: Path, bundle: Bundle, **more: object):
    return build_store(shop / "catalogue.csv", shop / "store", bundle=bundle, **more)  # type: ignore[arg-type]


def test_a_built_store_holds_every_product(shop: Path, fake_bundle: Bundle) -> None:
    progress: list[tuple[int, int]] = []
    report = build(shop, fake_bundle, progress=lambda *at: progress.append(at))
    assert (report.products, report.pictures, report.categories, report.sequence) == (6, 6, 4, 1)
    assert report.problems == [] and progress == [(n, 6) for n in range(1, 7)]
    assert verify_store(shop / "store").ok
    with Store.open(shop / "store") as store:
        assert (store.meta.space, store.meta.preprocessing) == ("fake-space", fake_bundle.preprocessing_hash)
        product = store.product("lime")
        assert product is not None
        assert (product.title, product.category, product.image) == (
            "The lime thing",
            "Green things",
            "pictures/lime.png",
        )
        assert listed(product) == {"shade": "dark"}


def test_vectors_are_those_of_the_encoder(shop: Path, fake_bundle: Bundle) -> None:
    build(shop, fake_bundle)
    encoder = Encoder.open(fake_bundle)
    vector = encoder.encode(shop / "pictures" / "red.png", whole=True).regions[0].embedding.vector
    with Store.open(shop / "store") as store:
        stored = store.product("red").vectors[0].astype(np.float32)  # type: ignore[union-attr]
    assert vector @ stored / np.linalg.norm(stored) > 0.999
    build(shop, fake_bundle, whole=False)
    with Store.open(shop / "store") as store:
        cropped = store.product("red").vectors[0].astype(np.float32)  # type: ignore[union-attr]
    assert not np.array_equal(stored, cropped)


def test_an_enrolment_adjusts_the_catalogue_but_not_the_queries(
    shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    """In a store that is built here, and in vectors that the server makes."""
    picture = shop / "pictures" / "red.png"
    plain = Encoder.open(fake_bundle).encode(picture, whole=True).regions[0].embedding.vector
    folder = tmp_path / "enrolling"
    bundle = make_bundle(folder)
    photos = np.random.default_rng(0).normal(size=(30, len(plain))) + 1
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    enrolment = Enrolment(photos.astype(np.float32), 0.8, 0.9)
    save_enrolment(folder / "enrolment.npz", enrolment)
    bundle = write_bundle(replace(bundle, enrolment=FileSpec("enrolment.npz")))
    expected = load_enrolment(folder / "enrolment.npz")(plain[None])[0]
    assert expected @ plain < 0.999
    build(shop, bundle)
    with Store.open(shop / "store") as store:
        stored = store.product("red").vectors[0].astype(np.float32)  # type: ignore[union-attr]
    assert expected @ stored / np.linalg.norm(stored) > 0.9995
    assert np.array_equal(Encoder.open(bundle).encode(picture, whole=True).regions[0].embedding.vector, plain)
    served = Encoder.open(bundle, detects=False)
    assert np.allclose(served.enrol(picture.read_bytes()), expected, atol=1e-5)
    assert np.allclose(served.embed(picture.read_bytes()), plain, atol=1e-5)


def test_further_rows_of_a_product_are_further_pictures(shop: Path, fake_bundle: Bundle) -> None:
    add_rows(shop, "red,Another title,Red things,pictures/scarlet.png,light")
    report = build(shop, fake_bundle)
    assert (report.products, report.pictures) == (6, 7)
    with Store.open(shop / "store") as store:
        product = store.product("red")
        assert product is not None and product.vectors.shape == (2, 16)
        assert (product.title, listed(product)) == ("The red thing", {"shade": "dark"})


def test_bad_rows_are_named_in_order_and_the_rest_is_built(shop: Path, fake_bundle: Bundle) -> None:
    (shop / "pictures" / "text.jpg").write_text("no picture")
    (shop / "pictures" / "empty.jpg").touch()
    (shop / "secret.png").write_bytes((shop / "pictures" / "red.png").read_bytes())
    add_rows(
        shop,
        "a,t,c,pictures/gone.jpg,",
        ",t,c,pictures/red.png,",
        "b,t,c,pictures/text.jpg,",
        "c,t,c,pictures/empty.jpg,",
        "d,t,c,pictures,",
        "e,t,c,../shop/secret.png,",
        "f,t,c,../../secret.png,",
        "red,t,Blue things,pictures/red.png,",
        "g,t,c,pictures/red.png,",
    )
    seen: list[int] = []
    report = build(shop, fake_bundle, on_problem=lambda problem: seen.append(problem.line))
    assert report.products == 8
    problems = {problem.line: problem.problem for problem in report.problems}
    assert list(problems) == [8, 9, 10, 11, 12, 14, 15] and sorted(seen) == list(problems)
    for line, words in {
        8: "no such file",
        9: "product_id is empty",
        10: "not an image",
        11: "empty",
        12: "not a regular file",
        14: "leads out of the folder",
        15: "'Red things' on line 2",
    }.items():
        assert words in problems[line]


def test_images_may_be_elsewhere(shop: Path, fake_bundle: Bundle) -> None:
    shutil.move(shop / "pictures", shop / "elsewhere")
    with pytest.raises(CatalogueError, match=r"no usable row .*no such file.* and 5 more"):
        build(shop, fake_bundle)
    (shop / "elsewhere" / "pictures").symlink_to(shop / "elsewhere")
    assert build(shop, fake_bundle, images=shop / "elsewhere").products == 6
    with pytest.raises(CatalogueError, match="no such folder of images"):
        build(shop, fake_bundle, images=shop / "nowhere")


def test_a_second_build_counts_on_and_keeps_the_first_for_rollback(shop: Path, fake_bundle: Bundle) -> None:
    assert build(shop, fake_bundle).sequence == 1
    add_rows(shop, "new,t,c,pictures/red.png,")
    assert build(shop, fake_bundle).sequence == 2
    assert StoreFolder(shop / "store").previous() == "00000001"


def test_a_build_that_fails_leaves_the_old_store(shop: Path, fake_bundle: Bundle) -> None:
    build(shop, fake_bundle)
    (shop / "catalogue.csv").write_text("product_id,title,category,image\nx,t,c,gone.png\n")
    with pytest.raises(CatalogueError, match="nothing was built"):
        build(shop, fake_bundle)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(shop, fake_bundle, progress=stop)
    report = verify_store(shop / "store")
    assert report.ok and (report.sequence, report.products) == (1, 6)
    assert list((shop / "store" / "generations").iterdir()) == [shop / "store" / "generations" / "00000001"]


def test_a_damaged_store_is_replaced(shop: Path, fake_bundle: Bundle) -> None:
    build(shop, fake_bundle)
    (shop / "store" / "generations" / "00000001" / "shard.sqlite").write_text("junk")
    assert build(shop, fake_bundle).products == 6
    with Store.open(shop / "store") as store:
        assert store.generation == "00000002"


def test_a_place_that_cannot_be_written_is_found_out_before_the_work(shop: Path, fake_bundle: Bundle) -> None:
    (shop / "store").write_text("a file")
    worked: list[int] = []
    with pytest.raises(StoreError, match="store is as it was"):
        build(shop, fake_bundle, progress=lambda done, total: worked.append(done))
    assert worked == []


def test_a_name_that_no_shard_may_hold_costs_its_row_alone(shop: Path, fake_bundle: Bundle) -> None:
    add_rows(shop, f"{'x' * 5000},Title,Red things,pictures/red.png,dark")
    report = build(shop, fake_bundle)
    assert [p.problem for p in report.problems] == ["product_id must have 1 to 4096 characters"]
    assert report.products == 6 and verify_store(shop / "store").ok


def test_the_server_finds_nothing_new_in_what_was_built_here(shop: Path, fake_bundle: Bundle) -> None:
    """The same file and bundle, built on a device and imported by a server, are the same products."""
    build(shop, fake_bundle)
    catalogue = SqliteCatalogue.create(shop / "catalogue.sqlite", space_of(fake_bundle))
    assert import_store(catalogue, shop / "store") == 6
    report = Importer(catalogue, lambda: Encoder.open(fake_bundle, detects=False).enrol, shop).run(
        shop / "catalogue.csv"
    )
    assert (report.added_or_changed, report.unchanged, report.sequence, report.errors) == (0, 6, 6, [])
    catalogue.close()
