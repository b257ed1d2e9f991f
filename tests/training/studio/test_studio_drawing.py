"""What the studio says of a picture is what the picture shows."""

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.studio.drawing.warp import draw_warp
from pocketshelf_training.studio.garments.cloth import dyed, material, read_close_up
from pocketshelf_training.studio.garments.collection import SPLITS, Collection, split_of
from pocketshelf_training.studio.garments.landmarks import LANDMARKS
from pocketshelf_training.studio.scene.compose import LONGEST, Shot
from pocketshelf_training.studio.scene.grounds import Grounds
from pocketshelf_training.studio.scene.laid import flat, fold
from pocketshelf_training.studio.scene.shots import shop_shot, street_shot
from pocketshelf_training.studio.wardrobe.forms import FORMS

COLLECTION = Collection(len(FORMS) * 3, 7)
SHOTS = [shop_shot(COLLECTION, index) for index in range(len(FORMS))] + [
    street_shot(COLLECTION, index, number, Grounds()) for index in range(len(FORMS)) for number in range(2)
]


def bounds(mask: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return columns[0], rows[0], columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.kind)
def test_boxes_are_tight_and_landmarks_where_they_are_said_to_be(shot: Shot) -> None:
    assert max(shot.image.size) == LONGEST
    for shown in shot.instances:
        assert shown.box == bounds(shown.extent)
        assert not (shown.seen & ~shown.extent).any()
        x, y, w, h = shown.box
        for name, (mx, my, visible) in shown.landmarks.items():
            assert name in LANDMARKS
            assert x <= mx <= x + w and y <= my <= y + h
            near = shown.seen[max(0, int(my) - 1) : int(my) + 2, max(0, int(mx) - 1) : int(mx) + 2]
            assert near.any() or not visible, name


def test_every_photo_shows_the_garment_that_it_is_about() -> None:
    shots = SHOTS[len(FORMS) :]
    assert [shot.instances[0].number for shot in shots] == [k // 2 for k in range(len(shots))]
    kinds = {shot.kind for shot in shots}
    assert {"worn", "standing"} < kinds
    assert any(len(shot.instances) > 1 for shot in shots)


def test_a_shop_pictures_box_is_around_what_is_not_white() -> None:
    dark = [
        k for k in range(COLLECTION.count)
        if {COLLECTION.garment(k).attributes.colour, COLLECTION.garment(k).attributes.second_colour}
        <= {"black", "navy", "red", "green", "teal", "burgundy", "brown", "purple", "orange", "yellow"}
    ]  # fmt: skip
    assert len(dark) > 3
    for index in dark[:6]:
        shot = shop_shot(COLLECTION, index)
        seen = bounds(np.asarray(shot.image).min(axis=2) < 170)
        assert np.abs(np.subtract(seen, shot.instances[0].box)).max() <= 4


@pytest.mark.parametrize("name", ["T-shirt", "dress", "trousers", "skirt"])
def test_a_shop_pictures_landmarks_are_left_and_right_above_each_other(name: str) -> None:
    index = [form.name for form in FORMS].index(name)
    marks = shop_shot(COLLECTION, index).instances[0].landmarks
    sides = {mark.rsplit(" ", 1)[0] for mark in marks if mark.endswith(" left")}
    assert {"hem"} < sides
    for place in sides:
        assert marks[f"{place} left"][0] < marks[f"{place} right"][0]
        assert marks[f"{place} left"][1] == pytest.approx(marks[f"{place} right"][1], abs=1)
    above = "collar" if name in ("T-shirt", "dress") else "waist"
    assert marks[f"{above} left"][1] < marks["hem left"][1]


def test_attributes_are_only_those_a_garment_has() -> None:
    labels = {form.name: COLLECTION.garment(k).labels() for k, form in enumerate(FORMS)}
    assert set(labels["shirt"]) == {"sleeve", "neckline", "closure", "length", "pattern", "colour"}
    assert set(labels["trousers"]) == {"closure", "length", "pattern", "colour"}
    assert set(labels["cap"]) == {"pattern", "colour"}


def test_points_and_pictures_are_warped_alike() -> None:
    rng = np.random.default_rng(3)
    for _ in range(12):
        warp = draw_warp((200, 260), (240, 320), np.array((0.5, 0.5)), rng, turn=0.5)
        points = rng.uniform((40, 50), (160, 210), (20, 2))
        assert np.abs(warp.back(warp.forward(points)) - points).max() < 0.3
        dot = Image.new("L", (200, 260))
        dot.paste(255, (98, 98, 103, 103))
        (seen,) = warp.apply([dot])
        rows, columns = np.nonzero(np.asarray(seen) > 127)
        middle = warp.forward(np.array([[100.5, 100.5]]))[0]
        assert np.abs(middle - (columns.mean() + 0.5, rows.mean() + 0.5)).max() < 1.5


def test_a_fold_moves_what_it_turns_and_hides_what_it_covers() -> None:
    moved = hidden = 0
    for number in range(8):
        layer = flat(0, COLLECTION.garment(0), 100.0)
        folded = fold(layer, np.random.default_rng(number))
        before, after = layer.pieces[0], folded.pieces[0]
        assert after.extent.sum() < before.extent.sum()
        hidden += len(after.hidden)
        for name, (x, y) in after.marks.items():
            moved += (x, y) != before.marks[name]
            assert after.extent[min(int(y), after.extent.shape[0] - 1), int(x)] > 0.3, name
    assert moved and hidden


def test_the_cloth_is_the_same_at_every_size() -> None:
    for index in range(COLLECTION.count):
        garment = COLLECTION.garment(index)
        if garment.attributes.pattern in ("striped", "checkered", "zigzag"):
            weave = material(garment).weave
            small, large = (
                weave((side, side), side / 1.5, 1.0, np.random.default_rng(side)) for side in (60, 120)
            )
            halved = large.reshape(60, 2, 60, 2, 3).mean((1, 3))
            assert np.abs(halved - small).mean() < 0.05


def test_a_close_up_is_dyed_in_the_garments_colours(tmp_path) -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, ::4] = (90, 160, 230)
    Image.fromarray(pixels).resize((256, 256), Image.Resampling.NEAREST).save(tmp_path / "x.png")
    share, _ = read_close_up(tmp_path / "x.png")
    red, white = np.array([0.8, 0.1, 0.1], np.float32), np.ones(3, np.float32)
    cloth = dyed(share, "striped", red, white)
    assert np.median(cloth.reshape(-1, 3), axis=0) == pytest.approx(red, abs=0.05)
    assert cloth[..., 1].max() > 0.8


def test_splits_are_of_fixed_shares_and_known_by_number_and_seed() -> None:
    splits = [split_of(index, 3) for index in range(80)]
    assert [splits.count(split) for split in SPLITS] == [60, 10, 10]
    assert splits != [split_of(index, 4) for index in range(80)]
    assert Collection(80, 3).split(17) == Collection(500, 3).split(17) == splits[17]


def test_an_unknown_number_is_refused() -> None:
    with pytest.raises(IndexError, match="there are 57"):
        COLLECTION.garment(57)
