"""Golden cases of whole answers: from what the networks gave to the one line of a search."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract.golden.stage_cases.answer_shelf import (
    BUNDLE,
    MANIFEST,
    SHARD,
    centres,
    golden_turns,
    products,
    write_shelf,
)
from contract.golden.stage_cases.arrays import pack, unpack
from contract.golden.stage_cases.detection import Outputs, raw_outputs
from pocketshelf.encoder import Encoder
from pocketshelf.errors import ServerError, UsageError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.recall import CatalogueSpread, Found
from pocketshelf.retriever import Retriever
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import Embedding, NetworkEmbedder
from pocketshelf.stages.preprocess import Photo
from pocketshelf.store import Store
from pocketshelf.store.writer import StoreWriter
from pocketshelf.types import Box, Detection, Hit

__all__ = ["answers", "answers_of"]

WIDTH, HEIGHT = 600, 800
KINDS = ("T-Shirts", "Shoes", "Milk", "Coats")
SERVER = [
    {
        "product_id": "far-1", "score": 0.93, "title": "Far", "category": "Shoes", "image": "f.jpg",
        "attributes": {"colour": "red", "palette": "7f6e5a:80 506478:20"},
    },
    {"product_id": "Sh01", "score": 0.99, "title": "Known here", "category": "Shoes", "attributes": {}},
    {"product_id": "far-2", "score": 0.4, "title": "", "category": "Bags", "attributes": {}},
]  # fmt: skip


class Told:
    """An embedder that says what a case has for the box nearest to the one asked about.

    Of a turned photo it says what the case has for so many quarters, if anything.
    """

    def __init__(self, case: dict[str, Any]) -> None:
        self._spec = load_bundle(BUNDLE).embedder
        self._upright = case["embedder"]
        self._turned = case.get("turned", {})

    def embed(self, photo: Photo, box: Box | None = None) -> Embedding:
        """See `pocketshelf.stages.embed.Embedder`."""
        turned = self._turned and self._turned.get(str(quarters_of(photo)))
        known = [each for each in turned or self._upright if (each["box"] is None) == (box is None)]
        (nearest, *_) = sorted(known, key=lambda each: distance(each["box"], box))
        return NetworkEmbedder(self._spec, Outputs(*map(unpack, nearest["outputs"]))).embed(photo, box)


@dataclass(frozen=True)
class Finds:
    """A detector that may find nothing in a turned photo."""

    network: NetworkDetector
    turned: bool

    def detect(self, photo: Photo) -> list[Detection]:
        """See `pocketshelf.stages.detect.Detector`."""
        return self.network.detect(photo) if self.turned or not quarters_of(photo) else []


def distance(a: Box | None, b: Box | None) -> float:
    """Sum of the sides' differences."""
    return 0.0 if a is None or b is None else sum(abs(x - y) for x, y in zip(a, b, strict=True))


def quarters_of(photo: Photo) -> int:
    """By how many the photo of `photo` was turned, told by the corner that has come to the left above."""
    red, green, _ = photo.pixels[0, 0].tolist()
    return {(False, False): 0, (True, False): 1, (True, True): 2, (False, True): 3}[red > 90, green > 120]


class Server:
    """A `Fallback` that knows the case's hits, or is away (None), and may tell of its catalogue."""

    def __init__(self, hits: list[dict[str, Any]] | None, told: dict[str, Any] | None = None) -> None:
        self.asks: list[dict[str, Any]] = []
        self._hits, self._told = hits, told

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """See `pocketshelf.recall.Fallback`."""
        self.asks.append({"space": space, "categories": list(categories), "k": k})
        if self._hits is None:
            raise ServerError("away")
        found = Found([Hit(**hit, source="server") for hit in self._hits][:k])
        if self._told is not None:
            of_hits = {key: tuple(each) for key, each in self._told["hits"].items()}
            found.catalogue = CatalogueSpread(
                tuple(self._told["nearest"]), tuple(self._told["background"]), of_hits
            )
        return found


