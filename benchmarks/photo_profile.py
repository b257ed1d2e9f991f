"""Where one photo's time goes: each stage's own processor time, and which thread had it when.

The stages' functions are wrapped for it; a stage's own time is without that of the stages within it. By one
thread medians are given, by two the calls of the soonest search. The galleries are synthetic.

What two threads are worth is the median ratio of pairs, one search after the other; at most (Amdahl, 1967)
what they would be if all but decoding and searching were done by two as well as by one.

    python benchmarks/photo_profile.py [--megapixels 0.3 2 12] [--profile benchmarks/profiles/photo.txt]
"""

from __future__ import annotations

import functools
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from common import record
from peers_photo import gallery, milliseconds, photo, photo_vector, shelf
from pocketshelf import Retriever
from pocketshelf.answering import Answering
from pocketshelf.cli import values
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.quality import Judge
from pocketshelf.recall.model import RecallModel
from pocketshelf.shelf import Shelf
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import decode
from pocketshelf.stages.preprocess.photo import DecodedPhoto
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.store import Store
from pocketshelf_training.data.protocol import data_root

# What one thread does alone: before there is a picture, and after its vectors.
ALONE = {
    "headers",
    "JPEG decoded",
    "judge's rules",
    "scan",
    "rows of hits",
    "recall's signals",
    "recall and confidence",
    "routing, re-ranking",
    "encoder, between its stages",
    "search, between its stages",
}


class Span(NamedTuple):
    """One call of a stage, in ms since the search began; ``own``: what its thread spent there itself."""

    stage: str
    thread: str
    begin: float
    end: float
    own: float


class Recorder:
    """Wraps functions, and notes their calls."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.began = 0.0
        self._within = threading.local()

    def begin(self) -> None:
        """Forget what was noted: a search begins."""
        self.spans, self.began = [], time.perf_counter()

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Note the calls of ``owner.name`` as ``stage``."""
        plain = getattr(owner, name)

        @functools.wraps(plain)
        def noted(*args: Any, **kwargs: Any) -> Any:
            inner = vars(self._within).setdefault("spent", [0.0])
            inner.append(0.0)
            begin, cpu = time.perf_counter(), time.thread_time()
            try:
                return plain(*args, **kwargs)
            finally:
                spent, end = 1000 * (time.thread_time() - cpu), time.perf_counter()
                own = spent - inner.pop()
                inner[-1] += spent
                who = threading.current_thread().name
                self.spans.append(Span(stage, who, self._since(begin), self._since(end), own))

        setattr(owner, name, noted)

    def _since(self, moment: float) -> float:
        return 1000 * (moment - self.began)


def recorder(retrievers: Sequence[Retriever]) -> Recorder:
    """One that notes the stages of ``retrievers``."""
    noted = Recorder()
    for owner, name, stage in (
        (decode, "read_container", "headers"),
        (decode, "_scaled_jpeg", "JPEG decoded"),
        (DecodedPhoto, "_halved", "halving"),
        (DecodedPhoto, "network_input", "network's input resampled"),
        (DecodedPhoto, "miniature", "judge's picture resampled"),
        (sys.modules[Judge.__module__], "network_input", "judge's network's input resampled"),
        (NetworkDetector, "detect", "boxes of the detector's outputs"),
        (NetworkEmbedder, "embed", "vector of the embedder's outputs"),
        (sys.modules[Judge.__module__], "pixel_signals", "judge's signals"),
        (Judge, "judge", "judge's rules"),
        (StoreSearcher, "search", "scan"),
        (Store, "products", "rows of hits"),
        (Shelf, "signals", "recall's signals"),
        (RecallModel, "estimate", "recall and confidence"),
        (Answering, "answer", "routing, re-ranking"),
        (Encoder, "encode", "encoder, between its stages"),
        (Retriever, "search", "search, between its stages"),
    ):
        noted.wrap(owner, name, stage)
    for retriever in retrievers:
        encoder = retriever.encoder
        noted.wrap(encoder._detector._runner, "run", "detector's network")
        noted.wrap(encoder._embedder._runner, "run", "embedder's network")
        noted.wrap(encoder.judge._runner, "run", "judge's network")
    return noted


