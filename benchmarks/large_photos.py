"""What a detector loses where a large photo is halved down to little more than it takes.

The street's val photos, enlarged to 12 megapixels with sensor-like noise, as a phone's JPEG: their detail is
made up, their garments are real. Average precision by how much a halving must leave, in the same run.

    python benchmarks/large_photos.py [--photos 50]
"""

from __future__ import annotations

from unittest import mock

import numpy as np

from common import record
from common.enlarged import enlarged
from pocketshelf.cli import values
from pocketshelf.encoder import Encoder
from pocketshelf.stages import detect
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.stages.preprocess.photo import SPARE
from pocketshelf_training.data import street
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.average_precision import Boxes, mean_average_precision
from pocketshelf_training.metrics.detector_figures import to_boxes, true_boxes

SHORTER = 3000


def with_truth(sample: Sample) -> tuple[bytes, Boxes]:
    """The photo as a JPEG whose shorter side is `SHORTER`, and its true boxes in it."""
    jpeg, scale = enlarged(sample.image, SHORTER)
    truth = true_boxes([sample])[sample.image]
    return jpeg, Boxes(np.asarray(truth.boxes) * scale, truth.groups)


def main() -> int:
    """Measure, print, write ``results/large_photos.json``."""
    parser = record.parser(__doc__)
    parser.add_argument("--photos", type=values.count, default=50)
    arguments = parser.parse_args()
    samples = [sample for sample in street.load(None) if sample.split == "val"]
    samples = samples[:: max(1, len(samples) // arguments.photos)][: arguments.photos]
    encoder = Encoder.open(threads=1)
    left = {detect.SPARE: {}, SPARE: {}}
    truth = {}
    for sample in samples:
        jpeg, truth[sample.image] = with_truth(sample)
        for spare, found in left.items():
            with mock.patch.object(detect, "SPARE", spare):
                found[sample.image] = to_boxes(encoder.boxes(decode_photo(jpeg), weak=0.0)[0])
    rows = []
    for spare, found in left.items():
        mean = mean_average_precision(truth, found, street.GARMENT_GROUPS)[1]
        rows.append({"pixels_left": spare, **{name: round(value, 4) for name, value in mean.items()}})
        print(" · ".join(f"{name} {value}" for name, value in rows[-1].items()))
    what = (
        "street val, enlarged to 12 megapixels: mean over garment groups, by pixels a side left of a halving"
    )
    record.write("large_photos", {"what": what, "photos": len(samples), "rows": rows})
    return 0


if __name__ == "__main__":
    record.run(main)
