"""Write the golden files that Python, Android and iOS share: ``python contract/golden/generate.py``.

* ``images/*.png``: drawn pictures.
* ``preprocessing.json``: crops of them, each with the box, the rule and the expected pixels.
* ``bundle-v1``: a bundle as version 1 of the format wrote it, with stand-ins for the model files. It is never
  written again: a later version adds a folder of its own.
* ``embeddings.json``: what the committed bundle's TFLite embedder says of each picture, where there is one.

The pictures are drawn once and kept: ``--images`` draws them anew (a random generator's stream is not
promised to stay the same between versions of numpy).
"""

from __future__ import annotations

import argparse
import base64
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from converters.photos import draw_picture
from pocketshelf.formats.bundle import (
    VERSION,
    AttributeSpec,
    Bundle,
    DetectorSpec,
    EmbedderSpec,
    load_bundle,
    write_bundle,
)
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZES = ((90, 120), (120, 90), (64, 64), (37, 151))
# Inside, at a corner, beyond the frame, thin, smaller than the input, a single pixel.
BOXES = (
    None,
    (20.0, 10.0, 30.0, 40.0),
    (0.0, 0.0, 15.5, 12.25),
    (-10.0, 20.0, 60.0, 30.0),
    (30.0, 5.0, 4.0, 30.0),
    (12.3, 4.7, 9.1, 8.6),
    (36.0, 36.0, 1.0, 1.0),
)
RULES = (
    Preprocessing((24, 24)),
    Preprocessing((16, 32), margin=0.05),
    Preprocessing((24, 24), margin=0.1, max_aspect=2.0),
)


def draw_images() -> None:
    """The pictures, as PNG."""
    (HERE / "images").mkdir(exist_ok=True)
    for index, (height, width) in enumerate(SIZES):
        Image.fromarray(draw_picture(700 + index, height, width)).save(HERE / "images" / f"drawn{index}.png")


def images() -> dict[str, np.ndarray]:
    """Name → uint8 (h, w, 3) of the kept pictures."""
    return {path.name: decode_photo(path).pixels for path in sorted((HERE / "images").glob("*.png"))}


def preprocessing_cases() -> list[dict]:
    """One case for every picture, box and rule; ``pixels`` is base64 of height x width x 3 bytes."""
    cases = []
    for name, pixels in images().items():
        for box in BOXES:
            for rule in RULES:
                expected = base64.b64encode(network_input(pixels, rule, box).tobytes()).decode()
                cases.append(
                    {"image": name, "box": box, "rule": asdict(rule), "hash": rule.hash, "pixels": expected}
                )
    return cases


def embedding_cases(bundle: Bundle) -> dict:
    """The bundle's embedder over the kept pictures, whole."""
    from converters.targets import find_target

    run = find_target("tflite").load(bundle.embedder_path, ("embedding", "categories"))
    assert run is not None
    outputs = bundle.embedder.outputs
    cases = []
    for name, pixels in images().items():
        results = run(network_input(pixels, bundle.embedder.preprocessing)[None])
        vector = results[outputs["embedding"]][0].astype(float)
        logits = results[outputs["categories"]][0].astype(float)
        unit = vector / np.linalg.norm(vector)
        cases.append({"image": name, "embedding": unit.round(6).tolist(), "logits": logits.round(4).tolist()})
    return {"bundle": bundle.name, "space": bundle.space, "sha256": bundle.embedder.sha256, "cases": cases}


def write_golden_bundle() -> None:
    """A small bundle of the format's current version, every optional part in it."""
    folder = HERE / f"bundle-v{VERSION}"
    if folder.exists():
        raise SystemExit(f"{folder.name} exists; golden bundles are written once")
    folder.mkdir()
    for kind in ("embedder", "detector"):
        (folder / f"{kind}.tflite").write_bytes(f"stand-in for the {kind}\n".encode())
    embedder = EmbedderSpec(
        file="embedder.tflite",
        preprocessing=Preprocessing((224, 224), margin=0.05),
        dimension=128,
        categories=("Apple", "Pear"),
        outputs={"embedding": 0, "categories": 1},
        temperature=1.5,
        attributes={"sleeve": AttributeSpec(2, ("short", "long"))},
    )
    detector = DetectorSpec(
        file="detector.tflite",
        preprocessing=Preprocessing((320, 320)),
        groups=("upper", "goods"),
        frame_weight={"goods": 0.5},
    )
    recall = {"version": 1}
    write_bundle(Bundle(folder, "golden", "golden-space", embedder, detector, recall))


def write(name: str, document: object) -> None:
    """One JSON file beside this one."""
    (HERE / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", action="store_true", help="draw the pictures anew")
    parser.add_argument("--bundle", action="store_true", help="write the current version's golden bundle")
    parsed = parser.parse_args()
    if parsed.images:
        draw_images()
    if parsed.bundle:
        write_golden_bundle()
    write("preprocessing.json", preprocessing_cases())
    folder = ROOT / "models" / "first"
    if (folder / "bundle.json").exists():
        write("embeddings.json", embedding_cases(load_bundle(folder)))


if __name__ == "__main__":
    main()
