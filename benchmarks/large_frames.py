"""What a whole photo's vector loses where its JPEG is decoded to no more than the frame takes.

Groceries' val photos, enlarged with sensor-like noise, as a phone's JPEG: their detail is made up, their
products are real. Beside the same decoded near the working side, as where boxes are looked for: cosine of the
vectors, first hits among the shop's pictures, photos of which the judge says something else. How much of it
is decoding at another scale at all, the last column says: twice the working side.

    python benchmarks/large_frames.py [--photos 60] [--shorter 1225 3000]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from common import record
from common.enlarged import enlarged
from pocketshelf.cli import values
from pocketshelf.encoder import Encoder
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.stages.preprocess.decode import WORKING_SIDE
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample


def ways(jpeg: bytes, encoder: Encoder) -> dict[str, Photo]:
    """The photo as it is decoded for its boxes, for its frame, and finer than either."""
    return {
        "usual": decode_photo(jpeg),
        "frame": decode_photo(jpeg, least=encoder.least),
        "finer": decode_photo(jpeg, near=2 * WORKING_SIDE),
    }


def told(encoder: Encoder, photo: Photo) -> set[str]:
    """The faults that a shopper is told of."""
    return set() if encoder.judge is None else {f.code for f in encoder.judge.faults(photo) if f.sure}


def compared(encoder: Encoder, samples: list[Sample], shorter: int, shelf: np.ndarray) -> dict[str, Any]:
    """A row of the table, with each way's first hits as places in ``shelf``, (n, d) of the products."""
    vectors: dict[str, list[np.ndarray]] = {"usual": [], "frame": [], "finer": []}
    judged = 0
    for sample in samples:
        photos = ways(enlarged(sample.image, shorter)[0], encoder)
        for way, photo in photos.items():
            vectors[way].append(encoder.embed(photo))
        judged += told(encoder, photos["usual"]) != told(encoder, photos["frame"])
    found = {way: np.stack(each) for way, each in vectors.items()}
    tops = {way: (each @ shelf.T).argmax(axis=1) for way, each in found.items()}
    cosines = {way: (found["usual"] * found[way]).sum(axis=1) for way in ("frame", "finer")}
    return {
        "shorter": shorter,
        "tops": tops,
        "same_first_hit": round(float((tops["usual"] == tops["frame"]).mean()), 4),
        "judged_otherwise": judged,
        **{f"{way}_cosine_mean": round(float(each.mean()), 5) for way, each in cosines.items()},
        **{f"{way}_cosine_min": round(float(each.min()), 5) for way, each in cosines.items()},
    }


def main() -> int:
    """Measure, print, write ``results/large_frames.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--photos", type=values.count, default=60)
    parser.add_argument("--shorter", type=values.count, nargs="+", default=[1225, 3000])
    arguments = parser.parse_args()
    samples = grocery.load(None)
    shop = [sample for sample in samples if sample.domain == "shop"]
    asked = [sample for sample in samples if sample.domain != "shop" and sample.split == "val"]
    asked = asked[:: max(1, len(asked) // arguments.photos)][: arguments.photos]
    encoder = Encoder.open(threads=1, detects=False)
    shelf = np.stack([encoder.enrol(sample.image) for sample in shop])
    right = np.array([sample.identity for sample in asked])
    known = np.array([sample.identity for sample in shop])
    rows = []
    for shorter in arguments.shorter:
        row = compared(encoder, asked, shorter, shelf)
        for way, tops in row.pop("tops").items():
            row[f"{way}_recall_1"] = round(float((known[tops] == right).mean()), 4)
        print(" · ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        rows.append(row)
    what = "groceries' val photos, enlarged: a JPEG decoded for its frame alone beside the usual decoding"
    record.write("large_frames", {"what": what, "photos": len(asked), "seed": 0, "rows": rows})
    return 0


if __name__ == "__main__":
    record.run(main)
