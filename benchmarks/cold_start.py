"""A cold start: `import pocketshelf`, and one photo searched from a shell, beside MediaPipe and hnswlib.

Each line is a process of its own, in turn, from its start to its end by the clock, and its processor time.
The peer does the same search plainly: MediaPipe's ImageEmbedder with our own model file, an hnswlib index of
the same products that was built before, titles from a JSON file; it finds no boxes and estimates nothing. The
shelf is that of the groceries, the photo one of split val. "Beyond numpy" is a start with both less one with
numpy alone.

    pip install 'pocketshelf[bench]'
    python benchmarks/cold_start.py [--repeats 15]
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from pocketshelf.catalogue import build_store
from pocketshelf.cli import values
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.store import Store
from pocketshelf_training.data import grocery

K = 10
PEER = """\
import json, sys
import hnswlib, mediapipe, numpy as np
from mediapipe.tasks import python as tasks
photo, folder, model, dimension = sys.argv[1:]
options = tasks.vision.ImageEmbedderOptions(
    base_options=tasks.BaseOptions(model_asset_path=model), l2_normalize=True
)
titles = json.load(open(folder + "/titles.json"))
index = hnswlib.Index("cosine", int(dimension))
index.load_index(folder + "/index.hnsw")
with tasks.vision.ImageEmbedder.create_from_options(options) as embedder:
    found = embedder.embed(mediapipe.Image.create_from_file(photo)).embeddings[0].embedding
rows, distances = index.knn_query(np.asarray(found, np.float32), 10)
for row, distance in zip(rows[0], distances[0]):
    print(f"{1 - distance:.3f}", titles[row])
"""


def prepare(folder: Path) -> dict[str, list[str]]:
    """The shelf and the peer's files in ``folder``; the command line of each start."""
    import hnswlib

    bundle = load_bundle(None)
    store = folder / "store"
    build_store(grocery.catalogue(), store, bundle=bundle)
    with Store.open(store) as opened:
        products = list(opened.shard)
    vectors = np.concatenate([product.vectors[:1] for product in products]).astype(np.float32)
    index = hnswlib.Index("cosine", vectors.shape[1])
    index.init_index(len(vectors), ef_construction=200, M=16)
    index.add_items(vectors)
    index.set_ef(100)
    index.save_index(str(folder / "index.hnsw"))
    (folder / "titles.json").write_text(json.dumps([product.title for product in products]))
    photo = str(next(sample.image for sample in grocery.photos("val")))
    model = str(bundle.folder / bundle.embedder.file)
    python = [sys.executable, "-c"]
    return {
        "nothing": [*python, "pass"],
        "import numpy": [*python, "import numpy"],
        "import numpy, pocketshelf": [*python, "import numpy, pocketshelf"],
        "import numpy, mediapipe": [*python, "import numpy, mediapipe"],
        "pocketshelf search": [sys.executable, "-m", "pocketshelf", "search", photo, "--store", str(store)],
        "mediapipe + hnswlib": [*python, PEER, photo, str(folder), model, str(vectors.shape[1])],
    }


def start(command: list[str]) -> tuple[float, float]:
    """Milliseconds by the clock, and of processor time.

    Raises:
        PocketshelfError: it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOG_minloglevel": "3"}
    done = subprocess.run(command, capture_output=True, env=environment)
    elapsed = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise PocketshelfError(f"{' '.join(command)[:60]} fails: {' '.join(last)}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * elapsed, 1000 * used


def measure(commands: dict[str, list[str]], repeats: int) -> dict[str, list[tuple[float, float]]]:
    """All times, after one start of each that warms the disk's cache."""
    for command in commands.values():
        start(command)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            found[name].append(start(command))
    return found


def figures(times: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    """Medians, and the ratios of the two searches, pair by pair."""
    clock = {name: [one for one, _ in each] for name, each in times.items()}
    pairs = zip(clock["pocketshelf search"], clock["mediapipe + hnswlib"], strict=True)
    ratios = [ours / peer for ours, peer in pairs]
    beyond = {
        name: round(
            statistics.median(clock[f"import numpy, {name}"]) - statistics.median(clock["import numpy"]), 1
        )
        for name in ("pocketshelf", "mediapipe")
    }
    return {
        "ms": {name: round(statistics.median(each), 1) for name, each in clock.items()},
        "ms_10_90": {name: np.percentile(each, (10, 90)).round(1).tolist() for name, each in clock.items()},
        "processor_ms": {
            name: round(statistics.median(used for _, used in each), 1) for name, each in times.items()
        },
        "import_beyond_numpy_ms": beyond,
        "search_to_peer": round(statistics.median(ratios), 3),
        "search_to_peer_5_95": np.percentile(ratios, (5, 95)).round(3).tolist(),
    }


def main() -> int:
    """Measure, print, write ``results/cold_start.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--repeats", type=values.count, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pocketshelf-cold-") as folder:
        found = figures(measure(prepare(Path(folder)), args.repeats))
    for name, value in found["ms"].items():
        print(f"{name:28} {value:8.1f} ms, {found['processor_ms'][name]:8.1f} ms of processor time")
    print(f"beyond numpy, ms: {found['import_beyond_numpy_ms']}; ours to the peer: {found['search_to_peer']}")
    what = "processes from start to end, medians; 81 groceries, one photo, one thread"
    record.write("cold_start", {"what": what, "repeats": args.repeats, **found})
    return 0


if __name__ == "__main__":
    record.run(main)
