"""A 12-megapixel JPEG to hits: one thread, warm, with the share of each stage.

The peer, in the same run and on one thread as well, is the same work done plainly: Pillow decodes the
whole photo, PyTorch computes the float32 models eagerly, numpy scans the gallery.

    python benchmarks/photo_to_hits.py [--repeats 30] [--bundle DIR]

What two threads are worth is measured beside it: one photo at a time, and `search_many`.
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
from pocketshelf.catalogue import build_store
from pocketshelf.formats.bundle import load_bundle
from pocketshelf_training.data.protocol import data_root

STAGES = ("decode", "detect", "embed", "search")
# Photos that are searched at once.
MANY = 8


def big_photo(path: Path) -> bytes:
    """A real photo brought to 3000 x 4000, with sensor-like noise, as a phone's JPEG (quality 90)."""
    image = Image.open(path).convert("RGB").resize((3000, 4000), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0).normal(0, 4, (4000, 3000, 1)).astype(np.float32)
    pixels = np.clip(np.asarray(image, dtype=np.float32) + noise, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def timed(work: Callable[[], Any], repeats: int) -> list[tuple[float, Any]]:
    """Milliseconds and result of each of ``repeats`` calls, after three that warm up."""
    runs = []
    for _ in range(repeats + 3):
        started = time.perf_counter()
        result = work()
        runs.append((1000 * (time.perf_counter() - started), result))
    return runs[3:]


def ours(retriever: Retriever, jpeg: bytes, repeats: int) -> dict[str, float]:
    """Median milliseconds of each stage and of the whole."""
    runs = timed(lambda: retriever.search(jpeg), repeats)
    spent = {stage: statistics.median(getattr(found.ms, stage) for _, found in runs) for stage in STAGES}
    total = statistics.median(elapsed for elapsed, _ in runs)
    return {**spent, "total": total, "regions": len(runs[-1][1].regions)}


def peer(bundle: Path, gallery: np.ndarray, jpeg: bytes, regions: int, repeats: int) -> float:
    """Median milliseconds of the plain way, on as many regions."""
    import torch

    from pocketshelf.stages.preprocess import resize_crop
    from pocketshelf_training.models.detector import Detector
    from pocketshelf_training.models.efficientnet_lite import normalise
    from pocketshelf_training.models.embedder import Embedder

    torch.set_num_threads(1)
    embedder = Embedder.from_checkpoint(bundle / "embedder.npz")
    detector = Detector.from_checkpoint(bundle / "detector.npz")

    def tensor(pixels: np.ndarray, size: tuple[int, int]) -> torch.Tensor:
        frame = (0.0, 0.0, float(pixels.shape[1]), float(pixels.shape[0]))
        return normalise(torch.from_numpy(resize_crop(pixels, frame, size).copy())[None])

    def plain() -> None:
        pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))
        detector(tensor(pixels, detector.preprocessing.size))
        for _ in range(regions):
            query = embedder(tensor(pixels, embedder.preprocessing.size))[0].numpy()
            np.argsort(-(query @ gallery.T))[:, :10]

    with torch.no_grad():
        return statistics.median(elapsed for elapsed, _ in timed(plain, repeats))


def speed_ups(store: Path, bundle: Any, photos: dict[str, bytes], repeats: int) -> dict[str, float]:
    """How many times sooner two threads are than one, in turn, by photo; and with many photos at once."""
    one = Retriever.open(store, bundle, threads=1)
    two = Retriever.open(store, bundle, threads=2)
    with one, two:
        found = {name: _speed_up(one.search, two.search, jpeg, repeats) for name, jpeg in photos.items()}
        for name, jpeg in photos.items():
            many = [jpeg] * MANY
            found[f"{MANY} of {name}"] = _speed_up(
                one.search_many, two.search_many, many, max(3, repeats // 6)
            )
    return found


def _speed_up(first: Callable[[Any], Any], second: Callable[[Any], Any], work: Any, repeats: int) -> float:
    """Median of the ratios of pairs that ran one after the other."""
    ratios = []
    for _ in range(repeats + 2):
        began = time.perf_counter()
        first(work)
        between = time.perf_counter()
        second(work)
        ratios.append((between - began) / (time.perf_counter() - between))
    return round(statistics.median(ratios[2:]), 2)


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--bundle", type=Path, default=None, help="default: the one that ships")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    args = parser.parse_args()
    bundle = load_bundle(args.bundle)
    root = data_root(args.data)
    jpeg = big_photo(next((root / "grocery/photos/val").glob("*.jpg")))
    outfit = next((root / "street/photos").glob("*.jpg")).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(root / "grocery/products.csv", store, bundle=bundle)
        with Retriever.open(store, bundle, threads=1) as retriever:
            mine = ours(retriever, jpeg, args.repeats)
        photos = {"12 megapixels, one product": jpeg, "a small photo of an outfit": outfit}
        threads = speed_ups(store, bundle, photos, args.repeats)
    gallery = np.random.default_rng(0).normal(size=(81, bundle.embedder.dimension)).astype(np.float32)
    plain = peer(bundle.folder, gallery, jpeg, int(mine["regions"]), args.repeats)
    shares = {stage: round(mine[stage] / mine["total"], 3) for stage in STAGES}
    figures = {
        "what": "12-megapixel JPEG to hits, one thread, warm, median ms",
        "repeats": args.repeats,
        "jpeg_bytes": len(jpeg),
        "regions": mine["regions"],
        "ms": {name: round(mine[name], 2) for name in (*STAGES, "total")},
        "shares": shares,
        "peer": "Pillow full decode, PyTorch float32 eager, numpy scan",
        "peer_ms": round(plain, 2),
        "ratio_to_peer": round(mine["total"] / plain, 3),
        "two_threads": threads,
    }
    record.write("photo_to_hits", figures)
    print(
        f"12-megapixel JPEG ({len(jpeg) / 1e6:.1f} MB) to hits, {mine['regions']} region(s), one thread, warm"
    )
    for stage in STAGES:
        print(f"  {stage:7} {mine[stage]:8.1f} ms  {100 * shares[stage]:5.1f} %")
    print(f"  total   {mine['total']:8.1f} ms")
    print(f"  peer    {plain:8.1f} ms ({figures['peer']}); ratio {figures['ratio_to_peer']}")
    for name, times in threads.items():
        print(f"  two threads, {name}: {times} times as fast as one")
    return 0


if __name__ == "__main__":
    record.run(main)
