"""A phone's JPEG to ten hits of 100,000, beside MediaPipe's ImageEmbedder with our own model and hnswlib.

Both see the same file, the same network, the same gallery (synthetic vectors round the photo's own) and one
thread, in turn, pair by pair in one run. MediaPipe reads and embeds the whole photo and hnswlib searches;
ours does the same with ``whole=True``, and with detection, which the peer does not have. The spread is of the
pairs' ratios.

    pip install 'pocketshelf[bench]'
    python benchmarks/peers_photo.py [--repeats 15] [--megapixels 0.3 2 12 48]
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from common import record
from pocketshelf import Retriever
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.formats.shard import ShardMeta, create_shard
from pocketshelf.formats.space import space_of
from pocketshelf.store.writer import StoreWriter
from pocketshelf_training.data.protocol import data_root

GALLERY, CATEGORIES, K = 100_000, 50, 10
# hnswlib's own examples' build, and a search wide enough for recall among these.
LINKS, CANDIDATES, WIDTH = 16, 200, 100


def photo(megapixels: float, folder: Path) -> Path:
    """A real photo of that many pixels, upright, with sensor-like noise, as a phone's JPEG (quality 90)."""
    width = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size = (width, round(width * 4 / 3))
    source = sorted((data_root(None) / "grocery").rglob("*.jpg"))[0]
    with Image.open(source) as opened:
        image = opened.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0).normal(0, 4, (size[1], size[0], 1)).astype(np.float32)
    pixels = np.clip(np.asarray(image, dtype=np.float32) + noise, 0, 255).astype(np.uint8)
    path = folder / f"{megapixels:g}.jpg"
    Image.fromarray(pixels).save(path, "JPEG", quality=90)
    return path


def gallery(bundle: Bundle, around: np.ndarray) -> np.ndarray:
    """int8 (n, D): vectors round ``around`` and the others of its kind, seed 0."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((500, bundle.embedder.dimension)).astype(np.float32)
    centres[0] = around * np.linalg.norm(centres[0])
    noise = rng.standard_normal((GALLERY, bundle.embedder.dimension)).astype(np.float32)
    return quantize_vectors(centres[rng.integers(0, len(centres), GALLERY)] + noise)


def shelf(folder: Path, bundle: Bundle, vectors: np.ndarray) -> Path:
    """A store of these vectors, dealt to categories that the bundle knows."""
    names = bundle.embedder.categories
    products = [
        Product(f"p{i:06}", 1, names[i % min(CATEGORIES, len(names))], f"Product {i}", None, vectors[i][None])
        for i in range(len(vectors))
    ]
    with StoreWriter.open(folder / "store") as writer, writer.staged() as staging:
        create_shard(staging / "shard.sqlite", ShardMeta.of(space_of(bundle), 1), products)
        writer.publish(staging)
    return folder / "store"


class MediaPipe:
    """MediaPipe's ImageEmbedder with the bundle's own TFLite file, and hnswlib over the same vectors."""

    def __init__(self, bundle: Bundle, vectors: np.ndarray) -> None:
        import hnswlib
        import mediapipe
        from mediapipe.tasks import python as tasks

        vision = tasks.vision
        options = vision.ImageEmbedderOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(bundle.folder / bundle.embedder.file)),
            l2_normalize=True,
        )
        self._read = mediapipe.Image.create_from_file
        self._embedder = vision.ImageEmbedder.create_from_options(options)
        self._index = hnswlib.Index("cosine", vectors.shape[1])
        self._index.init_index(len(vectors), ef_construction=CANDIDATES, M=LINKS)
        self._index.add_items(vectors.astype(np.float32))
        self._index.set_ef(WIDTH)
        self._index.set_num_threads(1)

    def search(self, path: Path) -> np.ndarray:
        """The numbers of the ten nearest."""
        found = self._embedder.embed(self._read(str(path))).embeddings[0].embedding
        return self._index.knn_query(np.asarray(found, np.float32), K)[0][0]

    def close(self) -> None:
        """End MediaPipe's threads."""
        self._embedder.close()


def milliseconds(work: Callable[[], Any]) -> float:
    """One call's."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def compare(ours: Callable[[], Any], peer: Callable[[], Any], repeats: int) -> dict[str, Any]:
    """Medians of both, and the ratio ours / peer: median and its middle 90 %."""
    for work in (ours, peer, ours, peer):
        work()
    pairs = [(milliseconds(ours), milliseconds(peer)) for _ in range(repeats)]
    ratios = [one / other for one, other in pairs]
    low, high = np.percentile(ratios, (5, 95))
    return {
        "ours_ms": round(statistics.median(one for one, _ in pairs), 2),
        "peer_ms": round(statistics.median(other for _, other in pairs), 2),
        "ratio": round(statistics.median(ratios), 3),
        "ratio_5_95": [round(float(low), 3), round(float(high), 3)],
    }


def main() -> int:
    """Measure, print, write ``results/peers_photo.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.3, 2.0, 12.0, 48.0])
    arguments = parser.parse_args()
    bundle = load_bundle(None)
    rows = []
    with tempfile.TemporaryDirectory(prefix="pocketshelf-peers-") as name:
        folder = Path(name)
        files = {size: photo(size, folder) for size in arguments.megapixels}
        encoded = photo_vector(bundle, files[arguments.megapixels[0]])
        vectors = gallery(bundle, encoded)
        peer = MediaPipe(bundle, vectors)
        with Retriever.open(shelf(folder, bundle, vectors), threads=1) as retriever:
            for size, path in files.items():
                data = path.read_bytes()
                for whole in (True, False):
                    found = compare(
                        lambda data=data, whole=whole: retriever.search(
                            io.BytesIO(data).getvalue(), whole=whole
                        ),
                        lambda path=path: peer.search(path),
                        arguments.repeats,
                    )
                    row = {
                        "megapixels": size,
                        "jpeg_bytes": len(data),
                        "ours": "whole" if whole else "detected",
                        **found,
                    }
                    print(" · ".join(f"{key} {value}" for key, value in row.items()), flush=True)
                    rows.append(row)
        peer.close()
    what = f"JPEG to ten hits of {GALLERY:,}, one thread, warm; the gallery is synthetic"
    record.write(
        "peers_photo",
        {
            "what": what,
            "peer": "MediaPipe ImageEmbedder + hnswlib",
            "repeats": arguments.repeats,
            "rows": rows,
        },
    )
    return 0


def photo_vector(bundle: Bundle, path: Path) -> np.ndarray:
    """Float32 (D,): the whole photo's."""
    from pocketshelf.encoder import Encoder

    return Encoder.open(bundle.folder, threads=1).encode(path.read_bytes(), True).regions[0].embedding.vector


if __name__ == "__main__":
    record.run(main)
