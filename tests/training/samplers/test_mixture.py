"""Which pictures an epoch shows: reproducible, balanced, and training photos only."""

import collections

import numpy as np
import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.data import goods, street
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.models.detector import GROUPS
from pocketshelf_training.samplers.mixture import GOODS, Mixture, Order, repeat_factors
from pocketshelf_training.samplers.mixture_batches import PlanSampler
from pocketshelf_training.samplers.sources import (
    PhotoCache,
    garment_photos,
    given_photos,
    goods_photos,
    instance,
    street_photos,
)

HAT = GROUPS.index("hat")


@pytest.fixture
def mixture(drawn_data) -> Mixture:
    return Mixture(
        photos={"street": street_photos(drawn_data), "goods": [], "garment": []},
        cut_outs=goods.load_cut_outs(drawn_data),
        grounds=[photo.image for photo in street_photos(drawn_data)],
        cache=PhotoCache(96),
        others=0.5,
    )


def test_labels_are_grouped_and_the_person_left_out(drawn_data):
    photos = street.load_photos("train", drawn_data)
    assert photos[0].groups == ("outerwear", "trousers", "footwear")
    assert photos[0].boxes[0].tolist() == [20, 25, 60, 60]
    assert photos[3].groups[-1] == "hat"


def test_every_group_of_a_label_is_one_of_the_ten():
    assert set(street.GROUP_OF_LABEL.values()) == set(street.GARMENT_GROUPS)
    assert (*street.GARMENT_GROUPS, "goods") == GROUPS


def test_an_unknown_label_is_named(drawn_data, tmp_path):
    (tmp_path / "street").mkdir()
    text = (drawn_data / "street" / "instances_train.json").read_text().replace('"coat"', '"toga"')
    (tmp_path / "street" / "instances_train.json").write_text(text)
    with pytest.raises(DataMissing, match="'toga' belongs to no group"):
        street.load_photos("train", tmp_path)


def test_a_csv_of_ones_own_gives_photos_with_boxes(drawn_data, tmp_path):
    image = drawn_data / "street" / "photos" / "0020.jpg"
    lines = [f"{image},{split},{group},1,2,30,40" for split in ("train", "val") for group in ("bag", "hat")]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["image,split,group,x,y,w,h", *lines]))
    (photo,) = given_photos([f"csv={path}"], drawn_data)
    assert photo.boxes.tolist() == [[1, 2, 31, 42]] * 2
    assert [GROUPS[group] for group in photo.groups] == ["bag", "hat"]
    path.write_text(path.read_text().replace("bag", "teapot"))
    with pytest.raises(UsageError, match="no group 'teapot'"):
        given_photos([f"csv={path}"], drawn_data)
    path.write_text("\n".join(["image", str(image)]))
    with pytest.raises(UsageError, match="with a box"):
        given_photos([f"csv={path}"], drawn_data)


def test_rare_groups_repeat_their_photos():
    common, rare = np.array([0]), np.array([0, HAT])
    factors = repeat_factors([common] * 15 + [rare])
    # In 1 of 16 photos, wanted in a quarter: sqrt(0.25 · 16) = 2.
    assert factors.tolist() == [1.0] * 15 + [2.0]


def test_a_plan_holds_all_of_street_and_follows_from_the_seed(mixture):
    plan = mixture.plan(0, 1)
    assert plan == mixture.plan(0, 1)
    assert plan != mixture.plan(0, 2)
    assert plan != mixture.plan(1, 1)
    counts = collections.Counter(order.source for order in plan)
    assert counts["composite"] == 4
    assert {order.index for order in plan if order.source == "street"} == set(range(8))