def told(nearest: tuple[float, float], background: tuple[float, float]) -> dict[str, Any]:
    """What a server tells of its catalogue, and of its hits: mean and standard deviation of cosines."""
    mean, spread = background
    hits = {hit["product_id"]: [round(mean + 0.01 * i, 6), spread] for i, hit in enumerate(SERVER)}
    return {"nearest": list(nearest), "background": list(background), "hits": hits}


def answers() -> list[dict[str, Any]]:
    """Searches of one photo with three things in it, of one with none, and of frames."""
    if not SHARD.exists():
        write_shelf()
    rng = np.random.default_rng(1562)
    scene = networks(rng, [("upper", 0.9), ("footwear", 0.62), ("goods", 0.5)])
    crowd = networks(rng, [("outerwear", 0.8), ("upper", 0.75), ("footwear", 0.7), ("footwear", 0.46)])
    empty = networks(rng, [])
    rng = np.random.default_rng(1563)
    parts, sure = (networks(rng, [("upper", score), ("footwear", 0.5)]) for score in (0.6, 0.72))
    small = networks(rng, [("footwear", 0.6)], (0.3, 0.5))
    base: dict[str, Any] = {
        "whole": False,
        "top_k": 5,
        "category": "auto",
        "where": {},
        "ask": None,
        "any_way_up": False,
    }
    # Lying on its side: there the one thing looks like the second one does.
    lying = networks(np.random.default_rng(1570), [("footwear", 0.8)])
    lying = {**lying, "turned": {"3": seen_as(lying, scene["embedder"][1])}, "top_k": 1}
    unsure = networks(np.random.default_rng(1570), [("footwear", 0.6)])
    # The same, and it looks so: on its side, or upside down.
    sideways, over = (tilted(lying, turn) for turn in range(2))
    cases: dict[str, dict[str, Any]] = {
        "several things": scene,
        "another photo": {**crowd, "top_k": 3},
        "the frame alone": {**scene, "whole": True},
        "nothing is found: the frame": empty,
        "more hits than products": {**scene, "whole": True, "top_k": 100},
        "everything is searched": {**scene, "category": "all", "top_k": 6},
        "a category by its name": {**scene, "category": "röcke", "top_k": 3},
        "two categories": {**scene, "category": ["Milk", "SHOES"], "top_k": 3},
        "an unknown category": {**scene, "category": "Hats"},
        "no hits asked for": {**scene, "top_k": 0},
        "only some products": {**scene, "where": {"colour": ["red"], "size": ["l", "XL"]}},
        "few products fit: the rest of the shelf": {**scene, "where": {"price": ["12.5", "13.5"]}},
        "no product fits": {**scene, "where": {"colour": ["purple"]}},
        "whole numbers fit": {**scene, "where": {"year": ["2021"]}, "top_k": 3},
        "a server is asked where that does not suffice": {
            **scene, "server": SERVER, "category": ["Shoes"], "top_k": 2
        },
        "a server is asked in any case": {**crowd, "server": SERVER, "ask": True, "top_k": 4},
        "a server is asked for some products": {
            **scene, "server": SERVER, "ask": True, "where": {"colour": ["red"]}, "category": ["Shoes"]
        },
        "a server tells of its catalogue: its first hit is near": {
            **crowd, "server": SERVER, "ask": True, "top_k": 4, "told": told((0.3, 0.1), (0.05, 0.04))
        },
        "a server tells of its catalogue: its first hit is far": {
            **crowd, "server": SERVER, "ask": True, "top_k": 4, "told": told((0.8, 0.05), (0.4, 0.2))
        },
        "a server tells of its catalogue, and of other hits": {
            **crowd, "server": SERVER, "ask": True, "top_k": 4,
            "told": {**told((0.5, 0.1), (0.1, 0.1)), "hits": {"nobody": [0.2, 0.1]}}
        },
        "a server is never asked": {**scene, "server": SERVER, "ask": False, "top_k": 2},
        "a server is away": {**scene, "server": None, "ask": True, "top_k": 2},
        "a server finds nothing": {**empty, "server": [], "ask": True},
        "the best lies in a category that is not likely": {
            **scene, "embedder": misled(scene), "whole": True, "top_k": 3
        },
        "no box is sure: the frame as one thing": {**parts, "embedder": as_one(parts), "top_k": 2},
        "the same, and a server is asked": {
            **parts, "embedder": as_one(parts), "server": SERVER, "ask": True, "top_k": 2
        },
        "no box is sure, and one of them is nearer than the frame": {**parts, "top_k": 1},
        "no box is sure, and they are a small part: the frame is not looked at": {
            **small, "embedder": [small["embedder"][0], {**scene["embedder"][1], "box": None}], "top_k": 1
        },
        "a box is sure: the frame is not looked at": {**sure, "embedder": as_one(sure), "top_k": 1},
        "any way up: a turned look is ahead, and no surer of itself": {**lying, "any_way_up": True},
        "nobody asks for any way up": lying,
        "any way up, and an answer is trusted: nothing is turned": {
            **lying, "embedder": lying["turned"]["3"], "turned": {"1": lying["embedder"]}, "top_k": 2,
            "any_way_up": True,
        },
        "any way up: a frame alone takes no sure box's place": {
            **lying, "turned_has_boxes": False, "any_way_up": True
        },
        "any way up: a frame alone takes the place of a box that is not sure": {
            **unsure, "turned": {"3": seen_as(unsure, scene["embedder"][1])}, "turned_has_boxes": False,
            "any_way_up": True, "top_k": 1,
        },
        "it looks upright: nothing is turned": {**lying, "any_way_up": None},
        "it lies on its side: turned by one and three quarters": {**sideways, "any_way_up": None},
        "it lies on its side, and nobody wishes to turn it": sideways,
        "it stands on its head: turned by two quarters": {
            **over, "turned": {"2": lying["turned"]["3"], "3": lying["turned"]["3"]}, "any_way_up": None
        },
        "it stands on its head: not turned by one": {**over, "any_way_up": None},
        "on its side, of a whole frame": {**sideways, "whole": True, "any_way_up": None},
    }  # fmt: skip
    return [{"name": name, **base, **case} for name, case in cases.items()]


