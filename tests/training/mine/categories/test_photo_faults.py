"""Photos that show too little are said to, by the filter of the phone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.formats import Bundle
from pocketshelf_training.mine.categories.purify.faults import PhotoFaults


@pytest.fixture
def photo(real_photos: Path) -> Image.Image:
    path = sorted((real_photos / "clothing" / "photos").iterdir())[0]
    return Image.open(path).convert("RGB")


def test_a_photo_in_the_dark_is_said_to_be(photo: Image.Image, fake_bundle: Bundle, tmp_path: Path) -> None:
    photo.save(tmp_path / "good.jpg")
    Image.fromarray((np.asarray(photo) * 0.06).astype(np.uint8)).save(tmp_path / "dark.jpg")
    fault = PhotoFaults(fake_bundle)
    assert fault(tmp_path / "good.jpg") == "" and fault(tmp_path / "dark.jpg").startswith("too dark")
    assert PhotoFaults(fake_bundle, size_alone=True)(tmp_path / "dark.jpg") == ""


def test_thumbnails_and_no_pictures(fake_bundle: Bundle, tmp_path: Path) -> None:
    Image.new("RGB", (300, 90)).save(tmp_path / "thin.png")
    (tmp_path / "torn.jpg").write_bytes(b"torn")
    fault = PhotoFaults(fake_bundle, size_alone=True)
    assert fault(tmp_path / "thin.png") == "300 x 90 pixels" and "not an image" in fault(
        tmp_path / "torn.jpg"
    )