def test_pictures_follow_from_their_seed(mixture):
    for order in (Order("street", 3), Order("composite", 0)):
        for seed in range(12):
            first, second = (mixture.make(order, 64, np.random.default_rng(seed), 1.0) for _ in range(2))
            assert first.image.size == (64, 64)
            assert first.image.tobytes() == second.image.tobytes()
            assert (first.boxes == second.boxes).all()
            assert len(first.boxes) == len(first.groups)
            assert ((first.boxes >= 0) & (first.boxes <= 64)).all()


def test_composites_have_goods(mixture):
    found = [mixture.make(Order("composite", 0), 96, np.random.default_rng(s), 0.0).groups for s in range(20)]
    assert sum(GOODS in groups for groups in found) >= 18


def test_a_garment_alone_stands_on_a_light_ground(mixture):
    made = [mixture._raw(Order("alone", 0), np.random.default_rng(seed), 0.0) for seed in range(20)]
    assert all(len(picture.boxes) == 1 for picture in made)
    for picture in made:
        pixels = np.array(picture.image)
        x0, y0, x1, y1 = (int(side) for side in picture.boxes[0])
        assert (x1 - x0) * (y1 - y0) > 0.03 * pixels[..., 0].size
        pixels[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = 255
        assert pixels.min() > 150
    assert HAT in {int(picture.groups[0]) for picture in made}


def test_a_plan_asks_for_garments_alone_and_for_further_photos(mixture):
    assert not {"alone", "more"} & {order.source for order in mixture.plan(0, 0)}
    mixture.photos["more"] = mixture.street[:3]
    mixture.alone, mixture.more = 0.5, 0.25
    counts = collections.Counter(order.source for order in mixture.plan(0, 0))
    assert (counts["alone"], counts["more"]) == (4, 2)
    order = Order("more", 2)
    assert set(mixture.make(order, 64, np.random.default_rng(0), 0.0).groups) <= set(mixture.street[2].groups)


def test_a_garment_is_cut_out_by_its_mask(mixture):
    piece = instance(mixture.street[0], 0, mixture.cache)
    scale = 96 / 120
    assert piece.size == pytest.approx((40 * scale, 35 * scale), abs=2)
    assert np.asarray(piece)[5:-5, 5:-5, 3].min() == 255


def test_batches_are_padded_complete_and_in_order(mixture):
    plan = mixture.plan(0, 0)
    sampler = PlanSampler(mixture, plan, 3, 64, 0.0, (0, 0))
    made = list(sampler.batches(0, sampler.steps))
    assert len(made) == len(plan) // 3
    again = PlanSampler(mixture, plan, 3, 64, 0.0, (0, 0))
    for one, other in zip(made, map(again.batch, range(again.steps)), strict=True):
        assert one.images.shape == (3, 64, 64, 3)
        assert one.boxes.shape[:2] == one.groups.shape
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def test_boxes_from_a_csv(drawn_data, tmp_path):
    (tmp_path / "goods.csv").write_text("photo,x,y,w,h\nphotos/train-1.jpg,4,5,20,30\n")
    (photo,) = goods_photos(tmp_path / "goods.csv", drawn_data)
    assert photo.boxes.tolist() == [[4, 5, 24, 35]]
    assert photo.groups.tolist() == [GOODS]
    (tmp_path / "garments.csv").write_text(
        "photo,x,y,w,h\nphotos/a.jpg,0,0,9,9\nclothing/photos/b.jpg,0,0,9,9\n"
    )
    (photo,) = garment_photos(tmp_path / "garments.csv", drawn_data)  # "Not sure" has no group
    assert photo.groups.tolist() == [GROUPS.index("upper")]


@pytest.mark.parametrize("name", ["photos/val-1.jpg", "photos/none.jpg", "iconic/1.jpg"])
def test_photos_kept_apart_are_refused(drawn_data, tmp_path, name):
    (tmp_path / "goods.csv").write_text(f"photo,x,y,w,h\n{name},4,5,20,30\n")
    with pytest.raises(DataMissing, match=r"line 2: .* no training photo of grocery"):
        goods_photos(tmp_path / "goods.csv", drawn_data)