def networks(
    rng: np.random.Generator, things: list[tuple[str, float]], reach: tuple[float, float] = (0.6, 1.6)
) -> dict[str, Any]:
    """Outputs of detector and embedder for a photo of these groups and scores.

    Args:
        reach: how far a thing's sides are from its point, in strides.
    """
    groups = load_bundle(BUNDLE).detector.groups  # type: ignore[union-attr]
    scores, distances = raw_outputs(rng, [64, 64], len(groups), 0.02)
    scores = np.minimum(scores, np.float32(0.4))
    for number, (group, score) in enumerate(things):
        # Points of the middle level: 4 x 4 of 16 pixels, two columns apart.
        point = 64 + 4 * (number // 2 * 2) + 2 * (number % 2) + 1
        scores[0, point, groups.index(group)] = score
        distances[0, point] = rng.uniform(*reach, 4)
    case: dict[str, Any] = {"width": WIDTH, "height": HEIGHT, "detector": [pack(distances), pack(scores)]}
    boxes = [box.box for box in encoder(case).boxes(photo(case))[1]]
    frame = {"box": None, "outputs": embedded(rng, 0)}
    crops = [{"box": list(box), "outputs": embedded(rng, n)} for n, box in enumerate(boxes)]
    return {**case, "embedder": [*crops, frame]}


def embedded(rng: np.random.Generator, number: int) -> list[dict[str, Any]]:
    """Logits of the categories, vector, logits of sleeve and colour: of something of one kind."""
    kind, spec = KINDS[number % len(KINDS)], load_bundle(BUNDLE).embedder
    vector = centres()[kind] + 0.7 * rng.normal(size=spec.dimension)
    if number == 1:  # The very product, photographed.
        (pair,) = (product.vectors for product in products() if product.product_id == "Sh10")
        vector = pair[0] / 127 + 0.02 * rng.normal(size=spec.dimension)
    logits = rng.normal(size=len(spec.categories)) + 3.0 * np.array(
        [name == kind for name in spec.categories]
    )
    outputs = (logits, 5 * vector, rng.normal(size=2), rng.normal(size=3))
    return [pack(np.asarray(output)[None]) for output in outputs]


def misled(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The frame looks like the second thing, a shoe, and the model's categories say: milk."""
    (spec, (_, crop, *_)) = load_bundle(BUNDLE).embedder, case["embedder"]
    sure = {"Milk": 9.0, "T-Shirts": 5.0, "Röcke": 4.0, "Shoes": -3.0}
    logits = np.array([[sure.get(name, 0.0) for name in spec.categories]])
    return [{"box": None, "outputs": [pack(logits), *crop["outputs"][1:]]}]


def as_one(case: dict[str, Any]) -> list[dict[str, Any]]:
    """The frame looks like the second thing, and the second thing like the first."""
    first, second, frame = case["embedder"]
    return [first, {**second, "outputs": first["outputs"]}, {**frame, "outputs": second["outputs"]}]


def seen_as(case: dict[str, Any], like: dict[str, Any]) -> list[dict[str, Any]]:
    """Everything in the case's photo looks so."""
    return [{**each, "outputs": like["outputs"]} for each in case["embedder"]]


def tilted(case: dict[str, Any], turn: int) -> dict[str, Any]:
    """The case's photo, everything in which looks turned: 0 sideways, 1 upside down."""

    def looking(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        logits, vector, *heads = outputs
        seen = unpack(vector)[0]
        seen = 0.2 * seen / np.linalg.norm(seen) + 0.8 * golden_turns()[turn]
        return [logits, pack(5 * seen[None]), *heads]

    embedder = [{**each, "outputs": looking(each["outputs"])} for each in case["embedder"]]
    return {**case, "embedder": embedder}


def photo(case: dict[str, Any]) -> Photo:
    """One of the case's size, decoded at a tenth, whose colours change from side to side."""
    width, height = case["width"], case["height"]
    down, across = np.mgrid[: height // 10, : width // 10]
    pixels = np.stack([3 * across, 40 + 2 * down, 200 - 2 * across - down], axis=-1)
    return Photo(pixels.astype(np.uint8), width, height)


def encoder(case: dict[str, Any]) -> Encoder:
    """One whose networks say what the case has."""
    bundle = load_bundle(BUNDLE)
    assert bundle.detector is not None
    network = Outputs(*map(unpack, case["detector"]))
    told = Told(case) if "embedder" in case else None
    detector = Finds(NetworkDetector(bundle.detector, network), case.get("turned_has_boxes", True))
    return Encoder(bundle, told, detector)  # type: ignore[arg-type]


@contextmanager
def open_shelf(shard: Path = Path(SHARD)) -> Iterator[Store]:
    """A golden shard and the manifest as a store."""
    with tempfile.TemporaryDirectory() as folder:
        with StoreWriter.open(folder) as writer, writer.staged() as staging:
            shutil.copy(shard, staging / "shard.sqlite")
            shutil.copy(MANIFEST, staging / Path(MANIFEST).name)
            writer.publish(staging)
        with Store.open(folder) as store:
            yield store


def answers_of(case: dict[str, Any]) -> dict[str, Any]:
    """The line, without its times, and what the server was asked; or "error"."""
    with open_shelf() as store:
        return answered(case, store, photo(case))


def answered(case: dict[str, Any], store: Store, shown: Photo, closely: bool = True) -> dict[str, Any]:
    """`answers_of` a case, on a shelf and of a photo."""
    server = Server(case["server"], case.get("told")) if "server" in case else None
    retriever = Retriever(store, encoder(case), fallback=server, closely=closely)
    try:
        result = retriever.search(
            shown,
            case["top_k"],
            case["category"],
            case["whole"],
            case["ask"],
            where=case["where"],
            any_way_up=case.get("any_way_up", False),
        )
    except (UsageError, ValueError):
        return {"error": True}
    line = result.to_json(full=True)
    del line["ms"]
    return {"line": line, "asks": [] if server is None else server.asks}
