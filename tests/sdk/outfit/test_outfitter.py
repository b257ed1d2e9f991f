"""What goes with a garment: roles, candidates, fusion, variety, reasons."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_models import DIMENSION, make_bundle
from outfit_things import blank, make_colours, make_head, make_looks, make_outfit_bundle, make_shop, photo_of
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError, PhotoError, StoreError, UsageError
from pocketshelf.formats import Bundle
from pocketshelf.formats.bundle import load_bundle, write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.product import Product
from pocketshelf.outfit import Looks, OutfitHead, save_head
from pocketshelf.outfit.outfitter import fused, unlike
from pocketshelf.outfit.roles import PARTNERS, ROLES, role_of, role_of_category, roles_of_categories
from pocketshelf.stages.colours import histograms
from pocketshelf.stages.outfit import Shelves
from pocketshelf.store import Store


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_outfit_bundle(tmp_path / "bundle")


@pytest.fixture
def store(tmp_path: Path, bundle: Bundle) -> Path:
    return make_shop(tmp_path / "shop", bundle)


def test_what_goes_with_an_upper_are_the_roles_that_the_store_has(
    tmp_path: Path, bundle: Bundle, store: Path
) -> None:
    with Retriever.open(store, bundle) as retriever:
        result = retriever.outfit(photo_of("green", tmp_path / "green.png"))
    assert result.role == "upper" and result.region.group == "upper" and result.looks == 0
    assert {p.role: {h.hit.product_id for h in p.hits} for p in result.partners} == {
        "lower": {"red", "scarlet", "green"},
        "footwear": {"blue", "lime"},
    }
    for partners in result.partners:
        assert all(hit.looks == () for hit in partners.hits)
        assert partners.hits[0].compatibility == max(hit.compatibility for hit in partners.hits)
    assert 0 < result.outfit_ms <= result.ms.total


def test_what_categories_hold_is_looked_at_once_for_searches_and_outfits(
    tmp_path: Path, bundle: Bundle, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bundle.detector is not None
    head = GroupHead(("goods",), np.zeros((1, DIMENSION), np.float32), np.zeros(1, np.float32))
    detector = replace(bundle.detector, categories={"upper": ("Blouse",)})  # No name of the store's is known.
    bundle = write_bundle(replace(bundle, detector=detector, groups=head.to_json(bundle.space)))
    looked: list[str] = []
    real = Store.some_of
    monkeypatch.setattr(Store, "some_of", lambda self, name: looked.append(name) or real(self, name))
    with Retriever.open(store, bundle) as retriever:
        retriever.search(photo_of("green", tmp_path / "green.png"))
        once = sorted(looked)
        assert len(once) == len(set(once)) > 1
        with pytest.raises(UsageError, match="no category of this store is known as a garment's"):
            retriever.outfit(tmp_path / "green.png")
    assert sorted(looked) == once


def test_the_head_ranks_by_its_own_sums(tmp_path: Path, bundle: Bundle, store: Path) -> None:
    head = make_head()
    with Retriever.open(store, bundle) as retriever:
        result = retriever.outfit(photo_of("green", tmp_path / "green.png"), partners=["lower"])
        vector = retriever.encoder.embed(tmp_path / "green.png", result.region.box)
        for found in result.partners[0].hits:
            product = retriever.store.product(found.hit.product_id)
            assert product is not None
            partner = head.project(product.vectors.astype(np.float32), "shop")
            expected = head.compatibility("upper", head.project(vector[None])[0], "lower", partner)[0]
            assert found.compatibility == pytest.approx(
                float(expected), abs=0.02
            )  # the file has half precision


def test_what_goes_with_a_product_follows_from_what_the_store_holds(bundle: Bundle, store: Path) -> None:
    head = make_head()
    with Retriever.open(store, bundle) as retriever:
        found = retriever.outfit_for_product("blue")
        assert (found.product_id, found.role, found.looks) == ("blue", "footwear", 0)
        assert {p.role: {h.hit.product_id for h in p.hits} for p in found.partners} == {
            "lower": {"red", "scarlet", "green"}
        }
        own, other = (retriever.store.product(name) for name in ("blue", "red"))
        assert own is not None and other is not None
        asked, partner = (head.project(p.vectors.astype(np.float32), "shop") for p in (own, other))
        (red,) = [hit for hit in found.partners[0].hits if hit.hit.product_id == "red"]
        expected = head.compatibility("footwear", asked[0], "lower", partner)[0]
        assert red.compatibility == pytest.approx(float(expected), abs=0.02)
    line = json.loads(json.dumps(found.to_json()))
    assert line["role"] == "footwear" and line["partners"][0]["hits"][0]["category"] == "Jeans"


def test_palettes_are_heard_of_products_and_of_the_photo(tmp_path: Path, bundle: Bundle, store: Path) -> None:
    head = make_head(colours=make_colours())
    save_head(bundle.folder / "outfit.npz", head)
    photo = photo_of("green", tmp_path / "green.png")
    with Retriever.open(store, load_bundle(bundle.folder, check_hashes=False)) as retriever:
        result = retriever.outfit(photo, partners=["lower"])
        (region,) = [
            r for r in retriever.encoder.encode(photo).regions if r.detection.box == result.region.box
        ]
        vector = retriever.encoder.embed(photo, result.region.box)
        assert region.colours is not None
        asked = head.project(vector[None], "street", region.colours[:1])[0]
        of_product = retriever.outfit_for_product("blue", partners=["lower"])
        blue = retriever.store.product("blue")
        assert blue is not None
        for found, role, place in (
            (result, "upper", asked),
            (of_product, "footwear", _placed(head, blue)),
        ):
            for hit in found.partners[0].hits:
                product = retriever.store.product(hit.hit.product_id)
                assert product is not None and product.attributes["palette"]
                expected = head.compatibility(role, place, "lower", _placed(head, product)[None])[0]
                assert hit.compatibility == pytest.approx(float(expected), abs=0.05)
                alone = head.project(product.vectors.astype(np.float32), "shop")
                assert head.compatibility(role, place, "lower", alone)[0] != pytest.approx(expected, abs=0.05)


def _placed(head: OutfitHead, product: Product) -> np.ndarray:
    shades = histograms([product.attributes["palette"]])
    return head.project(product.vectors.astype(np.float32), "shop", shades)[0]


def test_a_product_that_is_no_garment_has_no_partners_and_an_unknown_one_is_named(
    bundle: Bundle, store: Path
) -> None:
    with Retriever.open(store, bundle) as retriever:
        milk = retriever.outfit_for_product("purple")
        assert milk.role is None and milk.partners == ()
        with pytest.raises(UsageError, match="no product 'nothing'"):
            retriever.outfit_for_product("nothing")
        with pytest.raises(UsageError, match="unknown role 'shoe'"):
            retriever.outfit_for_product("blue", partners=["shoe"])


def test_looks_speak_for_a_product_as_for_a_photo(tmp_path: Path, bundle: Bundle, store: Path) -> None:
    worn = np.ones(DIMENSION, np.float32)
    library = make_looks(tmp_path / "looks", bundle, {"one": {"footwear": worn, "lower": worn}})
    with Retriever.open(store, bundle) as retriever:
        found = retriever.outfit_for_product("blue", 1, Looks.open(library, bundle), partners=["lower"])
    assert found.looks == 1 and found.partners[0].hits[0].looks[0].look == "one"


def test_looks_speak_for_what_was_worn_in_them_and_are_named(
    tmp_path: Path, bundle: Bundle, store: Path
) -> None:
    # The same projection for both domains, so that a look's partner can be the product itself; looks decide.
    head = make_head(looks_weight=100.0, temperature=0.01)
    head.projections["shop"], head.shifts["shop"] = head.projections["street"], head.shifts["street"]
    save_head(bundle.folder / "outfit.npz", head)
    with Retriever.open(store, load_bundle(bundle.folder, check_hashes=False)) as retriever:
        photo = photo_of("green", tmp_path / "green.png")
        box = retriever.outfit(photo).region.box
        worn = retriever.encoder.embed(photo, box)
        for wanted in ("red", "scarlet"):
            product = retriever.store.product(wanted)
            assert product is not None
            vector = product.vectors[0].astype(np.float32)
            other = np.roll(worn, 3)
            library = {"near": {"upper": worn, "lower": vector}, "far": {"upper": -worn, "lower": other}}
            looks = Looks.open(make_looks(tmp_path / f"looks-{wanted}", bundle, library), bundle)
            result = retriever.outfit(photo, 1, partners=["lower"], looks=looks)
            (best,) = result.partners[0].hits
            assert best.hit.product_id == wanted and result.looks == 2
            assert best.looks[0].look == "near" and best.looks[0].image == "near.jpg"
            assert best.looks[0].garment == pytest.approx(1, abs=0.02)
            assert best.looks[0].partner == pytest.approx(1, abs=0.02)


def test_a_photo_without_such_a_garment_says_what_there_is(
    tmp_path: Path, bundle: Bundle, store: Path
) -> None:
    with Retriever.open(store, bundle) as retriever:
        with pytest.raises(PhotoError, match=r"no hat found in it \(garments found: upper\)"):
            retriever.outfit(photo_of("red", tmp_path / "red.png"), garment="hat")
        with pytest.raises(PhotoError, match="no garment found"):
            retriever.outfit(blank(tmp_path / "blank.png"))


def test_wrong_wishes_are_named(tmp_path: Path, bundle: Bundle, store: Path) -> None:
    photo = photo_of("red", tmp_path / "red.png")
    with Retriever.open(store, bundle) as retriever:
        with pytest.raises(UsageError, match="unknown role 'shoe'"):
            retriever.outfit(photo, partners=["shoe"])
        with pytest.raises(ValueError, match="top_k"):
            retriever.outfit(photo, 0)
        assert [(p.role, p.hits) for p in retriever.outfit(photo, partners=["bag"]).partners] == [("bag", ())]


def test_a_bundle_without_a_head_and_a_store_without_garments_are_named(tmp_path: Path, shop: Path) -> None:
    plain = make_bundle(tmp_path / "plain")
    build_store(shop / "catalogue.csv", shop / "store", bundle=plain)
    with (
        Retriever.open(shop / "store", plain) as retriever,
        pytest.raises(BundleError, match="no outfit head"),
    ):
        retriever.outfit(photo_of("red", tmp_path / "red.png"))
    bundle = make_outfit_bundle(tmp_path / "bundle")
    with Retriever.open(shop / "store", bundle) as retriever, pytest.raises(UsageError, match="no category"):
        retriever.outfit(photo_of("red", tmp_path / "red.png"))


def test_a_head_for_other_embeddings_is_refused(tmp_path: Path) -> None:
    bundle = make_outfit_bundle(tmp_path / "bundle", make_head(dimension=DIMENSION + 1))
    store = make_shop(tmp_path / "shop", bundle)
    with Retriever.open(store, bundle) as retriever, pytest.raises(BundleError, match="17 numbers"):
        retriever.outfit(photo_of("red", tmp_path / "red.png"))


def test_after_a_new_generation_the_new_products_are_found(
    tmp_path: Path, bundle: Bundle, store: Path
) -> None:
    photo = photo_of("red", tmp_path / "red.png")
    with Retriever.open(store, bundle) as retriever:
        before = retriever.outfit(photo)
        catalogue = store.parent / "catalogue.csv"
        catalogue.write_text(catalogue.read_text() + "\nnew,A bag,Bag,red.png")
        build_store(catalogue, store, bundle=bundle)
        assert retriever.reload()
        after = retriever.outfit(photo)
    assert "bag" not in {p.role for p in before.partners} and "bag" in {p.role for p in after.partners}


def test_a_library_of_looks_is_no_shelf(tmp_path: Path, bundle: Bundle) -> None:
    worn = np.ones(DIMENSION, np.float32)
    looks = make_looks(tmp_path / "looks", bundle, {"one": {"upper": worn, "lower": worn}})
    with pytest.raises(StoreError, match=r"looks: a library of looks, no shelf of products: .*--looks"):
        Retriever.open(looks, bundle)


def test_a_library_of_looks_is_not_replaced_by_products(tmp_path: Path, bundle: Bundle, store: Path) -> None:
    """Two runs of it, and not even the generation before had the looks."""
    worn = np.ones(DIMENSION, np.float32)
    looks = make_looks(tmp_path / "looks", bundle, {"one": {"upper": worn, "lower": worn}})
    with pytest.raises(UsageError, match=r"looks: a library of looks is there, .* another place"):
        build_store(store.parent / "catalogue.csv", looks, bundle=bundle)
    with Store.open(looks) as opened:
        assert opened.categories() == {"looks/lower": 1, "looks/upper": 1}


def test_fusion_adds_what_looks_say_in_standard_deviations() -> None:
    own = np.array([0.0, 1.0, 2.0])
    np.testing.assert_allclose(
        fused(own, np.array([3.0, 1.0, 2.0]), 0.5), own + 0.5 * np.sqrt(1.5) * np.array([1, -1, 0])
    )
    np.testing.assert_array_equal(fused(own, None, 0.5), own)
    np.testing.assert_array_equal(fused(own, np.ones(3), 0.5), own)


def test_the_second_of_two_alike_waits_for_another() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    assert unlike(np.array([3.0, 2.9, 2.5]), vectors, 3) == [0, 2, 1]
    assert unlike(np.array([3.0, 2.9, 2.5]), vectors, 3, sameness=0.0) == [0, 1, 2]
    assert unlike(np.array([3.0, 2.9]), vectors[:2], 5) == [0, 1]


def test_roles_follow_from_groups_and_from_names_of_categories() -> None:
    assert [role_of(g) for g in ("trousers", "skirt", "upper", "goods", "accessory", "frame")] == [
        "lower", "lower", "upper", None, None, None
    ]  # fmt: skip
    shelves = Shelves(
        {"upper": ["Hoodie"], "outerwear": ["Hoodie", "Coat"], "trousers": ["Jeans"], "goods": ["Milk"]}
    )
    names = ("Jeans", "Women > Coats", "Hoodies", "Milk", "Gadgets")
    assert [role_of_category(n, shelves) for n in names] == ["lower", "outerwear", "upper", None, None]
    assert roles_of_categories(dict.fromkeys(names, 1), shelves)["lower"] == ["Jeans"]
    assert all(role in PARTNERS[other] for role in ROLES for other in PARTNERS[role])
    assert "upper" not in PARTNERS["dress"] and "lower" in PARTNERS["upper"]


def test_the_shipped_models_answer_on_a_real_photo(
    real_photos: Path, trained_bundle: Path, tmp_path: Path
) -> None:
    lines = ["product_id,title,category,image"]
    photos = [
        row.split(",")[:2] for row in (real_photos / "clothing/photos.csv").read_text().splitlines()[1:]
    ]
    for label in ("Pants", "Shoes"):
        chosen = [photo for photo, name in photos if name == label][:4]
        lines += [f"{label}-{n},{label},{label},{photo}" for n, photo in enumerate(chosen)]
    (tmp_path / "catalogue.csv").write_text("\n".join(lines))
    encoder = Encoder.open(trained_bundle)
    build_store(
        tmp_path / "catalogue.csv", tmp_path / "store", images=real_photos / "clothing", encoder=encoder
    )
    with Retriever.open(tmp_path / "store", trained_bundle) as retriever:
        result = retriever.outfit(real_photos / "street/photos/0760.jpg", 3, garment="upper")
    assert [(p.role, len(p.hits)) for p in result.partners] == [("lower", 3), ("footwear", 3)]
