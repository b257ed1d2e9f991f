"""A synthetic catalogue, published by the real server's code and read from its folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from pocketshelf.formats import Product, Space, quantize_vectors
from pocketshelf.sync import Answer
from pocketshelf_server.catalogue import Delete, Upsert, open_catalogue
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site

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
        self.site = make_site(folder, SPACE)
        self.catalogue = open_catalogue(self.site)

    @property
    def root(self) -> bytes:
        """The first root of trust."""
        return (self.site.metadata / "1.root.json").read_bytes()

    def products(self, numbers: range, version: int = 0) -> list[Product]:
        """Products by number; another ``version`` is another title, price and vector."""
        rng = np.random.default_rng([numbers.start, version])
        vectors = quantize_vectors(rng.standard_normal((len(numbers), 1, DIMENSION), dtype=np.float32))
        words = rng.integers(0, len(WORDS), (len(numbers), 4))
        prices, brands = rng.integers(500, 20_000, len(numbers)), rng.integers(0, 300, len(numbers))
        return [
            Product(
                f"sku-{number:07}",
                0,
                f"category-{number % self._categories}",
                " ".join(WORDS[w] for w in words[i]).capitalize(),
                f"images/{number}.jpg",
                vectors[i],
                {"price": f"{prices[i] / 100:.2f}", "brand": f"brand-{brands[i]}"},
            )
            for i, number in enumerate(numbers)
        ]

    def put(self, numbers: range, version: int = 0) -> None:
        """Write products, ten thousand a transaction."""
        for start in range(0, len(numbers), 10_000):
            batch = self.products(numbers[start : start + 10_000], version)
            self.catalogue.apply([Upsert(product) for product in batch])

    def delete(self, numbers: range) -> None:
        """Take products out."""
        self.catalogue.apply([Delete(f"sku-{n:07}") for n in numbers])

    def publish(self) -> None:
        """Publish and sign."""
        publish_site(self.site)


class FolderFetcher:
    """Serves a site's repository from its folder: a network of no latency."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.received = 0

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """See `pocketshelf.sync.Fetcher`."""
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
