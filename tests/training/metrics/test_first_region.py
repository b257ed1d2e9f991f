"""What a shop's picture is taken to be about, judged by its category and by what is not white."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.types import Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.first_region import first_regions


@pytest.fixture
def bag(tmp_path: Path) -> Sample:
    """A black square at (20, 30, 40, 40) on white."""
    pixels = np.full((100, 80, 3), 255, np.uint8)
    pixels[30:70, 20:60] = 0
    Image.fromarray(pixels).save(tmp_path / "bag.png")
    return Sample(tmp_path / "bag.png", "val", "shop", category="bag")


def judged(sample: Sample, *found: Detection) -> tuple[float, float]:
    figures = first_regions([sample], {sample.image: found}, 0.4)["bag"]
    assert figures["pictures"] == 1
    return figures["right"], figures["fits"]


def test_group_and_box_of_the_most_prominent_region_count(bag: Sample) -> None:
    right = Detection((20, 30, 40, 40), "bag", 0.9)
    assert judged(bag, right) == (1, 1)
    assert judged(bag, right, Detection((0, 0, 80, 100), "dress", 0.9)) == (0, 0)
    assert judged(bag, Detection((20, 30, 40, 20), "bag", 0.9)) == (1, 0)


def test_without_a_region_nothing_is_right(bag: Sample) -> None:
    assert judged(bag) == judged(bag, Detection((20, 30, 40, 40), "bag", 0.3)) == (0, 0)


def test_worn_garments_are_judged_by_group_alone_and_other_categories_not_at_all(bag: Sample) -> None:
    worn = Sample(bag.image, "val", "shop", category="trousers")
    other = Sample(bag.image, "val", "shop", category="other")
    found = {bag.image: [Detection((0, 0, 5, 5), "shorts", 0.9)]}
    assert first_regions([worn, other], found, 0.4) == {"trousers": {"pictures": 1, "right": 1.0}}
