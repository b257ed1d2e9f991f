"""A synthetic catalogue, published by the real server's code and read from its folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from sdk.formats import quantize_vectors
from sdk.sync import Answer
from server.catalogue import Delete, Product, Space, Upsert
from server.catalogue.opening import create_catalogue
from server.publish import Publisher
from server.site import Site, SiteConfig
from server.trust.keys import KeyFolder
from server.trust.repository import SignedRepository

DIMENSION = 128
SPACE = Space("synthetic", "0123456789abcdef", "synthetic", DIMENSION)
WORDS = (
    "red",
    "blue",
    "linen",
    "cotton",
    "slim",
    "wide",
    "classic",
    "summer",
    "shirt",
    "dress",
    "shoe",
    "bag",
)
URL = "http://folder.test"


class SyntheticSite:
    """A site in ``folder`` with products whose content follows from their numbers."""

    def __init__(self, folder: Path, categories: int = 200) -> None:
        self._categories = categories
        self.site = Site.create(folder, SiteConfig())
        self.catalogue = create_catalogue(self.site, SPACE)
        self._repository = SignedRepository(
            self.site.metadata, KeyFolder(self.site.online_keys), self.site.config().expiry_days
        )
        self._repository.create(KeyFolder.offline(self.site.offline_keys))

    @property
    def root(self) -> bytes:
        """The first root of trust."""
        return (self.site.metadata / "1.root.json").read_bytes()

    def product(self, number: int, version: int = 0) -> Product:
        """Product ``number``; another ``version`` is another title, price and vector."""
        rng = np.random.default_rng([number, version])
        title = " ".join(rng.choice(WORDS, 4)).capitalize()
        attributes = {
            "price": f"{rng.integers(5, 200)}.{rng.integers(0, 99):02}",
            "brand": f"b{rng.integers(300)}",
        }
        vectors = quantize_vectors(rng.standard_normal((1, DIMENSION)).astype(np.float32))
        category = f"category-{number % self._categories}"
        content = hashlib.sha256(f"{number}/{version}".encode()).hexdigest()
        return Product(
            f"sku-{number:07}", category, title, f"images/{number}.jpg", attributes, vectors, content
        )

    def put(self, numbers: range, version: int = 0) -> None:
        """Write products, ten thousand a transaction."""
        for start in range(0, len(numbers), 10_000):
            self.catalogue.apply([Upsert(self.product(n, version)) for n in numbers[start : start + 10_000]])

    def delete(self, numbers: range) -> None:
        """Take products out."""
        self.catalogue.apply([Delete(f"sku-{n:07}") for n in numbers])

    def publish(self) -> None:
        """Publish and sign."""
        publisher = Publisher(self.site, self.catalogue)
        try:
            publisher.publish()
            self._repository.sign_targets(publisher.targets())
        finally:
            publisher.close()


class FolderFetcher:
    """Serves a site's repository from its folder: a network of no latency."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.received = 0

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """See `sdk.sync.Fetcher`."""
        kind, _, name = urlsplit(url).path.removeprefix("/v1/").partition("/")
        path = {"metadata": self._site.metadata, "targets": self._site.targets}[kind] / name
        if not path.is_file():
            return Answer(404, iter(()))
        return Answer(206 if offset else 200, self._chunks(path, offset), start=offset)

    def _chunks(self, path: Path, offset: int) -> Iterator[bytes]:
        with path.open("rb") as stream:
            stream.seek(offset)
            while chunk := stream.read(1 << 16):
                self.received += len(chunk)
                yield chunk
