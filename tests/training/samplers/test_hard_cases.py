"""Harder photos keep their boxes around what they were around."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.data.plain_csv import load
from pocketshelf_training.samplers.hard_cases import HARD_CASES, close_up, from_afar, harder, two_people
from pocketshelf_training.samplers.pictures import Picture
from pocketshelf_training.studio.prepare.hard_cases import prepare


def person(red: int, size: tuple[int, int] = (100, 160)) -> Picture:
    """A black photo with one garment, a rectangle of this red."""
    image, box = Image.new("RGB", size), (30, 40, 70, 120)
    image.paste((red, 0, 0), box)
    return Picture(image, np.array([box], np.float32), np.array([1]))


def inside(picture: Picture) -> list[float]:
    """Mean red of each box's inner part."""
    pixels = np.asarray(picture.image)[..., 0].astype(float)
    found = []
    for x0, y0, x1, y1 in picture.boxes:
        dx, dy = (x1 - x0) / 5, (y1 - y0) / 5
        found.append(pixels[int(y0 + dy) : int(y1 - dy), int(x0 + dx) : int(x1 - dx)].mean())
    return found


@pytest.mark.parametrize("seed", range(10))
def test_two_people_stand_side_by_side(seed: int) -> None:
    made = two_people(person(250), person(120), np.random.default_rng(seed))
    assert sorted(inside(made)) == pytest.approx([120, 250], abs=3)
    (a, b) = made.boxes[made.boxes[:, 0].argsort()]
    assert a[2] <= b[0]  # no one in front of the other


@pytest.mark.parametrize("seed", range(10))
def test_a_close_crop_shows_its_garment_larger(seed: int) -> None:
    made = close_up(person(250), person(0), np.random.default_rng(seed))
    assert inside(made) == pytest.approx([250], abs=3)
    whole = person(250)
    part = made.boxes[0, 2:] - made.boxes[0, :2]
    assert part.prod() / np.prod(made.image.size) > 3200 / np.prod(whole.image.size)


@pytest.mark.parametrize("seed", range(10))
def test_from_afar_everything_is_small(seed: int) -> None:
    made = from_afar(person(250), person(0), np.random.default_rng(seed))
    assert made.image.size == (100, 160)
    assert inside(made) == pytest.approx([250], abs=3)
    width, height = made.boxes[0, 2:] - made.boxes[0, :2]
    assert 12 <= width <= 23 and 25 <= height <= 45


def test_a_photo_without_boxes_and_a_photo_of_one_pixel_pass() -> None:
    for size in ((100, 160), (1, 1)):
        bare = Picture(Image.new("RGB", size), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
        for make in HARD_CASES.values():
            assert len(make(bare, bare, np.random.default_rng(0)).boxes) == 0


def test_harder_gives_a_square_and_follows_from_its_seed() -> None:
    first, second = (harder(person(250), person(120), 64, np.random.default_rng(5)) for _ in range(2))
    assert first.image.size == (64, 64)
    assert first.image.tobytes() == second.image.tobytes() and (first.boxes == second.boxes).all()


def test_the_prepared_folder_is_a_data_set_of_the_photos_kept_apart(drawn_data: Path, tmp_path: Path) -> None:
    assert prepare(tmp_path, 0, str(drawn_data)) == 6 + 7  # two photos, three cases; seven garments
    assert sorted(load(tmp_path / "alone")[0].boxes)[0][0] in ("outerwear", "trousers", "footwear", "hat")
    for case in ("two-people", "close-crop", "from-afar"):
        samples = load(tmp_path / case)
        assert {sample.image.name for sample in samples} == {"0008.jpg", "0009.jpg"}
        assert {sample.split for sample in samples} == {"val"}
    with (tmp_path / "two-people" / "photos.csv").open() as stream:
        groups = [row["group"] for row in csv.DictReader(stream)]
    assert groups.count("hat") == 2  # the one photo's hat, once in each picture
    before = (tmp_path / "from-afar" / "0008.jpg").read_bytes()
    prepare(tmp_path, 0, str(drawn_data))
    assert (tmp_path / "from-afar" / "0008.jpg").read_bytes() == before
