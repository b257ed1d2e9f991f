"""The phones' cores beside the SDK: a scan of 20,000 x 128 int8, a delta of 1,000 rows, a detector's output.

Each round runs the SDK and both cores after one another, on one machine and the same synthetic inputs
(`benchmarks/common/phone_inputs.py`), one thread each; every figure is the median of a round's repeats,
and what is written the median of the rounds, with the ratios to the SDK in the same rounds. What they find
is compared, so that no wrong answer is fast. The scan is a search whole: rounding, the scan, choosing,
scoring again; the SDK's scan is NumKong's kernel, which is timed alone, too, and so is a search with numpy
in its place.

The cores run here on a JVM and as a Linux program: a phone's processor is another one.

    python benchmarks/phone_cores.py [--rounds 5] [--print]

Writes `benchmarks/results/phone_cores.json`, and the tables of the two demos' READMEs.
Needs both cores built, by `android_demo/check` and `ios_demo/check`; else it measures nothing and says so.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from common import record
from common.phone_inputs import COUNT, DIMENSION, QUERIES, K, write_inputs
from pocketshelf.errors import UsageError
from pocketshelf.formats import apply_delta
from pocketshelf.formats.bundle import DetectorSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.detect import NetworkDetector, select_regions
from pocketshelf.stages.preprocess import Photo
from pocketshelf.stages.search.exact import ExactIndex
from tables.phone import READMES, with_table

ROOT = Path(__file__).resolve().parents[1]
CORES = {
    "kotlin": ROOT / "android_demo/build/pocketshelf-core",
    "swift": ROOT / "ios_demo/build/pocketshelf-core",
}
TIMES = ("scan_ms", "delta_ms", "decode_ms")
BESIDE = ("scan_without_numkong_ms", "numkong_kernel_ms")
ANSWERS = ("first_hits", "sequence", "boxes", "regions")
REPEATS = {"scan": 5, "delta": 5, "decode": 50}


class Unseen(Photo):
    """A photo whose network is told what it says: nothing is resized."""

    def network_input(self, preprocessing: Preprocessing, box: Any = None, spare: float = 1.0) -> np.ndarray:
        """Grey."""
        return np.full((*preprocessing.size, 3), 127, np.uint8)


class Outputs:
    """A network that says what it is told."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self._outputs = list(outputs)

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        """The outputs."""
        return self._outputs


def sdk(folder: Path) -> dict[str, Any]:
    """The SDK's figures, and what it found."""
    scan_ms, hits = scan(folder)
    with patch.dict(sys.modules, {"numkong": None}):
        numpy_ms, _ = scan(folder)
    delta_ms, sequence = delta(folder)
    decode_ms, boxes, regions = decode(folder)
    return {
        "scan_ms": scan_ms,
        "scan_without_numkong_ms": numpy_ms,
        "numkong_kernel_ms": kernel(folder),
        "delta_ms": delta_ms,
        "decode_ms": decode_ms,
        "first_hits": hits,
        "sequence": sequence,
        "boxes": boxes,
        "regions": regions,
    }


