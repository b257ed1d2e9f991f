"""What one model of a bundle says of photos or of boxes in them, line by line: for measurements.

    python -m pocketshelf.answers embedder --bundle DIR < crops.jsonl

Standard input holds one {"photo": path} or {"photo": path, "box": [x, y, w, h]} a line, the box in
pixels of the upright photo; each is answered at once by one line, see `pocketshelf.formats.answer`. Decoding,
cropping and the network's runtime are those of `search`; nothing is selected, rounded or cut.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

import numpy as np

from pocketshelf.cli.options import add_models
from pocketshelf.cli.output import say
from pocketshelf.errors import BundleError, PhotoError, PocketshelfError, UsageError
from pocketshelf.formats.answer import Answer, Detected, Embedded, Unreadable, to_line
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.runtime import open_model
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Box

__all__ = ["main", "open_answerer"]

Answerer = Callable[[str, Box | None], Answer]


def open_answerer(bundle: Bundle, kind: str, threads: int = 1) -> Answerer:
    """A function from a photo's path and a box (the frame if None) to the answer of the ``kind`` of model.

    Raises:
        BundleError: the bundle has no such model, or it cannot be loaded.
        RuntimeUnavailable: the library that runs it is not installed.
    """
    return _embedder(bundle, threads) if kind == "embedder" else _detector(bundle, threads)


def _embedder(bundle: Bundle, threads: int) -> Answerer:
    embedder = NetworkEmbedder(bundle.embedder, open_model(bundle.embedder_path, threads))

    def answer(path: str, box: Box | None) -> Answer:
        found = embedder.embed(decode_photo(path), box)
        return Embedded(found.vector, np.array(list(found.categories.values()), np.float32), found.attributes)

    return answer


def _detector(bundle: Bundle, threads: int) -> Answerer:
    if bundle.detector is None or bundle.detector_path is None:
        raise BundleError(f"{bundle.folder}: this bundle has no detector")
    detector = NetworkDetector(bundle.detector, open_model(bundle.detector_path, threads))

    def answer(path: str, box: Box | None) -> Answer:
        found = detector.detect(decode_photo(path))
        return Detected(
            np.array([each.box for each in found], float).reshape(-1, 4),
            tuple(each.group for each in found),
            np.array([each.score for each in found], float),
        )

    return answer


def main(argv: Sequence[str] | None = None) -> int:
    """Answer every line of standard input; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pocketshelf.answers", description=__doc__)
    parser.add_argument("kind", choices=("embedder", "detector"))
    add_models(parser)
    args = parser.parse_args(argv)
    try:
        answerer = open_answerer(load_bundle(args.bundle), args.kind, args.threads)
        for line in sys.stdin:
            print(to_line(_answer(answerer, line)), flush=True)
    except PocketshelfError as error:
        say(f"pocketshelf: {error}")
        return 1
    return 0


def _answer(answerer: Answerer, line: str) -> Answer:
    try:
        asked = json.loads(line)
        path, box = asked["photo"], asked.get("box")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f'a line is {{"photo": path, "box": [x, y, w, h]}}, not {line.strip()!r}') from error
    try:
        return answerer(path, tuple(box) if box else None)
    except PhotoError as error:
        return Unreadable(str(error))


if __name__ == "__main__":
    sys.exit(main())
