"""A wardrobe for dressing on the device: what is cut out, what is worn, and what a batch makes of both."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch
from studio_folders import real_folder

from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.data.wardrobe import PERSON_SIDE
from pocketshelf_training.samplers.device_dressing import Drawn, Wardrobe, blobs, on_white, placed
from pocketshelf_training.studio.prepare import wardrobe
from pocketshelf_training.studio.scene.grabbed import grabbed

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wardrobe of the drawn folder's garments and people."""
    root = tmp_path_factory.mktemp("wardrobe")
    data = real_folder(root / "data")
    parser = argparse.ArgumentParser()
    wardrobe.add_arguments(parser)
    wardrobe.run(parser.parse_args(["--data", str(data), "--out", str(root / "made")]))
    return root / "made"


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator(CPU).manual_seed(seed)


def test_every_garment_has_someone_who_could_wear_it(folder: Path) -> None:
    made = Wardrobe(folder, CPU)
    drawn = made.draw(np.random.default_rng(0), 4)
    assert len(drawn.flats) and len(drawn.flats) == len(drawn.people) == len(drawn.kinds)
    assert drawn.kinds.max() <= 1, "nothing is printed without fabrics"
    with np.load(folder / "wardrobe-train.npz") as kept:
        groups = kept["flat_group"][drawn.flats], kept["person_group"][drawn.people]
    assert (groups[0] == groups[1]).all()


def test_cloth_changes_what_is_worn_and_leaves_the_rest(folder: Path) -> None:
    made = Wardrobe(folder, CPU)
    drawn = Drawn(torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))
    made.boxes[:] = torch.tensor([0.0, 0, 1, 1])
    red = torch.zeros(1, 3, 176, 176)
    red[:, 0] = 250
    shown = made.worn(red, drawn, PERSON_SIDE, rng()).int()
    before, inside = made.people[0].int(), made.person_masks[0] > 0
    assert (shown[0][inside].float().mean(0) - torch.tensor([200.0, 30, 30])).abs().max() < 90
    far = torch.nn.functional.max_pool2d(inside[None].float(), 15, 1, 7)[0] == 0
    assert (shown[0] - before).abs()[far].float().mean() < 12


def test_another_colour_is_another_picture(folder: Path) -> None:
    made = Wardrobe(folder, CPU)
    flats = torch.zeros(2, dtype=torch.int64)
    cloth = made.cloth(Drawn(flats, torch.tensor([0, 1]), flats), rng())
    assert torch.equal(cloth[0], made.flats[0].permute(2, 0, 1).float())
    assert (cloth[0] - cloth[1]).abs().mean() > 10


def test_things_stand_on_white_and_before_other_places() -> None:
    cloth, mask = torch.full((3, 3, 40, 40), 90.0), torch.ones(3, 1, 40, 40)
    white = on_white(cloth, mask, torch.tensor([0.5, 1.0, 2.0]), 64, rng())
    assert white.shape == (3, 64, 64, 3) and white[:, 0, 0].min() > 220 and (white[:, 32, 32] == 90).all()
    grounds = torch.full((3, 64, 64, 3), 200, dtype=torch.uint8)
    there = placed(cloth, mask, torch.ones(3), grounds, rng())
    share = (there.float().mean(-1) < 120).float().mean((1, 2))
    assert (share > 0.05).all() and (share < 0.95).all()


def test_a_part_of_a_photo_is_a_thing_of_one_piece() -> None:
    photo = torch.randint(0, 255, (2, 32, 32, 3), dtype=torch.uint8, generator=rng())
    colours, mask = blobs(photo, 48, rng())
    assert colours.shape == (2, 3, 48, 48)
    assert (mask[:, :, 24, 24] == 1).all() and (mask[:, :, 0, 0] == 0).all()


def test_a_thing_in_the_middle_is_cut_out() -> None:
    pixels = np.full((120, 100, 3), (200, 200, 190), np.uint8)
    pixels += np.random.default_rng(0).integers(0, 12, pixels.shape, np.uint8)
    pixels[30:90, 25:75] = (150, 20, 30)
    found = grabbed(pixels)
    assert found is not None
    assert abs(found.width - 50) <= 6 and abs(found.height - 60) <= 6
    assert grabbed(np.full((80, 80, 3), 127, np.uint8)) is None


def test_a_folder_without_a_wardrobe_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="prepare wardrobe"):
        Wardrobe(tmp_path, CPU)
