"""Importing a catalogue: pictures a second on a local Ray, by workers, beside ``import`` without Ray.

One product a picture; the pictures are drawn (the samples that come with the package, cropped and turned
from the seed 0, 1,000 x 1,000 JPEG), the model is the one that ships. Each way imports into a new site; ways
are taken in turn. ``pictures_s`` is from the first batch that is written to the last, ``first_s`` the time
until that: the start of Ray, of its workers, and of the model. Every way must come to the same rows.

    python benchmarks/import_ray.py [--pictures 640] [--rounds 2] [--workers 1 2]
"""

from __future__ import annotations

import csv
import os
import statistics
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pocketshelf
from common import record
from pocketshelf.cli import values
from pocketshelf.cli.ray_cluster import LOCAL
from pocketshelf.formats import load_bundle, space_of
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.catalogue.embedders import BundleEmbedders, lazy_embedders
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.catalogue.on_ray import RemoteRows, on_ray
from pocketshelf_server.catalogue.rows import Spread
from pocketshelf_server.making import make_site

SAMPLES = Path(pocketshelf.__file__).parent / "samples" / "shop"
SIDE = 1000


@dataclass
class Clock:
    """When the first batch was written, and the last."""

    started: float = field(default_factory=time.perf_counter)
    at: list[tuple[int, float]] = field(default_factory=list)

    def tick(self, done: int, total: int) -> None:
        """After each batch."""
        self.at.append((done, time.perf_counter()))

    @property
    def figures(self) -> dict[str, float]:
        """Seconds to the first batch, and pictures a second from there on."""
        (first, begun), (last, ended) = self.at[0], self.at[-1]
        if last == first:  # All of it is one batch.
            return {"first_s": begun - self.started, "pictures_s": last / (ended - self.started)}
        return {"first_s": begun - self.started, "pictures_s": (last - first) / (ended - begun)}


def draw_shop(folder: Path, count: int) -> Path:
    """Write ``count`` different pictures, and the catalogue that names them."""
    rng = np.random.default_rng(0)
    sources = [Image.open(path).convert("RGB") for path in sorted(SAMPLES.glob("*.webp"))]
    path = folder / "shop.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("product_id", "title", "category", "image"))
        for number in range(count):
            source = sources[number % len(sources)].rotate(float(rng.uniform(-20, 20)))
            side = int(min(source.size) * rng.uniform(0.6, 1.0))
            left, top = (int(rng.integers(0, size - side + 1)) for size in source.size)
            picture = source.crop((left, top, left + side, top + side)).resize((SIDE, SIDE))
            picture.save(folder / f"{number}.jpg", quality=85)
            rows.writerow((f"p{number:05d}", f"Product {number}", f"Kind {number % 10}", f"{number}.jpg"))
    return path


def imported(shop: Path, site: Path, workers: int, ray: bool) -> tuple[dict[str, float], list[tuple]]:
    """The figures of one import into a new site, and its rows."""
    catalogue = open_catalogue(make_site(site, space_of(load_bundle())))
    clock = Clock()
    spread: AbstractContextManager[Spread] | None = None
    if ray:
        make = RemoteRows(shop.parent, BundleEmbedders(None, catalogue.space))
        spread = on_ray(LOCAL, workers, make)
    embedders = lazy_embedders(None, catalogue)
    importer = Importer(catalogue, embedders, shop.parent, workers, clock.tick, spread=spread)
    report = importer.run(shop)
    if report.errors:
        raise SystemExit(f"error: {report.errors[0]}")
    with catalogue.reading() as view:
        rows = [(p.product_id, p.sequence, p.vectors.tobytes()) for p in view.products()]
    catalogue.close()
    return clock.figures, rows


def main() -> int:
    """Measure, print a table, write ``results/import_ray.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--pictures", type=values.count, default=640)
    parser.add_argument("--rounds", type=values.count, default=2)
    parser.add_argument("--workers", type=values.count, nargs="+", default=[1, 2])
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 1)
    ways = [(ray, workers) for workers in arguments.workers for ray in (False, True)]
    runs: dict[tuple[bool, int], list[dict[str, float]]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory(prefix="pocketshelf-import-") as made:
        shop = draw_shop(Path(made), arguments.pictures)
        truth: list[tuple] = []
        for turn in range(arguments.rounds):
            for ray, workers in ways:
                figures, rows = imported(shop, Path(made) / f"{turn}-{ray}-{workers}", workers, ray)
                truth = truth or rows
                if rows != truth:
                    raise SystemExit("error: the rows of two ways differ")
                runs[ray, workers].append(figures)
    table = [_row(way, runs[way], runs[ways[0]]) for way in ways]
    for row in table:
        print(" · ".join(f"{name} {value}" for name, value in row.items()))
    figures = {
        "pictures": arguments.pictures,
        "rounds": arguments.rounds,
        "load_before": load,
        "same_rows": True,
        "rows": table,
    }
    record.write("import_ray", figures)
    return 0


def _row(
    way: tuple[bool, int], runs: list[dict[str, float]], baseline: list[dict[str, float]]
) -> dict[str, Any]:
    rate = statistics.median(run["pictures_s"] for run in runs)
    return {
        "way": "ray" if way[0] else "threads",
        "workers": way[1],
        "pictures_s": round(rate, 1),
        "first_s": round(statistics.median(run["first_s"] for run in runs), 1),
        "ratio_to_one_thread": round(rate / statistics.median(run["pictures_s"] for run in baseline), 2),
    }


if __name__ == "__main__":
    record.run(main)
