"""Write the golden shard and delta of format version 1, in the folder of this file.

The files are kept as they were when the version was released, so that later code proves to read them.
The tests do not write them again.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf.formats import DeltaMeta, Product, ShardMeta, create_delta, create_shard

FOLDER = Path(__file__).parent
PRODUCTS = [
    Product("10", 1, "Röcke", "Rock, rot", "10.jpg", np.array([[127, 0, -127, 3]], np.int8), {"size": "M"}),
    Product(
        "11", 2, "Shoes", 'A "quoted" shoe', None, np.array([[1, 2, 3, 127], [4, 127, 6, 7]], np.int8), {}
    ),
    Product("12", 3, "Shoes", "Boot", "b/12.jpg", np.array([[-127, 0, 0, 0]], np.int8), {"tags": ["a", "b"]}),
]
CHANGED = Product("11", 4, "Shoes", "A shoe", None, np.array([[1, 2, 3, 127]], np.int8), {"sale": True})


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    create_shard(
        FOLDER / "shard-v1.sqlite", ShardMeta("golden-space", "0123456789abcdef", "gold", 3, 4), PRODUCTS
    )
    meta = DeltaMeta("golden-space", "0123456789abcdef", 4, 3, 5)
    create_delta(FOLDER / "delta-v1.sqlite", meta, [CHANGED], [("12", 5)])


if __name__ == "__main__":
    main()
