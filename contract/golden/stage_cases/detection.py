"""Golden cases of the detector: from its network's outputs to boxes, a second look, and boxes to regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.formats.bundle import DetectorSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.afar import far_part, look_again
from pocketshelf.stages.detect import NetworkDetector, prominence, pyramid_points, select_regions
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection

__all__ = [
    "Outputs",
    "boxes",
    "boxes_of",
    "detections",
    "looks",
    "looks_of",
    "points",
    "raw_outputs",
    "regions",
    "regions_of",
]

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


# What somebody wears who is 240 pixels high; groups and places as a street photo has them.
WORN = (
    Detection((20, 30, 60, 80), "upper", 0.72),
    Detection((24, 105, 50, 100), "trousers", 0.64),
    Detection((28, 210, 44, 30), "footwear", 0.9),
    Detection((70, 90, 25, 35), "bag", 0.31),
    Detection((36, 0, 26, 22), "hat", 0.12),
)


def looks() -> list[dict[str, Any]]:
    """What two looks saw: somebody far, near, at the edge, one garment alone, nobody at a second look."""
    frame, decoded = (3000, 4000), (750, 1000)
    second = _moved(WORN, 1.0, (30, 20))
    far = _moved(WORN, 3.0, (1500, 1700))
    found = [
        look_case("somebody far away", frame, decoded, far, second),
        look_case("at the edge", frame, (749, 1000), _moved(WORN, 3.0, (2690, 3270)), second[1:]),
        look_case("decoded at a scale that divides nothing", (3024, 4032), (731, 977), far, second),
        look_case("near", frame, decoded, _moved(WORN[:3], 12.0, (800, 500)), []),
        look_case("one garment", frame, decoded, far[:1], []),
        look_case("a garment seen as two", frame, decoded, [*far[:1], _as("outerwear", far[0])], []),
        look_case("a garment and a bag", frame, decoded, [far[0], far[3]], []),
        look_case("two of a group", frame, decoded, [far[0], _as("upper", far[1])], []),
        look_case("too faint", frame, decoded, [_as("upper", far[0], 0.29), *far[1:2]], []),
        look_case("sure enough, just", frame, decoded, [_as("upper", far[0], 0.3), *far[1:2]], second[:2]),
        look_case("a second look in vain", frame, decoded, far, [_as("skirt", second[0], 0.29)]),
        look_case("nothing", frame, decoded, [], []),
    ]
    rng = np.random.default_rng(1503)
    places = rng.integers([0, 0, 5], [2800, 3800, 29], (26, 3)).tolist()
    aside = [Detection((x, y, 90, 70), "bag", share / 100) for x, y, share in places]
    crowd = [Detection((4 * n, 40, 20, 28), "hat", (30 + n) / 100) for n in range(26)]
    found.append(look_case("more than fifty", frame, decoded, [*far, *aside], [*second, *crowd]))
    return found


def _moved(found: Sequence[Detection], scale: float, to: tuple[float, float]) -> list[Detection]:
    return [
        Detection((to[0] + scale * x, to[1] + scale * y, scale * w, scale * h), each.group, each.score)
        for each in found
        for x, y, w, h in [each.box]
    ]


def _as(group: str, detection: Detection, score: float | None = None) -> Detection:
    return Detection(detection.box, group, detection.score if score is None else score)


def look_case(
    name: str,
    frame: tuple[int, int],
    decoded: tuple[int, int],
    first: list[Detection],
    second: list[Detection],
) -> dict[str, Any]:
    """One case of `looks`: the second look's boxes are in the pixels of the part that it is shown."""
    boxes = {look: list(map(as_json, found)) for look, found in (("first", first), ("second", second))}
    return {"name": name, "frame": list(frame), "decoded": list(decoded), **boxes}


class _SecondLook:
    """A detector that says what it is told, and remembers the size of what it was shown."""

    def __init__(self, found: list[Detection]) -> None:
        self._found = found
        self.shown: list[int] | None = None

    def detect(self, photo: Photo) -> list[Detection]:
        """What it was told."""
        self.shown = [photo.width, photo.height]
        return self._found


def looks_of(case: dict[str, Any]) -> dict[str, Any]:
    """The part that is looked at again and its decoded size, null where none is; and all boxes then."""
    (width, height), first = case["frame"], detections(case["first"])
    detector = _SecondLook(detections(case["second"]))
    photo = Photo(np.zeros((*reversed(case["decoded"]), 3), np.uint8), width, height)
    boxes = list(map(as_json, look_again(detector, photo, first)))
    part = far_part(first, (width, height))
    return {"part": part and list(part), "shown": detector.shown, "boxes": boxes}
