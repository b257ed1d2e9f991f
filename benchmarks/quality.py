"""What judging a photo takes, one thread, warm: in a search, after decoding and detection; and of an array.

    python benchmarks/quality.py [--repeats 200] [--bundle DIR]

To be run on a quiet machine. Wanted: under 3 ms beyond decoding. A search's photo is held as its decoder left
it, and was halved for the detector before; an array of pixels alone is copied, and halved twice as well.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from common import record
from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf.quality import WORKING_SIDE, Judge, pixel_signals
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf_training.data.protocol import data_root


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Median of ``repeats`` calls, after five that warm up."""
    spent = []
    for _ in range(repeats + 5):
        started = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - started))
    return statistics.median(spent[5:])


def judged_ms(encoder: Encoder, data: bytes, judge: Judge, repeats: int) -> float:
    """Median of ``repeats`` photos, each decoded and looked at by the detector before."""
    spent = []
    for _ in range(repeats + 5):
        photo = read_photo(data)
        found = encoder.boxes(photo)[1]
        started = time.perf_counter()
        judge.judge(photo, found)
        spent.append(1000 * (time.perf_counter() - started))
    return statistics.median(spent[5:])


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--bundle", type=Path)
    args = parser.parse_args()
    encoder = Encoder.open(args.bundle)
    judge, spec = encoder.judge, encoder.bundle.quality
    if judge is None or spec is None:
        raise UsageError(f"{encoder.bundle.folder}: the bundle judges no photos")
    with Image.open(data_root() / "street/photos/0001.jpg") as street, io.BytesIO() as stream:
        street.convert("RGB").resize((3000, 4000)).save(stream, "JPEG", quality=92)
        data = stream.getvalue()
    pixels = read_photo(data).pixels
    photo = Photo(pixels, 3000, 4000)
    found, small = encoder.boxes(photo)[1], photo.miniature(WORKING_SIDE)
    figures = {
        "copy": median_ms(lambda: photo.miniature(WORKING_SIDE), args.repeats),
        "signals": median_ms(lambda: pixel_signals(small, 3000), args.repeats),
        "array": median_ms(lambda: judge.judge(photo, found), args.repeats),
        "all": judged_ms(encoder, data, judge, args.repeats),
    }
    record.write("quality", {"ms": figures, "bytes": spec.bytes, "threads": 1})
    return 0


if __name__ == "__main__":
    record.run(main)
