"""Products whose vectors follow from their ids, for the server's tests."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np

from pocketshelf.closely import kept_of
from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf.stages.colours import looked_at, palette_of
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.sync import Answer
from pocketshelf_server.photos import Enrolled, PhotoEmbedder
from pocketshelf_server.site import Site

DIMENSION = 16
SPACE = Space("test-space", "0123456789abcdef", "test-bundle", DIMENSION)


def make_product(
    product_id: str, seed: int = 0, category: str = "Apple", pictures: int = 1, **attributes: object
) -> Product:
    """A product whose vectors follow from its id and ``seed``."""
    digest = hashlib.sha256(f"{product_id}/{seed}".encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    vectors = quantize_vectors(rng.standard_normal((pictures, DIMENSION)))
    title, image = f"Title {product_id}", f"{product_id}.jpg"
    return Product(product_id, 0, category, title, image, vectors, attributes)


def embed_by_colour(picture: bytes | Photo, box: tuple | None = None) -> np.ndarray:
    """A stand-in for the model: the picture's mean colour, repeated; float32 (DIMENSION,)."""
    pixels = read_photo(picture).pixels
    if box is not None:
        x, y, w, h = (int(side) for side in box)
        pixels = pixels[y : y + h, x : x + w]
    vector = np.resize(pixels.reshape(-1, 3).mean(axis=0), DIMENSION).astype(np.float32) + 1
    return vector / np.linalg.norm(vector)


class ColourPhotos:
    """`pocketshelf_server.photos.Photos` in this process, by colour."""

    def check(self) -> None:
        pass

    @contextmanager
    def place(self) -> Iterator[PhotoEmbedder]:
        yield self

    def embed(self, photo: bytes, box: tuple | None = None) -> np.ndarray:
        return embed_by_colour(photo, box)

    def enrol(self, photo: bytes, closely: bool = False) -> Enrolled:
        picture = read_photo(photo)
        features = kept_of(picture) if closely else b""
        return Enrolled(embed_by_colour(picture), palette_of(looked_at(picture)), features)


class CountingEmbedder:
    """Embeds by colour, and counts how often."""

    def __init__(self) -> None:
        self.calls = 0
        self._guard = threading.Lock()

    def __call__(self, picture: bytes) -> np.ndarray:
        with self._guard:
            self.calls += 1
        return embed_by_colour(picture)


class FolderFetcher:
    """A site's repository, read from its folder by a device."""

    def __init__(self, site: Site) -> None:
        self._folders = {"metadata": site.metadata, "targets": site.targets}

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        kind, _, name = urlsplit(url).path.removeprefix("/v1/").partition("/")
        path = self._folders[kind] / name
        if not path.is_file():
            return Answer(404, iter(()))
        return Answer(206 if offset else 200, iter([path.read_bytes()[offset:]]), start=offset)
