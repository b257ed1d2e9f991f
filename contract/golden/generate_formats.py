"""Write one file of each format, as this version writes it: ``python contract/golden/generate_formats.py``.

A golden file stays as it was when its format's version was released, so that later code proves to read it:
what exists is left alone, and a new version adds files of its own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf.formats import DeltaMeta, Product, ShardMeta, create_delta, create_shard
from pocketshelf.formats.bundle import AttributeSpec, Bundle, DetectorSpec, EmbedderSpec, write_bundle
from pocketshelf.formats.preprocessing import Preprocessing

FOLDER = Path(__file__).resolve().parent
SPACE, HASH = "golden-space", "0123456789abcdef"
PRODUCTS = [
    Product("10", 1, "Röcke", "Rock, rot", "10.jpg", np.array([[127, 0, -127, 3]], np.int8), {"size": "M"}),
    Product(
        "11", 2, "Shoes", 'A "quoted" shoe', None, np.array([[1, 2, 3, 127], [4, 127, 6, 7]], np.int8), {}
    ),
    Product("12", 3, "Shoes", "Boot", "b/12.jpg", np.array([[-127, 0, 0, 0]], np.int8), {"tags": ["a", "b"]}),
]
CHANGED = Product("11", 4, "Shoes", "A shoe", None, np.array([[1, 2, 3, 127]], np.int8), {"sale": True})


def write_shard(path: Path) -> None:
    """Three products in two categories."""
    create_shard(path, ShardMeta(SPACE, HASH, "gold", 3, 4), PRODUCTS)


def write_delta(path: Path) -> None:
    """From that shard's sequence 3 to 5: one product changed, one deleted."""
    create_delta(path, DeltaMeta(SPACE, HASH, 4, 3, 5), [CHANGED], [("12", 5)])


def write_golden_bundle(folder: Path) -> None:
    """Every optional part in it, with stand-ins for the model files."""
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
    write_bundle(Bundle(folder, "golden", SPACE, embedder, detector, {"version": 1}))


# File → what writes it; the number is the format's version.
FILES = {
    "bundle-v1": write_golden_bundle,
    "formats/shard-v1.sqlite": write_shard,
    "formats/delta-v1.sqlite": write_delta,
}


def main() -> None:
    """Write those that do not exist."""
    for name, write in FILES.items():
        if not (FOLDER / name).exists():
            write(FOLDER / name)
            print(f"written: {name}")


if __name__ == "__main__":
    main()
