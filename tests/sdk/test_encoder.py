"""The vectors of pictures, without a look at what is in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError, PhotoError
from pocketshelf.formats import Bundle
from pocketshelf.stages.embed import Embedding
from pocketshelf.types import Box


@pytest.fixture
def picture(shop: Path) -> Path:
    return shop / "pictures" / "red.png"


def test_a_frame_and_a_box_have_vectors_of_their_own(picture: Path, fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle, detects=False)
    frame = encoder.embed(picture)
    assert np.array_equal(frame, encoder.encode(picture, whole=True).regions[0].embedding.vector)
    assert np.array_equal(frame, encoder.embed(picture.read_bytes()))
    assert not np.allclose(frame, encoder.embed(picture, (0.0, 0.0, 20.0, 20.0)), atol=1e-3)


def test_without_the_detector_every_photo_is_its_frame(picture: Path, fake_bundle: Bundle) -> None:
    (region,) = Encoder.open(fake_bundle, detects=False).encode(picture).regions
    assert region.detection.group == FRAME
    assert Encoder.open(fake_bundle).encode(picture).regions[0].detection.group != FRAME


@pytest.mark.parametrize("box", [(-9.0, 0.0, 9.0, 9.0), (0.0, 5000.0, 9.0, 9.0)])
def test_a_box_beside_the_photo_is_refused(picture: Path, fake_bundle: Bundle, box: Box) -> None:
    with pytest.raises(PhotoError, match="the box lies outside its"):
        Encoder.open(fake_bundle, detects=False).embed(picture, box)


@pytest.mark.parametrize("number", [0.0, np.nan])
def test_a_vector_without_direction_joins_no_gallery(
    picture: Path, fake_bundle: Bundle, number: float
) -> None:
    class Broken:
        def embed(self, photo: object, box: Box | None = None) -> Embedding:
            return Embedding(np.full(16, number, np.float32), {}, {})

    encoder = Encoder(fake_bundle, Broken())
    for make in (encoder.embed, encoder.enrol):
        with pytest.raises(BundleError, match="without direction"):
            make(picture)
