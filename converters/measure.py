"""``python -m converters.measure FOLDER``: what quantization costs in retrieval, and what it saves in time.

Phone photos of the grocery set are searched among the shop's pictures of the 81 products, with PyTorch
float on both sides and with the exported file on both sides. Each picture is decoded and resized once, and
both see the same pixels. Latency is taken in turns in one process, one thread each, so that a busy
machine slows both.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from converters.command import exit_code, say
from converters.errors import ConversionError
from converters.networks import Network, load_network
from converters.parity import unit
from converters.target import Runner, Target
from converters.targets import find_target, target_names
from pocketshelf.cli import values
from pocketshelf.cli.extras import says_what_to_install
from pocketshelf.cli.parser import Parser
from pocketshelf.errors import UsageError
from pocketshelf.runtime.notices import owns_process
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data import grocery

__all__ = ["Reference", "main", "measure", "time_in_turns"]

FILE_NAME = "measures.json"
SPLITS = ("test", "val", "train")
_TIMED_RUNS = 60
_WARMING_RUNS = 3
# Larger batches are no faster on a CPU: the feature maps leave its cache.
_BATCH = 16


@dataclass(frozen=True)
class Reference:
    """What PyTorch float makes of the pictures; computed once and compared with any number of files.

    Attributes:
        images: network inputs, uint8 (n, h, w, 3): the shop's pictures, then the photos.
        vectors: float unit vectors of them, (n, dimension).
        products: product of each of them, (n,).
        shop: how many of them are the shop's pictures.
        split: of the photos.
    """

    images: np.ndarray
    vectors: np.ndarray
    products: np.ndarray
    shop: int
    split: str

    @classmethod
    def of(cls, network: Network, photos: int | None = None, split: str = "test") -> Reference:
        """Decode and embed the shop's pictures and ``photos`` photos of ``split`` (None: all).

        Raises:
            DataMissing: the real photos are not found.
        """
        paths, products = zip(*_grocery(photos, split), strict=True)
        rule = network.preprocessing
        images = np.stack(
            [network_input(decode_photo(path).pixels, rule) for path in _progress(paths, "decode")]
        )
        batches = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        vectors = [network.reference(batch)[0] for batch in _progress(batches, f"PyTorch float, by {_BATCH}")]
        return cls(images, unit(np.concatenate(vectors)), np.array(products), len(set(products)), split)


def measure(reference: Reference, run: Runner) -> dict[str, float]:
    """Recall and agreement of an exported embedder beside PyTorch float.

    Returns:
        "photos", "recall_at_1_float", "recall_at_1", "top1_agreement", "cosine_mean", "cosine_min"; the
        last three are of the photos, top-1 agreement of the product that comes first.
    """
    found = [run(image[None])[0][0] for image in _progress(reference.images, "file, one by one")]
    vectors = unit(np.stack(found))
    truth = reference.products[reference.shop :]
    expected, top = (_top(reference, each) for each in (reference.vectors, vectors))
    cosine = (reference.vectors * vectors).sum(1)[reference.shop :]
    return {
        "photos": len(truth),
        "recall_at_1_float": float((expected == truth).mean()),
        "recall_at_1": float((top == truth).mean()),
        "top1_agreement": float((expected == top).mean()),
        "cosine_mean": float(cosine.mean()),
        "cosine_min": float(cosine.min()),
    }


def _top(reference: Reference, vectors: np.ndarray) -> np.ndarray:
    """The product whose shop picture is nearest to each photo."""
    gallery, queries = vectors[: reference.shop], vectors[reference.shop :]
    return reference.products[: reference.shop][(queries @ gallery.T).argmax(1)]


def _progress(items: Sequence | np.ndarray, what: str) -> Iterable:
    return tqdm(items, desc=what, file=sys.stderr, mininterval=2, disable=len(items) < 64)


def _grocery(photos: int | None, split: str) -> list[tuple[Path, str]]:
    """(picture, product): the shop's of every product, then some photos of ``split``, by a fixed seed."""
    samples = grocery.load()
    rows = [sample for sample in samples if sample.domain == "street" and sample.split == split]
    chosen = random.Random(0).sample(rows, len(rows) if photos is None else min(photos, len(rows)))
    shop = [sample for sample in samples if sample.domain == "shop"]
    return [(sample.image, str(sample.identity)) for sample in [*shop, *chosen]]


def time_in_turns(network: Network, run: Runner, turns: int = _TIMED_RUNS) -> dict[str, float]:
    """Latency of one picture, one thread: PyTorch float eager and the file by turns.

    Returns:
        "ms", "ms_eager": medians; "latency_ratio": of the two.
    """
    from pocketshelf_training.predict.runner import one_thread

    image = np.zeros(network.input_shape, np.uint8)
    runners: dict[str, Callable] = {"eager": partial(network.reference, image), "file": partial(run, image)}
    times: dict[str, list[float]] = {name: [] for name in runners}
    with one_thread():
        for _ in range(turns + _WARMING_RUNS):
            for name, each in runners.items():
                start = time.perf_counter()
                each()
                times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(taken[_WARMING_RUNS:]) * 1e3 for name, taken in times.items()}
    return {
        "ms": round(medians["file"], 3),
        "ms_eager": round(medians["eager"], 3),
        "latency_ratio": round(medians["file"] / medians["eager"], 4),
    }


def _embedders(folder: Path) -> list[tuple[Target, Path]]:
    """(target, embedder's file) in ``folder`` and its folders."""
    found = []
    for name in target_names():
        target = find_target(name)
        found += [(target, path) for path in sorted(folder.glob(f"**/embedder{target.suffix}"))]
    if not found:
        raise ConversionError(f"{folder}: no exported embedder here; run python -m converters.export")
    return found


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m converters.measure", description=__doc__)
    add = parser.add_argument
    add("folder", type=Path, help="a folder that converters.export wrote")
    add("--checkpoint-embedder", type=Path, required=True, help="the one it was exported from")
    add("--photos", type=values.whole, help="so many photos, drawn by a fixed seed (default: all)")
    add("--split", default="test", choices=SPLITS, help="of the grocery photos (default: test)")
    add("--only-latency", action="store_true", help="take the times again and keep the other figures")
    return parser


@owns_process
@says_what_to_install("export")
def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parsed = _parser().parse_args(arguments)

    def work() -> None:
        if parsed.photos is not None and parsed.photos < 1:
            raise UsageError("--photos must be at least 1")
        files = _embedders(parsed.folder)
        say(f"loading {parsed.checkpoint_embedder}")
        network = load_network("embedder", parsed.checkpoint_embedder)
        reference = None if parsed.only_latency else Reference.of(network, parsed.photos, parsed.split)
        for target, path in files:
            say(f"measuring {path}")
            _measure_file(network, target, path, reference)

    return exit_code(work)


def _measure_file(network: Network, target: Target, path: Path, reference: Reference | None) -> None:
    run = target.load(path, network.outputs)
    assert run is not None
    goal = path.parent / FILE_NAME
    if reference is not None:
        found: dict[str, Any] = {"target": target.name, "file": path.name, "split": reference.split}
        found |= measure(reference, run)
    elif goal.exists():
        found = json.loads(goal.read_text(encoding="utf-8"))
    else:
        raise ConversionError(f"{goal}: nothing measured yet; leave --only-latency out")
    if target.native:
        found |= time_in_turns(network, run)
    say(", ".join(f"{key} {value:.4g}" for key, value in found.items() if not isinstance(value, str)))
    goal.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
