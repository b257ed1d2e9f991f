"""A camera's stream at 720p, one thread: `Retriever.watch` beside a search of every frame.

Frames pan, two pixels at a time, over real photos (street and grocery, split val) on a shelf of the 81
groceries, so that things stay and change. The peer is what an app would do without `watch`:
`Retriever.search` of each frame. Both see the same frames, in turns of 20.

    python benchmarks/live.py [--photos 12] [--print]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from common import record
from pocketshelf import Retriever, build_store
from pocketshelf.live import Watch
from pocketshelf_training.data import grocery, street

WIDTH, HEIGHT, FRAMES, STEP = 1280, 720, 20, 2


def main() -> int:
    """Run it; the exit code."""
    parser = record.parser(__doc__)
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--print", action="store_true", help="write nothing")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        build_store(grocery.catalogue(), store)
        with Retriever.open(store) as retriever:
            figures = measured(retriever, args.photos)
    print(figures, file=sys.stderr)
    if not args.print:
        record.write("live", figures)
    return 0


def measured(retriever: Retriever, photos: int) -> dict[str, Any]:
    """Frames a second of both, and how many things were searched."""
    watch, searched = Watch(retriever, top_k=5), 0
    times: dict[str, list[float]] = {"watch": [], "search": []}
    for pan in pans(photos):
        for frame in pan:
            view = timed(times["watch"], lambda frame=frame: watch.see(frame))
            searched += view.searched
        for frame in pan:
            timed(times["search"], lambda frame=frame: retriever.search(frame, top_k=5))
    ms = {
        name: [round(1000 * float(np.percentile(each, q)), 1) for q in (50, 90)]
        for name, each in times.items()
    }
    means = {name: float(np.mean(each)) for name, each in times.items()}
    return {
        "frames": len(times["watch"]),
        "size": [WIDTH, HEIGHT],
        "milliseconds_median_and_90": ms,
        "frames_a_second": {name: round(1 / mean, 1) for name, mean in means.items()},
        "share_of_searching_every_frame": round(means["watch"] / means["search"], 3),
        "things_searched": searched,
    }


def pans(photos: int) -> Iterator[list[np.ndarray]]:
    """``photos`` times `FRAMES` uint8 (720, 1280, 3)."""
    half = photos // 2
    people = [sample.image for sample in street.load() if sample.split == "val"][: photos - half]
    for path in [*people, *(sample.image for sample in grocery.photos("val")[:half])]:
        image = Image.open(path).convert("RGB")
        wide = WIDTH + STEP * FRAMES
        pixels = np.asarray(image.resize((wide, max(HEIGHT + FRAMES, image.height * wide // image.width))))
        yield [pixels[i : i + HEIGHT, STEP * i : STEP * i + WIDTH].copy() for i in range(FRAMES)]


def timed(times: list[float], work: Callable[[], Any]) -> Any:
    """What ``work`` gives; its seconds are added."""
    started = time.perf_counter()
    done = work()
    times.append(time.perf_counter() - started)
    return done


if __name__ == "__main__":
    record.run(main)