def own_times(runs: list[list[Span]]) -> dict[str, float]:
    """Stage → median of its own ms, the dearest first."""
    spent: dict[str, list[float]] = defaultdict(list)
    for spans in runs:
        by_stage: dict[str, float] = defaultdict(float)
        for span in spans:
            by_stage[span.stage] += span.own
        for stage, own in by_stage.items():
            spent[stage].append(own)
    medians = {stage: statistics.median(own) for stage, own in spent.items()}
    return dict(sorted(medians.items(), key=lambda item: -item[1]))


def limit(own: dict[str, float]) -> float:
    """How many times sooner two threads can be at most."""
    total = sum(own.values())
    alone = sum(spent for stage, spent in own.items() if stage in ALONE)
    return total / (alone + (total - alone) / 2)


def lanes(runs: list[list[Span]], least: float = 0.3) -> list[str]:
    """A line for each call of ``least`` ms or more, of the soonest run, by thread and beginning."""
    spans = min(runs, key=lambda each: max(span.end for span in each))
    spans = [span for span in spans if span.end - span.begin >= least and "between" not in span.stage]
    names = sorted({span.thread for span in spans}, key=lambda name: (name != "MainThread", name))
    return [
        f"{span.begin:7.1f} to {span.end:5.1f}  {'beside' if number else 'caller'}: {span.stage}"
        for number, name in enumerate(names)
        for span in sorted(spans, key=lambda span: span.begin)
        if span.thread == name
    ]


def measured(
    noted: Recorder, retrievers: Sequence[Retriever], jpeg: bytes, whole: bool, repeats: int
) -> tuple[dict[str, Any], list[str]]:
    """One photo's figures, and its profile as text."""
    runs: list[list[list[Span]]] = [[] for _ in retrievers]
    pairs = []
    for _ in range(repeats + 3):
        took = []
        for retriever, kept in zip(retrievers, runs, strict=True):
            noted.begin()
            took.append(milliseconds(lambda each=retriever: each.search(jpeg, whole=whole)))
            kept.append(noted.spans)
        pairs.append(took)
    own, ratios = own_times(runs[0][3:]), [one / two for one, two in pairs[3:]]
    row = {
        "ours": "whole" if whole else "detected",
        "one_ms": round(statistics.median(one for one, _ in pairs[3:]), 2),
        "two_ms": round(statistics.median(two for _, two in pairs[3:]), 2),
        "times": round(statistics.median(ratios), 2),
        "times_5_95": [round(float(x), 2) for x in np.percentile(ratios, (5, 95))],
        "limit": round(limit(own), 2),
    }
    text = [
        f"{sum(own.values()):7.2f} ms of processor time in all",
        *(f"{ms:7.2f} {100 * ms / sum(own.values()):5.1f} %  {stage}" for stage, ms in own.items()),
        f"by two threads {row['times']} times as fast, {row['limit']} at most; the soonest, in ms:",
        *lanes(runs[1][3:]),
    ]
    return row, text


def main() -> int:
    """Measure, print or write the profiles, write ``results/photo_profile.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=values.count, default=21)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.3, 2.0, 12.0])
    parser.add_argument("--profile", type=Path, help="write the profiles there, not to standard output")
    arguments = parser.parse_args()
    bundle, rows = load_bundle(None), []
    lines = ["; ".join(f"{key} {value}" for key, value in record.where().items())]
    with tempfile.TemporaryDirectory(prefix="pocketshelf-profile-") as name:
        folder = Path(name)
        files = {f"{size:g} megapixels": photo(size, folder) for size in arguments.megapixels}
        vectors = gallery(bundle, photo_vector(bundle, next(iter(files.values()))))
        files["an outfit"] = min((data_root(None) / "street/photos").glob("*.jpg"))
        store = shelf(folder, bundle, vectors)
        retrievers = [Retriever.open(store, bundle, threads) for threads in (1, 2)]
        noted = recorder(retrievers)
        for what, path in files.items():
            for whole in (True, False):
                row, text = measured(noted, retrievers, path.read_bytes(), whole, arguments.repeats)
                rows.append({"photo": what, **row})
                lines += ["", f"{what}, {row['ours']}", *text]
    if arguments.profile:
        arguments.profile.write_text("\n".join(lines) + "\n")
    else:
        print("\n".join(lines))
    what = "one photo by one thread and by two, warm, among 100,000 synthetic products"
    record.write("photo_profile", {"what": what, "repeats": arguments.repeats, "rows": rows})
    return 0


if __name__ == "__main__":
    record.run(main)
