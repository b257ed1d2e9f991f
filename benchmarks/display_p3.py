"""Photos as iPhones save them, in Display P3: do they find what the same photos find in sRGB?

Each real photo is saved as JPEG four times: in sRGB; in sRGB at another quality, which is the noise that
saving alone makes; in Display P3 with its profile; and without it, as a reader sees it that ignores profiles.

    python benchmarks/display_p3.py [--photos 250] [--bundle DIR] [--data DIR]
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from common import record
from pocketshelf import Retriever, decode_photo
from pocketshelf.catalogue import build_store
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.stages.preprocess.colour import to_srgb
from pocketshelf.stages.preprocess.containers.profiles import DISPLAY_P3, matrix_profile
from pocketshelf_training.data.protocol import data_root

QUALITY, OTHER_QUALITY = 95, 90
PROFILE = matrix_profile("Display P3", DISPLAY_P3)


def saved(image: Image.Image, quality: int = QUALITY, profile: bytes | None = None) -> bytes:
    """A JPEG without loss of colour resolution."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, subsampling=0, icc_profile=profile)
    return stream.getvalue()


def ways() -> dict[str, Callable[[Image.Image], bytes]]:
    """Name → the file that a photo becomes."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(PROFILE))
    to_p3 = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), profile, "RGB", "RGB")
    return {
        "sRGB": saved,
        "sRGB, another quality": lambda image: saved(image, OTHER_QUALITY),
        "Display P3": lambda image: saved(to_p3.apply(image), profile=PROFILE),
        "Display P3, profile ignored": lambda image: saved(to_p3.apply(image)),
    }


def first_hits(photos: list[Path], retriever: Retriever) -> dict[str, list[str]]:
    """Way → the first product of each photo."""
    found: dict[str, list[str]] = {name: [] for name in ways()}
    for photo in photos:
        image = Image.fromarray(decode_photo(photo).pixels)
        for name, way in ways().items():
            (region,) = retriever.search(way(image), top_k=1, whole=True).regions
            found[name].append((region.hits or ())[0].product_id)
    return found


def conversion_ms(width: int, height: int) -> float:
    """Median milliseconds of converting a picture of that size, the transform made."""
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    times = []
    for _ in range(21):
        started = time.thread_time()
        to_srgb(image, PROFILE)
        times.append(1000 * (time.thread_time() - started))
    return statistics.median(times[1:])


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--photos", type=int, default=250)
    parser.add_argument("--bundle", type=Path, default=None, help="default: the one that ships")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    args = parser.parse_args()
    bundle, root = load_bundle(args.bundle), data_root(args.data)
    photos = sorted((root / "grocery/photos/val").glob("*.jpg"))
    photos = photos[:: max(1, len(photos) // args.photos)][: args.photos]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(root / "grocery/products.csv", store, bundle=bundle)
        with Retriever.open(store, bundle) as retriever:
            found = first_hits(photos, retriever)
    pairs = {name: zip(hits, found["sRGB"], strict=True) for name, hits in found.items()}
    same = {name: sum(mine == plain for mine, plain in each) for name, each in pairs.items()}
    sizes = {"224 x 224": (224, 224), "348 x 348": (348, 348), "1000 x 750": (1000, 750)}
    spent = {name: round(conversion_ms(*size), 2) for name, size in sizes.items()}
    record.write(
        "display_p3",
        {
            "what": "first hits that are those of the same photo in sRGB; ms to convert a picture",
            "photos": len(photos),
            "unchanged": same,
            "conversion_ms": spent,
        },
    )
    for name, count in same.items():
        print(f"{name:28} {count:4} of {len(photos)} first hits as in sRGB")
    print("converting, one thread: " + ", ".join(f"{name} {value} ms" for name, value in spent.items()))
    return 0


if __name__ == "__main__":
    record.run(main)
