"""Golden cases of the detector: from its network's outputs to boxes, and from boxes to regions."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.formats.bundle import DetectorSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.detect import NetworkDetector, prominence, pyramid_points, select_regions
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection

__all__ = ["Outputs", "boxes", "boxes_of", "detections", "points", "raw_outputs", "regions", "regions_of"]

GROUPS = ["upper", "bag", "goods"]
STRIDES = [8, 16, 32]


class Outputs:
    """A network that says what it is told."""

    def __init__(self, *outputs: np.ndarray) -> None:
        self._outputs = list(outputs)

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        """The outputs, whatever is asked."""
        return self._outputs


def points(size: list[int]) -> int:
    """How many points a network of this input has."""
    return len(pyramid_points((size[0], size[1]), STRIDES)[0])


def raw_outputs(
    rng: np.random.Generator, size: list[int], groups: int, busy: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scores (1, N, groups), of which the share ``busy`` is no noise, and distances (1, N, 4)."""
    n = points(size)
    scores = rng.uniform(0, 0.04, (1, n, groups))
    loud = rng.uniform(size=scores.shape) < busy
    scores[loud] = rng.uniform(0.06, 0.98, int(loud.sum()))
    return scores.astype(np.float32), rng.uniform(-0.5, 4.0, (1, n, 4)).astype(np.float32)


def case(name: str, size: list[int], photo: tuple[int, int], *outputs: np.ndarray) -> dict[str, Any]:
    """One case of `boxes`."""
    return {
        "name": name,
        "size": size,
        "strides": STRIDES,
        "groups": GROUPS,
        "nms_iou": 0.55,
        "photo": {"width": photo[0], "height": photo[1]},
        "scores": pack(outputs[0]),
        "distances": pack(outputs[1]),
    }


def boxes() -> list[dict[str, Any]]:
    """Outputs of networks: much and little found, ties, boxes at the edge, without area, too many."""
    rng, small, large = np.random.default_rng(1501), [64, 96], [160, 160]
    found = [
        case("a few things", small, (384, 256), *raw_outputs(rng, small, 3, 0.05)),
        case("much, more than fifty boxes", small, (1333, 749), *raw_outputs(rng, small, 3, 0.6)),
        case("of more than 300 of a group the best", large, (3024, 4032), *raw_outputs(rng, large, 3, 0.9)),
        case("nothing", small, (384, 256), *raw_outputs(rng, small, 3, 0.0)),
    ]
    scores, distances = raw_outputs(rng, small, 3, 0.3)
    ties = np.where(scores > 0.05, np.float32(0.5), scores)
    found.append(case("all of the same score: the first point wins", small, (96, 64), ties, distances))
    far = distances * np.float32(9)
    found.append(case("boxes beyond the frame are cut to it", small, (500, 300), scores, far))
    flat = distances.copy()
    flat[:, ::2, 0] = flat[:, ::2, 2] = -1
    found.append(case("boxes without area are dropped", small, (500, 300), scores, flat))
    edge = scores.copy()
    edge[0, :5, 0] = np.float32(0.05)
    edge[0, 5:9, 0] = np.nextafter(np.float32(0.05), np.float32(0))
    found.append(case("a score of exactly the floor counts", small, (96, 64), edge, distances))
    return found


def boxes_of(case: dict[str, Any]) -> dict[str, Any]:
    """What the SDK makes of a case of `boxes`."""
    size = (case["size"][0], case["size"][1])
    spec = DetectorSpec(
        "golden",
        Preprocessing(size),
        tuple(case["groups"]),
        strides=tuple(case["strides"]),
        nms_iou=case["nms_iou"],
    )
    network = Outputs(unpack(case["scores"]), unpack(case["distances"]))
    photo = Photo(np.zeros((*size, 3), np.uint8), case["photo"]["width"], case["photo"]["height"])
    return {"boxes": list(map(as_json, NetworkDetector(spec, network).detect(photo)))}


def as_json(detection: Detection) -> dict[str, Any]:
    """A detection as the files have it."""
    return {"box": list(detection.box), "group": detection.group, "score": detection.score}


def detections(parts: list[dict[str, Any]]) -> list[Detection]:
    """The detections that `as_json` wrote."""
    return [
        Detection((box[0], box[1], box[2], box[3]), part["group"], part["score"])
        for part in parts
        for box in [part["box"]]
    ]


def regions() -> list[dict[str, Any]]:
    """Boxes of photos: two of one thing, faint ones, more than eight, none."""
    known = [
        Detection((10, 220, 40, 30), "footwear", 0.95),
        Detection((102, 50, 198, 205), "outerwear", 0.6),
        Detection((100, 50, 200, 200), "upper", 0.8),
        Detection((0, 0, 384, 256), "goods", 0.2),
    ]
    found = [region_case("one thing seen as two", (384, 256), 0.3, known)]
    found.append(region_case("nothing is sure enough", (384, 256), 0.96, known))
    found.append(region_case("no boxes", (384, 256), 0.3, []))
    same = [Detection((30.0 * n, 40, 20, 20), "bag", 0.5) for n in range(12)]
    found.append(region_case("at most eight, the most central first", (384, 256), 0.3, same))
    rng = np.random.default_rng(1502)
    for number in range(6):
        many = []
        for _ in range(40):
            left, top = rng.uniform(0, 700), rng.uniform(0, 900)
            sides = rng.uniform(5, 799 - left), rng.uniform(5, 999 - top)
            group = GROUPS[rng.integers(3)]
            many.append(Detection((left, top, *sides), group, float(np.float32(rng.uniform(0.05, 1)))))
        found.append(region_case(f"a crowd, {number}", (800, 1000), 0.45, many))
    return found


def region_case(
    name: str, frame: tuple[int, int], threshold: float, found: list[Detection]
) -> dict[str, Any]:
    """One case of `regions`."""
    boxes = list(map(as_json, found))
    return {"name": name, "frame": list(frame), "threshold": threshold, "boxes": boxes}


def regions_of(case: dict[str, Any]) -> dict[str, Any]:
    """The chosen boxes by their places among the given ones, and how prominent each is."""
    found, frame = detections(case["boxes"]), (case["frame"][0], case["frame"][1])
    chosen = select_regions(found, frame, case["threshold"])
    return {
        "chosen": [found.index(each) for each in chosen],
        "prominence": [prominence(each, frame) for each in chosen],
    }
