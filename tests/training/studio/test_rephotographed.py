"""Flat prints photographed again: splits share no picture, a seed is a photo, corners lie as said."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf_training.data import pairs
from pocketshelf_training.studio.prepare.rephotographed import prepare, prints
from pocketshelf_training.studio.scene.flat_prints import Print, draw_print
from pocketshelf_training.studio.scene.rephotograph import homography, laid_into, rephotographed


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Thirty photos of noise with their tags."""
    folder = tmp_path / "street"
    (folder / "photos").mkdir(parents=True)
    with (folder / "tags.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["photo", "tags"])
        for number in range(30):
            noise = np.random.default_rng(number).integers(0, 256, (12, 9, 3)).astype(np.uint8)
            Image.fromarray(noise).resize((180, 240)).save(folder / "photos" / f"{number:02d}.jpg")
            writer.writerow([f"photos/{number:02d}.jpg", "dress"])
    return tmp_path


def test_a_homography_maps_the_corners_it_is_of() -> None:
    source = np.array([(0, 0), (10, 0), (10, 20), (0, 20)], float)
    target = np.array([(3, 4), (50, 9), (44, 70), (-5, 60)], float)
    mapped = np.c_[source, np.ones(4)] @ homography(source, target).T
    assert np.allclose(mapped[:, :2] / mapped[:, 2:], target)


def test_a_picture_is_laid_where_its_corners_are() -> None:
    scene = Image.new("RGB", (100, 100), "black")
    corners = np.array([(20, 30), (80, 30), (80, 90), (20, 90)], float)
    mask = laid_into(scene, Image.new("RGB", (30, 30), "white"), corners)
    pixels = np.asarray(scene)
    assert pixels[60, 50].min() > 250 and pixels[10, 10].max() == 0
    assert abs((mask > 0).mean() - 0.36) < 0.03


def test_a_seed_is_a_photo_and_variants_share_most(street: Path) -> None:
    photos = tuple((street / "street" / "photos").iterdir())[:3]
    first, same, other = (np.asarray(draw_print(Print(photos, 7, v)), int) for v in (0, 0, 1))
    assert np.array_equal(first, same)
    changed = (np.abs(first - other).max(axis=2) > 30).mean()
    assert 0.01 < changed < 0.6
    shots = [
        np.asarray(
            rephotographed(
                Image.fromarray(first.astype(np.uint8)),
                Image.new("RGB", (64, 48)),
                [],
                (160, 120),
                np.random.default_rng(3),
            )[0]
        )
        for _ in range(2)
    ]
    assert np.array_equal(*shots) and shots[0].shape == (120, 160, 3)


def test_no_two_splits_share_a_photo(street: Path) -> None:
    used = {}
    for split in ("train", "val", "test"):
        made, grounds = prints(street, 6, 1, split)
        shown = {picture for print_ in made for picture in print_.pictures}
        assert not shown & set(grounds)
        used[split] = shown | set(grounds)
    assert not used["train"] & used["val"] and not used["val"] & used["test"]
    with pytest.raises(UsageError, match="suffice"):
        prints(street, 500, 1, "val")


def test_what_is_prepared_is_a_data_set_of_pairs(street: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare(out, 4, 1, 1, street, "val")
    samples = pairs.load(out)
    assert sum(s.domain == "shop" for s in samples) == 4 == sum(s.domain == "street" for s in samples)
    assert all(s.image.is_file() and s.category == "Cover" and s.split == "val" for s in samples)
