"""A large JPEG is decoded to what is looked at: the frame, or more where boxes or words are to be found."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.encoded import EncodedPhoto
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle
from pocketshelf.stages.embed import Embedding
from pocketshelf.types import Box


class Silent:
    """A reader that sees no words."""

    def read(self, pixels: np.ndarray) -> list[Any]:
        return []


@pytest.fixture
def large() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (4000, 3000), (200, 30, 40)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("whole", "read", "wanted"), [(True, False, 500), (False, False, 1000), (True, True, 1000)]
)
def test_the_frame_alone_takes_half_as_many_pixels_a_side(
    shop: Path, fake_bundle: Bundle, large: bytes, whole: bool, read: bool, wanted: int
) -> None:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    encoded: list[EncodedPhoto] = []
    encode = Encoder.encode

    def noted(*args: Any) -> EncodedPhoto:
        encoded.append(encode(*args))
        return encoded[-1]

    with Retriever.open(shop / "store", fake_bundle, closely=False) as retriever:
        if read:
            retriever._answering = replace(retriever._answering, reader=Silent())  # type: ignore[arg-type]
        with mock.patch.object(Encoder, "encode", noted):
            result = retriever.search(large, whole=whole)
    assert [each.photo.pixels.shape for each in encoded] == [(wanted * 3 // 4, wanted, 3)]
    assert (result.width, result.height) == (4000, 3000) and result.regions[0].hits


def test_an_embedder_of_ones_own_is_given_as_much_as_ever(fake_bundle: Bundle, large: bytes) -> None:
    class Own:
        def embed(self, photo: Any, box: Box | None = None) -> Embedding:
            assert photo.pixels.shape == (750, 1000, 3)
            return Embedding(np.ones(fake_bundle.embedder.dimension, np.float32), {}, {})

    (region,) = Encoder(fake_bundle, Own()).encode(large, whole=True, alone=True).regions
    assert region.embedding.vector.all()
