"""``python -m converters.measure FOLDER``: what quantization costs in retrieval, and what it saves in time.

Phone photos of the grocery test split are searched among the shop's pictures of the 81 products, with
PyTorch float on both sides and with the exported file on both sides. Latency is taken in turns in one
process, one thread each, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from converters.errors import ConversionError, UsageError
from converters.networks import Network, load_network
from converters.quiet import say
from converters.targets import Runner, find_target, target_names
from sdk.errors import PocketshelfError
from sdk.preprocess import decode_photo

__all__ = ["main", "measure"]

FILE_NAME = "measures.json"
_TIMED_RUNS = 30


def measure(network: Network, run: Runner, photos: int) -> dict[str, float]:
    """Recall, agreement and latency of an exported embedder beside PyTorch float.

    Args:
        photos: how many test photos, drawn at random with a fixed seed.

    Returns:
        "recall_at_1_float", "recall_at_1", "top1_agreement", "cosine_mean", "cosine_min", "photos",
        "ms", "ms_eager", "latency_ratio".

    Raises:
        ConversionError: the real photos are not found.
    """
    shop, queries = _grocery(photos)

    def pytorch(image: np.ndarray) -> np.ndarray:
        return network.reference(torch.from_numpy(image))[0].numpy()[0]

    def exported(image: np.ndarray) -> np.ndarray:
        return run(image)[0][0]

    gallery = {name: _embed(each, network, [p for p, _ in shop]) for name, each in _both(pytorch, exported)}
    query = {name: _embed(each, network, [p for p, _ in queries]) for name, each in _both(pytorch, exported)}
    products = np.array([product for _, product in shop])
    top = {name: products[(query[name] @ gallery[name].T).argmax(1)] for name in query}
    truth = np.array([product for _, product in queries])
    cosine = (query["float"] * query["file"]).sum(1)
    return {
        "photos": len(queries),
        "recall_at_1_float": float((top["float"] == truth).mean()),
        "recall_at_1": float((top["file"] == truth).mean()),
        "top1_agreement": float((top["float"] == top["file"]).mean()),
        "cosine_mean": float(cosine.mean()),
        "cosine_min": float(cosine.min()),
        **_latency(network, pytorch, exported),
    }


def _both(pytorch: Callable, exported: Callable) -> tuple[tuple[str, Callable], ...]:
    return ("float", pytorch), ("file", exported)


def _grocery(photos: int) -> tuple[list[tuple[Path, str]], list[tuple[Path, str]]]:
    """((shop picture, product) of every product, (test photo, product) of some)."""
    named = os.environ.get("POCKETSHELF_DATA")
    folder = Path(named or "") / "grocery"
    if not named or not (folder / "photos.csv").is_file():
        raise ConversionError("no grocery photos: set POCKETSHELF_DATA to the folder with the real photos")
    with (folder / "products.csv").open(newline="", encoding="utf-8") as stream:
        shop = [(folder / row["image"], row["product_id"]) for row in csv.DictReader(stream)]
    with (folder / "photos.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    chosen = random.Random(0).sample(rows, min(photos, len(rows)))
    return shop, [(folder / row["photo"], row["product_id"]) for row in chosen]


def _embed(embed: Callable[[np.ndarray], np.ndarray], network: Network, paths: Sequence[Path]) -> np.ndarray:
    vectors = []
    for path in paths:
        image = network.preprocessing.apply(decode_photo(path).pixels)
        vectors.append(embed(np.array(image)[None]))
    matrix = np.stack(vectors)
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)


def _latency(network: Network, pytorch: Callable, exported: Callable) -> dict[str, float]:
    image = np.zeros(network.input_shape, np.uint8)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    times: dict[str, list[float]] = {"float": [], "file": []}
    try:
        for turn in range(_TIMED_RUNS + 3):
            for name, each in _both(pytorch, exported):
                start = time.perf_counter()
                each(image)
                if turn >= 3:  # The first ones warm caches and allocate.
                    times[name].append(time.perf_counter() - start)
    finally:
        torch.set_num_threads(threads)
    eager, file = (statistics.median(times[name]) * 1e3 for name in ("float", "file"))
    return {"ms": round(file, 3), "ms_eager": round(eager, 3), "latency_ratio": round(file / eager, 4)}


def _embedders(folder: Path) -> list[tuple[str, Path]]:
    """(target, embedder's file) in ``folder`` and its folders."""
    found = []
    for name in target_names():
        suffix = find_target(name).suffix
        found += [(name, path) for path in sorted(folder.glob(f"**/embedder{suffix}"))]
    if not found:
        raise ConversionError(f"{folder}: no exported embedder here; run python -m converters.export")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m converters.measure", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder that converters.export wrote")
    parser.add_argument(
        "--checkpoint-embedder", type=Path, required=True, help="the one it was exported from"
    )
    parser.add_argument("--photos", type=int, default=1265, help="grocery test photos (default: all 1265)")
    parsed = parser.parse_args(arguments)
    try:
        network = load_network("embedder", parsed.checkpoint_embedder)
        for target, path in _embedders(parsed.folder):
            say(f"measuring {path}")
            run = find_target(target).load(path, network.outputs)
            assert run is not None
            found = measure(network, run, parsed.photos)
            say(", ".join(f"{key} {value:.4g}" for key, value in found.items()))
            document = {"target": target, "file": path.name, **found}
            (path.parent / FILE_NAME).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
