"""Boxes by a detector that is told what is on a photo; they reach a training, and only training photos do."""

import argparse
import csv

import numpy as np
import pytest
import torch

from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection
from pocketshelf_training.data.goods import not_ground
from pocketshelf_training.data.protocol import DataMissing, Sample
from pocketshelf_training.data.street import load_tagged
from pocketshelf_training.detector import tagged_boxes
from pocketshelf_training.detector.tagged_boxes import Known, agreed, chosen, known_of, look
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import GROUPS, Detector
from pocketshelf_training.samplers.sources import more_photos

HAT = Detection((10.0, 0.0, 10.0, 10.0), "hat", 0.2)
SHOES = Detection((10.0, 80.0, 20.0, 10.0), "footwear", 0.9)
BAG = Detection((50.0, 40.0, 20.0, 20.0), "bag", 0.95)


def test_only_what_is_known_to_be_there_is_kept():
    known = Known(((("footwear",), 1), (("hat",), 1)))
    assert chosen([BAG, SHOES, HAT], known) == [SHOES, HAT]


def test_a_photo_whose_garment_is_seen_nowhere_is_left_out():
    assert chosen([BAG, SHOES], Known(((("footwear",), 1), (("hat",), 1)))) is None
    assert chosen([SHOES], Known(((("footwear",), 1), (("accessory",), 2)))) == [SHOES]


def test_no_more_things_than_tags():
    other = Detection((60.0, 60.0, 9.0, 9.0), "footwear", 0.8)
    assert chosen([SHOES, other], Known(((("footwear",), 1),))) == [SHOES]
    assert chosen([SHOES, other, BAG], Known(((("footwear",), 2),))) == [SHOES, other]


def test_what_is_possible_needs_a_surer_score():
    assert chosen([SHOES, HAT], Known(((("footwear",), 1),), (("hat",),))) == [SHOES]


def test_of_two_names_of_one_garment_the_better_scored_one_is_kept():
    shorts, trousers = (
        Detection((0.0, 0.0, 9.0, 9.0), g, s) for g, s in (("shorts", 0.7), ("trousers", 0.6))
    )
    assert chosen([shorts, trousers], Known(((("trousers", "shorts"), 1),))) == [shorts]


def test_views_agree_on_one_box_and_its_mean_score():
    moved = Detection((12.0, 80.0, 20.0, 10.0), "footwear", 0.3)
    (found, lone) = agreed([[SHOES], [moved, HAT]])
    assert (found.group, lone.group) == ("footwear", "hat")
    assert found.score == pytest.approx(0.6)
    assert found.box == pytest.approx((10.5, 80.0, 20.0, 10.0))
    assert lone.score == pytest.approx(0.1)


def test_a_mirrored_view_comes_back():
    class LeftOnly:
        def detect(self, photo):
            return [Detection((0.0, 0.0, 10.0, 10.0), "hat", 0.8)]

    photo = Photo(np.zeros((40, 100, 3), np.uint8), 100, 40)
    assert sorted(found.box for found in look(photo, [LeftOnly()])) == [(0, 0, 10, 10), (90, 0, 10, 10)]


def test_tags_and_categories_say_which_groups(tmp_path):
    photo = Sample(tmp_path, "train", "street", attributes={"tags": "jeans|blouse|sunglasses|skin|t-shirt"})
    assert known_of(photo) == Known(((("accessory",), 1), (("trousers",), 1), (("upper",), 2)))
    assert known_of(Sample(tmp_path, "train", "shop", category="bag")).present == ((("bag",), 1),)


def test_the_box_of_what_stands_on_white():
    picture = np.full((60, 80, 3), 255, np.uint8)
    picture[20:50, 30:60] = 90
    picture[3, 3] = 0
    assert not_ground(picture) == (30, 20, 30, 30)
    assert not_ground(np.full((9, 9, 3), 255, np.uint8)) is None


def test_the_command_writes_what_a_training_reads(drawn_data, tmp_path):
    model = Detector(size=64)
    checkpoint, out = tmp_path / "sure.safetensors", tmp_path / "boxes.csv"
    sure = torch.tensor([6.0 * (group in ("outerwear", "footwear", "bag")) for group in GROUPS])
    state = {n: v + sure if n.endswith("score.bias") else v for n, v in model.state_dict().items()}
    save_checkpoint(checkpoint, "detector", model.config, state)
    parser = argparse.ArgumentParser()
    tagged_boxes.add_arguments(parser)
    args = [f"--checkpoint={checkpoint}", f"--out={out}", f"--data={drawn_data}", "--sizes", "64"]
    assert tagged_boxes.run(parser.parse_args([*args, "--of", "street", "shop"])) == 0
    tags = {sample.image: sample.attributes["tags"] for sample in load_tagged(drawn_data)}
    photos = more_photos(out, drawn_data)
    street = {photo.image: photo for photo in photos if photo.image in tags}
    assert {GROUPS[group] for photo in street.values() for group in photo.groups} == {"outerwear", "footwear"}


def test_a_garment_at_home_is_of_its_label_s_group(drawn_data):
    (hoodie,) = tagged_boxes.photos(
        drawn_data, ["clothing"], 9
    )  # "Not sure" has no group, the hat is kept apart
    assert known_of(hoodie) == Known(((("upper",), 1),))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("street/photos/0009.jpg,hat", "no training photo"),
        ("clothing/photos/c.jpg,hat", "no training photo"),
        ("street/photos/none.jpg,hat", "no training photo"),
        ("street/photos/0001.jpg,crown", "no group 'crown'"),
    ],
)
def test_photos_kept_apart_and_unknown_groups_are_refused(drawn_data, tmp_path, row, reason):
    path = tmp_path / "boxes.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["photo", "group", *"xywh"], [*row.split(","), 1, 1, 5, 5]])
    with pytest.raises(DataMissing, match=f"line 2: .*{reason}"):
        more_photos(path, drawn_data)
