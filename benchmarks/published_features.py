"""Covers on a shelf that was synced, beside one that was built of the same pictures; and what that travels.

**Synthetic** covers (`pocketshelf-train prepare rephotographed`, split test, seed 2) are imported into a
site, published and synced. The same photos are searched in a store that `build` made without local features,
in one with them, and in the synced one. Then a tenth of the products gets other titles, and a tenth, kept
back so far, comes: what the device fetches of the features is counted. The untouched baseline is the
snapshot without features, and the search without them.

    python benchmarks/published_features.py [--prints 100] [--photos 100] [--seed 2]
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from common.sync_site import URL, FolderFetcher
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.closely import FeaturesWanted
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.space import space_of
from pocketshelf.sync import Answer, Environment, sync
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.catalogue.embedders import lazy_embedders
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import Published, publish_site
from pocketshelf_server.site import Site
from pocketshelf_training.data import pairs
from pocketshelf_training.data.catalogue_file import write_catalogue
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.studio.prepare.rephotographed import prepare


class Shop:
    """A site whose catalogue is made of samples, and a device of it."""

    def __init__(self, folder: Path) -> None:
        self.bundle = load_bundle()
        self.site: Site = make_site(folder / "site", space_of(self.bundle))
        self.device, self._file = folder / "device", folder / "catalogue.csv"

    def put(self, gallery: list[Sample], titled: int = 0) -> Published:
        """Import the gallery, the first ``titled`` with another title, and publish."""
        base = Path(gallery[0].image.anchor)
        write_catalogue(self._file, gallery, base)
        rows = list(csv.DictReader(self._file.open(newline="", encoding="utf-8")))
        for row in rows[:titled]:
            row["title"] += ", reduced"
        with self._file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        with closing(open_catalogue(self.site)) as catalogue:
            embedders = lazy_embedders(None, catalogue)
            Importer(catalogue, embedders, base, closely=FeaturesWanted(True)).run(self._file)
        (published,) = publish_site(self.site)
        return published

    def sync(self) -> tuple[str | None, int]:
        """How the device's local features came, and the bytes of that."""
        root = (self.site.metadata / "1.root.json").read_bytes()
        fetcher = Counting(self.site)
        report = sync(self.device, URL, root=root, closely=True, environment=Environment(fetcher=fetcher))
        assert report.problem is None, report.problem
        return report.features, fetcher.features


class Counting(FolderFetcher):
    """Counts the bytes of local features."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.features = 0

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        answer = super().get(url, offset=offset, etag=etag, seconds=seconds)
        if ".features-" not in url:
            return answer

        def chunks() -> Iterator[bytes]:
            for chunk in answer.chunks:
                self.features += len(chunk)
                yield chunk

        return Answer(answer.status, chunks(), answer.etag, answer.start)


def first_hits(store: Path, photos: list[Sample], closely: bool) -> list[str | None]:
    """The first hit of each photo, searched whole."""
    with Retriever.open(store, closely=closely) as retriever:
        found = [retriever.search(photo.image, top_k=1, whole=True).regions[0].hits for photo in photos]
    return [hits[0].product_id if hits else None for hits in found]


def measure(folder: Path, prints: int, photos: int, seed: int) -> dict[str, Any]:
    """All figures."""
    prepare(folder / "covers", prints, 4, seed, data_root(None), "test")
    samples = pairs.load(folder / "covers")
    gallery = [sample for sample in samples if sample.domain == "shop"]
    queries = [sample for sample in samples if sample.domain == "street"]
    order = np.random.default_rng(seed).permutation(len(queries))[:photos]
    asked = [queries[place] for place in sorted(order)]
    truth = [sample.identity for sample in asked]
    later = max(1, len(gallery) // 10)
    shop, built = Shop(folder), folder / "built"
    shop.put(gallery[:-later])
    shop.sync()
    shop.put(gallery[:-later], titled=later)
    titles = shop.sync()
    published = shop.put(gallery, titled=later)
    new = shop.sync()
    base = Path(gallery[0].image.anchor)
    write_catalogue(folder / "built.csv", gallery, base)
    build_store(folder / "built.csv", built, images=base, closely=True)
    hits = {
        "without": first_hits(built, asked, closely=False),
        "built": first_hits(built, asked, closely=True),
        "synced": first_hits(shop.device, asked, closely=True),
    }
    same = [one == other for one, other in zip(hits["built"], hits["synced"], strict=True)]
    right = {way: [a == b for a, b in zip(found, truth, strict=True)] for way, found in hits.items()}
    return {
        "what": "covers (synthetic) on a synced shelf and a built one; bytes of local features",
        "bundle": shop.bundle.name,
        "seed": seed,
        "products": len(gallery),
        "prints": published.prints,
        "photos": len(asked),
        "recall_at_1": {way: float(np.mean(values)) for way, values in right.items()},
        "same_first_hit_built_and_synced": float(np.mean(same)),
        "snapshot_bytes": published.snapshot_bytes,
        "features_bytes": published.features_bytes,
        "features_bytes_a_print": round(published.features_bytes / published.prints),
        "changed_titles": {"products": later, "features": titles[0], "bytes": titles[1]},
        "new_products": {"products": later, "features": new[0], "bytes": new[1]},
    }


def main() -> int:
    """Measure, and write the results."""
    parser = record.parser(__doc__)
    parser.add_argument("--prints", type=int, default=100, help="covers")
    parser.add_argument("--photos", type=int, default=100, help="photos that are searched")
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), args.prints, args.photos, args.seed)
    record.write("published_features", figures)
    return 0 if figures["same_first_hit_built_and_synced"] == 1 else 1


if __name__ == "__main__":
    record.run(main)
