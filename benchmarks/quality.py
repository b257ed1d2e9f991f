"""What judging a photo takes: one thread, warm; the small copy, the signals, the network, and all of it.

    python benchmarks/quality.py [--repeats 200] [--bundle DIR]

To be run on a quiet machine. Wanted: under 3 ms beyond decoding.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import record
from pocketshelf.encoder import Encoder
from pocketshelf.quality import WORKING_SIDE, pixel_signals
from pocketshelf.stages.preprocess import Photo
from pocketshelf_training.data.protocol import data_root


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Median of ``repeats`` calls, after five that warm up."""
    spent = []
    for _ in range(repeats + 5):
        started = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - started))
    return statistics.median(spent[5:])


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--bundle", type=Path)
    args = parser.parse_args()
    encoder = Encoder.open(args.bundle)
    street = data_root() / "street/photos/0001.jpg"
    pixels = np.asarray(Image.open(street).convert("RGB").resize((750, 1000)))
    photo = Photo(pixels, 750, 1000)  # As a 12-megapixel photo is decoded.
    found, judge, small = encoder.boxes(photo)[1], encoder.judge, photo.thumbnail(WORKING_SIDE)
    figures = {
        "copy": median_ms(lambda: photo.thumbnail(WORKING_SIDE), args.repeats),
        "signals": median_ms(lambda: pixel_signals(small, 750), args.repeats),
    }
    if judge is not None:
        figures["all"] = median_ms(lambda: judge.judge(photo, found), args.repeats)
    assert encoder.bundle.quality is not None
    record.write("quality", {"ms": figures, "bytes": encoder.bundle.quality.bytes, "threads": 1})
    return 0


if __name__ == "__main__":
    record.run(main)
