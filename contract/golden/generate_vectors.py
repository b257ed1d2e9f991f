"""Write what preprocessing and embedder make of pictures: ``python contract/golden/generate_vectors.py``.

* ``preprocessing.json``: crops of the pictures, each with the box, the rule and the expected pixels.
* ``embeddings.json``: what the TFLite embedder of `models/first` says of each picture, and
  ``embeddings-universal.json`` that of `models/universal`, which ships.

The pictures are PNG, and PPM with the same pixels. They are drawn once and kept: ``--images`` draws them
anew (a random generator's stream is not promised to stay the same between versions of numpy).
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
from pocketshelf.formats.bundle import Bundle, load_bundle
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.runtime import open_model
from pocketshelf.stages.preprocess import decode_photo, network_input

HERE = Path(__file__).resolve().parent
SIZES = ((90, 120), (120, 90), (64, 64), (37, 151))
# Of which more than twice as many rows than columns are lost: Pillow 13 resizes such a picture down first.
TALL = (200, 40)
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

# File → the bundle whose embedder it is of.
EMBEDDINGS = {"embeddings.json": "first", "embeddings-universal.json": "universal"}


def draw_images() -> None:
    """The pictures, as PNG."""
    (HERE / "images").mkdir(exist_ok=True)
    for index, (height, width) in enumerate(SIZES):
        Image.fromarray(draw_picture(700 + index, height, width)).save(HERE / "images" / f"drawn{index}.png")
    Image.fromarray(draw_picture(750, *TALL)).save(HERE / "images" / "tall.png")
    write_pixels()


def write_pixels() -> None:
    """The same pictures as PPM, for languages whose standard library reads no PNG."""
    for name, pixels in images().items():
        Image.fromarray(pixels).save(HERE / "images" / Path(name).with_suffix(".ppm"))


def images(pattern: str = "*.png") -> dict[str, np.ndarray]:
    """Name → uint8 (h, w, 3) of the kept pictures."""
    return {path.name: decode_photo(path).pixels for path in sorted((HERE / "images").glob(pattern))}


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
    model = open_model(bundle.embedder_path)
    outputs = bundle.embedder.outputs
    cases = []
    for name, pixels in images("drawn*.png").items():
        results = model.run(network_input(pixels, bundle.embedder.preprocessing)[None])
        vector = results[outputs["embedding"]][0].astype(float)
        logits = results[outputs["categories"]][0].astype(float)
        unit = vector / np.linalg.norm(vector)
        cases.append({"image": name, "embedding": unit.round(6).tolist(), "logits": logits.round(4).tolist()})
    return {"bundle": bundle.name, "space": bundle.space, "sha256": bundle.embedder.sha256, "cases": cases}


def write(name: str, document: object) -> None:
    """One JSON file beside this one."""
    (HERE / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", action="store_true", help="draw the pictures anew")
    if parser.parse_args().images:
        draw_images()
    write("preprocessing.json", preprocessing_cases())
    for name, bundle in EMBEDDINGS.items():
        write(name, embedding_cases(load_bundle(HERE.parents[1] / "models" / bundle)))


if __name__ == "__main__":
    main()