def gallery(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and queries."""
    vectors = np.frombuffer((folder / "vectors.i8").read_bytes(), np.int8).reshape(COUNT, DIMENSION)
    queries = np.frombuffer((folder / "queries.f32").read_bytes(), "<f4").reshape(QUERIES, DIMENSION)
    return vectors, queries


def kernel(folder: Path) -> float:
    """Milliseconds of NumKong's dot products of one query with all vectors, and of nothing else."""
    import numkong

    vectors, queries = gallery(folder)
    packed, rounded = numkong.dots_pack(np.ascontiguousarray(vectors)), quantize_vectors(queries)
    times = [timed(partial(numkong.dots_packed, rounded[i : i + 1], packed)) for i in range(QUERIES)]
    return statistics.median(times)


def scan(folder: Path) -> tuple[float, list[str]]:
    """Milliseconds of one search, and each query's best hit."""
    vectors, queries = gallery(folder)
    index = ExactIndex([f"{row:06}" for row in range(COUNT)], np.arange(COUNT), vectors)
    first_hits = [index.search(query, K)[0][0] for query in queries]
    times = [timed(partial(index.search, query, K)) for _ in range(REPEATS["scan"]) for query in queries]
    return statistics.median(times), first_hits


def delta(folder: Path) -> tuple[float, int]:
    """Milliseconds to check and apply the delta, and the sequence after it."""
    times = []
    with tempfile.TemporaryDirectory() as scratch:
        shard = Path(scratch) / "shard.sqlite"
        for _ in range(1 + REPEATS["delta"]):
            shutil.copyfile(folder / "shard.sqlite", shard)
            times.append(timed(lambda: apply_delta(shard, folder / "delta.sqlite")))
        shutil.copyfile(folder / "shard.sqlite", shard)
        return statistics.median(times[1:]), apply_delta(shard, folder / "delta.sqlite").sequence


def decode(folder: Path) -> tuple[float, int, int]:
    """Milliseconds from the detector's output to regions; how many boxes, and regions."""
    says = json.loads((folder / "detector.json").read_text())
    spec = DetectorSpec(
        "bench",
        Preprocessing(tuple(says["size"])),
        tuple(says["groups"]),
        strides=tuple(says["strides"]),
        nms_iou=says["nms_iou"],
    )
    outputs = [
        np.frombuffer((folder / f"{name}.f32").read_bytes(), "<f4").reshape(1, -1, columns)
        for name, columns in (("scores", len(spec.groups)), ("distances", 4))
    ]
    detector = NetworkDetector(spec, Outputs(*outputs))
    photo = Unseen(np.zeros((1, 1, 3), np.uint8), says["width"], says["height"])

    def work() -> tuple[int, int]:
        boxes = detector.detect(photo)
        return len(boxes), len(select_regions(boxes, (photo.width, photo.height), says["score_threshold"]))

    for _ in range(20):
        boxes, regions = work()
    return statistics.median(timed(work) for _ in range(REPEATS["decode"])), boxes, regions


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def core(program: Path, folder: Path) -> dict[str, Any]:
    """A core's figures, and what it found.

    Raises:
        UsageError: it ends with an error, or says something else.
    """
    command = [str(program), "bench", "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
        if done.returncode or not {*TIMES, *ANSWERS} <= found.keys():
            raise ValueError(f"exit {done.returncode}, {sorted(found)}")
    except ValueError as error:
        raise UsageError(f"{program} bench: {error}: {done.stderr.strip()[-300:]}") from error
    return found


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """All figures."""
    write_inputs(folder)
    runs: dict[str, list[dict[str, Any]]] = {"sdk": [], **{name: [] for name in CORES}}
    load = [round(one, 1) for one in os.getloadavg()]
    for _ in range(rounds):
        runs["sdk"].append(sdk(folder))
        for name, program in CORES.items():
            runs[name].append(core(program, folder))
            agree(name, runs[name][-1], runs["sdk"][-1])
    ours = medians(runs["sdk"])
    figures: dict[str, Any] = {
        "what": "the phones' cores beside the SDK, on this machine; synthetic inputs, one thread, median ms",
        "rounds": rounds,
        "load_before": load,
        "sdk": {**ours, **{key: median(runs["sdk"], key) for key in BESIDE}},
    }
    for name in CORES:
        theirs = medians(runs[name])
        more = {key: value for key, value in runs[name][-1].items() if key not in (*TIMES, *ANSWERS)}
        ratios = {key.removesuffix("_ms"): round(theirs[key] / ours[key], 2) for key in TIMES}
        if "kernel_ms" in more:
            more["kernel_ms"] = median(runs[name], "kernel_ms")
            ratios["kernel"] = round(more["kernel_ms"] / figures["sdk"]["numkong_kernel_ms"], 2)
        figures[name] = {**theirs, "ratio_to_sdk": ratios, **more}
    return figures


def agree(name: str, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Whether a core found what the SDK found.

    Raises:
        UsageError: it did not.
    """
    for key in ANSWERS:
        if theirs[key] != ours[key]:
            raise UsageError(f"the {name} core's {key} are {theirs[key]}, the SDK's {ours[key]}")


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    """The median of each time."""
    return {key: median(runs, key) for key in TIMES}


def median(runs: list[dict[str, Any]], key: str) -> float:
    return round(statistics.median(run[key] for run in runs), 4)


def main() -> int:
    parser = record.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--print", action="store_true", help="do not write the results")
    args = parser.parse_args()
    if missing := [str(path.relative_to(ROOT)) for path in CORES.values() if not path.exists()]:
        print(
            f"not built: {', '.join(missing)}; android_demo/check and ios_demo/check build them",
            file=sys.stderr,
        )
        return int(os.environ.get("POCKETSHELF_PHONES") == "required")
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), args.rounds)
    if not args.print:
        record.write("phone_cores", figures)
        written = json.loads((record.RESULTS / "phone_cores.json").read_text())
        for name, readme in READMES.items():
            readme.write_text(with_table(readme.read_text(), name, written))
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    record.run(main)
