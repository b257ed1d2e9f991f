"""Garments on people: the mask limits where, the seed says how, the splits stay apart."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio_folders import real_folder

from pocketshelf_training.data.catalog import load_data_set
from pocketshelf_training.studio.prepare.dressed import prepare
from pocketshelf_training.studio.scene.dressing import Person, dressed, people, recoloured


def worn(folder: Path) -> Person:
    """A grey person before green, whose cloth is a rectangle with an arm (another label) before it."""
    photo = np.full((160, 120, 3), (40, 160, 40), np.uint8)
    mask = np.zeros((160, 120), np.uint8)
    mask[40:120, 30:90] = 13
    mask[70:80, 30:60] = 41
    photo[mask > 0] = 128
    Image.fromarray(photo).save(folder / "photo.png")
    Image.fromarray(mask).save(folder / "mask.png")
    return Person(folder / "photo.png", folder / "mask.png", 13, "upper", (30, 40, 60, 80))


def garment() -> Image.Image:
    """Red above blue, with sleeves at its sides."""
    pixels = np.zeros((100, 140, 4), np.uint8)
    pixels[:, 40:100] = (220, 20, 20, 255)
    pixels[50:, 40:100, :3] = (20, 20, 220)
    pixels[5:30, 5:135] = (220, 20, 20, 255)
    return Image.fromarray(pixels)


def test_cloth_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    person = worn(tmp_path)
    photo = dressed(garment(), person, np.random.default_rng(0))
    assert photo is not None
    before, after = np.asarray(Image.open(person.image)).astype(int), np.asarray(photo).astype(int)
    assert after[45:65, 45:75, 0].min() > 100 and after[100:115, 45:75, 2].min() > 100
    assert np.abs(after[72:78, 34:56] - before[72:78, 34:56]).max() < 12, "the arm is before the cloth"
    assert np.abs(after[:34] - before[:34]).max() == 0


def test_what_is_in_pieces_is_worn_by_nobody(tmp_path: Path) -> None:
    person = worn(tmp_path)
    mask = np.zeros((160, 120), np.uint8)
    mask[40:70, 30:90] = mask[100:130, 30:90] = 13
    Image.fromarray(mask).save(person.mask)
    assert dressed(garment(), person, np.random.default_rng(0)) is None


def test_another_colour_keeps_the_outline() -> None:
    changed = recoloured(garment(), np.random.default_rng(1))
    assert np.array_equal(np.asarray(changed)[..., 3], np.asarray(garment())[..., 3])
    assert np.abs(np.asarray(changed)[..., :3].astype(int) - np.asarray(garment())[..., :3]).max() > 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_folder(tmp_path_factory.mktemp("dressed") / "data")


def test_the_list_is_a_data_set_and_repeatable(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare(tmp_path / name, 20, 2, 3, folder)
    samples = load_data_set("pairs", tmp_path / "one")
    assert {s.domain for s in samples} == {"shop", "street"}
    rows = list(csv.DictReader((tmp_path / "one/pairs.csv").open()))
    assert {row["item_id"].rsplit("-", 1)[1] for row in rows} <= {"own", "recoloured", "printed"}
    own = {row["item_id"] for row in rows if row["item_id"].endswith("own")}
    assert all(row["variant_of"] in own for row in rows if row["variant_of"])
    for row in rows:
        pictures = [(tmp_path / name / row["image"]).read_bytes() for name in ("one", "two")]
        assert pictures[0] == pictures[1]


def test_splits_share_no_person_and_no_garment(folder: Path, tmp_path: Path) -> None:
    wearers = {
        split: {p.image for ps in people(split, folder).values() for p in ps} for split in ("train", "val")
    }
    assert wearers["train"] and wearers["val"] and not wearers["train"] & wearers["val"]
    prepare(tmp_path / "train", 20, 1, 3, folder)
    prepare(tmp_path / "val", 20, 1, 3, folder, "val")
    items = [
        {row["item_id"] for row in csv.DictReader((tmp_path / split / "pairs.csv").open())}
        for split in ("train", "val")
    ]
    assert items[0] and not items[0] & items[1]
