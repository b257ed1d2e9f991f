"""What an exported bundle still needs in an app: ``finish_bundle.py ios_demo/App/Models``.

* the calibration of recall and confidence, from the bundle that ships (``--of``), of the same space;
* ``golden.json`` and its pictures (``*.ppm``): what this very embedder says of the pictures of
  `contract/golden`, in the form of its ``embeddings.json``. The app takes up a bundle only when its own
  runtime says the same. (Another precision is another vector: the ``.mlpackage`` that `converters.export`
  makes of what ships is at a cosine of 0.957 to 0.984 to the ``.tflite`` file on these pictures.)
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from converters.targets import find_target, target_names
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf.stages.preprocess import decode_photo, network_input

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "contract" / "golden" / "images"


def with_calibration(bundle: Bundle, other: Bundle) -> Bundle:
    """``bundle``, written again with the calibration of ``other``.

    Raises:
        SystemExit: they are of different spaces.
    """
    if bundle.space != other.space:
        sys.exit(f"{bundle.folder}: is of the space {bundle.space}, {other.folder} of {other.space}")
    return write_bundle(replace(bundle, recall=other.recall))


def write_golden(bundle: Bundle) -> None:
    """``golden.json`` and the pictures, beside the models."""
    spec = bundle.embedder
    target = next(t for t in map(find_target, target_names()) if t.suffix == bundle.embedder_path.suffix)
    heads = {output: name for name, output in spec.outputs.items()}
    heads |= {head.output: name for name, head in spec.attributes.items()}
    run = target.load(bundle.embedder_path, [heads[index] for index in sorted(heads)])
    cases = []
    for picture in sorted(PICTURES.glob("*.png")):
        pixels = network_input(decode_photo(picture).pixels, spec.preprocessing)[None].copy()
        vector = np.asarray(run(pixels)[spec.outputs["embedding"]][0], dtype=float)
        unit = vector / np.linalg.norm(vector)
        cases.append({"image": picture.with_suffix(".ppm").name, "embedding": unit.round(6).tolist()})
        shutil.copy(picture.with_suffix(".ppm"), bundle.folder)
    document = {"bundle": bundle.name, "space": bundle.space, "sha256": spec.sha256, "cases": cases}
    (bundle.folder / "golden.json").write_text(json.dumps(document) + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="the exported bundle")
    parser.add_argument(
        "--of", type=Path, default=ROOT / "models" / "universal", help="the bundle with the calibration"
    )
    arguments = parser.parse_args()
    bundle = with_calibration(load_bundle(arguments.folder), load_bundle(arguments.of))
    write_golden(bundle)
    print(f"written: {bundle.folder}: bundle.json with its calibration, golden.json and its pictures")


if __name__ == "__main__":
    main()
