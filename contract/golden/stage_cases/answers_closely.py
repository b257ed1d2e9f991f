"""Golden cases of whole answers with a close look: the golden photos of covers, on a shelf that has some."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contract.golden.stage_cases import answer_shelf
from contract.golden.stage_cases.answers import SERVER, answered, encoder, open_shelf
from contract.golden.stage_cases.arrays import pack
from contract.golden.stage_cases.closely import IMAGES, PHOTOS, print_of, read_or_drawn
from contract.golden.stage_cases.closely_drawing import read_picture
from pocketshelf.closely import tabled
from pocketshelf.formats import ShardMeta, create_shard
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.features import Print, features_file
from pocketshelf.stages.detect import pyramid_points
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Box

__all__ = ["FEATURES", "SHARD", "answers", "answers_of", "write_shelf"]

FOLDER = answer_shelf.FOLDER.parent / "answers-closely"
SHARD, FEATURES = FOLDER / "shard.sqlite", FOLDER / "features.bin"
# Product -> the number of its picture's cover, and how many of its features are kept.
PRINTS = {
    "Mi01": (2, 110), "Sh02": (4, 110), "Co03": (7, 110), "Ki01": (9, 110), "T-05": (5, 96), "Mi03": (6, 60),
}  # fmt: skip
# A thing in a photo: its group, the detector's score, its box, and what its embedding is of, if of a product.
Thing = tuple[str, float, Box, str | None]
ONE, TWO, TURNED, OTHER, _, STRIP, _ = PHOTOS
COVER: Thing = ("goods", 0.8, (130.0, 40.0, 470.0, 520.0), None)
LEFT: Thing = ("goods", 0.7, (20.0, 60.0, 260.0, 370.0), None)


def write_shelf() -> None:
    """The shelf of the plain answers without its palettes, and the features of six of its products."""
    FOLDER.mkdir(exist_ok=True)
    bundle = load_bundle(answer_shelf.BUNDLE)
    meta = ShardMeta(
        bundle.space,
        bundle.preprocessing_hash,
        bundle.name,
        answer_shelf.SEQUENCE,
        bundle.embedder.dimension,
    )
    # A palette hangs on a crop's last pixel, and the box of a print on another generator's samples.
    products = [
        replace(each, attributes={k: v for k, v in each.attributes.items() if k != "palette"})
        for each in answer_shelf.products()
    ]
    SHARD.unlink(missing_ok=True)
    create_shard(SHARD, meta, products)
    prints: list[Print | None] = []
    for product_id in sorted(each.product_id for each in products):
        number, most = PRINTS.get(product_id, (0, 0))
        print_ = print_of(number) if most else None
        prints.append(None if print_ is None else Print(print_.shape, print_.rows[:most]))
    FEATURES.write_bytes(tabled(prints, answer_shelf.SEQUENCE).to_bytes())


def answers() -> list[dict[str, Any]]:
    """Searches of the golden photos of covers."""
    if not SHARD.exists():
        write_shelf()
    base: dict[str, Any] = {
        "whole": False, "top_k": 3, "category": "auto", "where": {}, "ask": None, "closely": True,
    }  # fmt: skip
    other = scene(3169, OTHER, [("goods", 0.6, (160.0, 40.0, 310.0, 400.0), None)])
    one, two = scene(3162, ONE, [COVER]), scene(3164, TWO, [LEFT])
    known: Thing = ("footwear", *COVER[1:3], "Sh10")
    cases: dict[str, dict[str, Any]] = {
        "a cover that the embedding ranks behind: sure, and no server is asked": {**one, "server": SERVER},
        "the same without a close look: it is asked": {**one, "server": SERVER, "closely": False},
        "two covers, and a box of one: the other has a region of its own": two,
        "two covers in the frame": {**scene(3165, TWO, []), "top_k": 4},
        "upside down, the frame alone": {**scene(3166, TURNED, [COVER]), "whole": True},
        "every answer is confident: nothing is looked at": scene(3167, ONE, [known]),
        "a cover that is not the shelf's": other,
        "what is seen is of no asked category": {**one, "category": "Shoes"},
        "what is seen is not wished for": {**one, "where": {"colour": ["red"]}},
        "few inliers: judged as any other": {**scene(3168, STRIP, []), "server": SERVER},
        "a server's hits stand behind what is seen": {**two, "server": SERVER, "ask": True},
        "one hit": {**two, "top_k": 1},
    }  # fmt: skip
    return [{"name": name, **base, **case} for name, case in cases.items()]


def scene(seed: int, name: str, things: list[Thing]) -> dict[str, Any]:
    """A golden photo, and what the networks gave for it: of the given things and of the frame."""
    rng = np.random.default_rng(seed)
    (width, height), *_, by, _ = PHOTOS[name]
    number = list(PHOTOS).index(name)
    read_or_drawn(number)
    case = {
        "image": f"closely/photo{number}.ppm.gz", "width": by * width, "height": by * height,
        "detector": outputs(things, (by * width, by * height)),
    }  # fmt: skip
    boxes = [each.box for each in encoder(case).boxes(photo(case))[1]]
    assert len(boxes) == len(things), name
    crops = [
        {"box": list(box), "outputs": embedded(rng, of)} for box, (*_, of) in zip(boxes, things, strict=True)
    ]
    # Where the second cover lies, which no box claims.
    right = [0.5 * by * width, 0.1 * by * height, 0.4 * by * width, 0.75 * by * height]
    other = {"box": right, "outputs": embedded(rng, None)}
    return {**case, "embedder": [*crops, other, {"box": None, "outputs": embedded(rng, None)}]}


def embedded(rng: np.random.Generator, of: str | None) -> list[dict[str, Any]]:
    """Logits of the categories, vector, logits of sleeve and colour: of a product, or of nothing known."""
    spec = load_bundle(answer_shelf.BUNDLE).embedder
    vector, logits = rng.normal(size=spec.dimension), 0.5 * rng.normal(size=len(spec.categories))
    if of is not None:
        (product,) = (each for each in answer_shelf.products() if each.product_id == of)
        vector = product.vectors[0] / 127 + 0.02 * vector
        logits[spec.categories.index(product.category)] += 4
    return [pack(each[None]) for each in (logits, 5 * vector, rng.normal(size=2), rng.normal(size=3))]


def outputs(things: list[Thing], size: tuple[int, int]) -> list[dict[str, Any]]:
    """The detector's, for boxes of a photo of this size: distances and scores."""
    spec = load_bundle(answer_shelf.BUNDLE).detector
    assert spec is not None
    points, strides = pyramid_points(spec.preprocessing.size, spec.strides)
    scores = np.zeros((1, len(points), len(spec.groups)), np.float32)
    distances = np.ones((1, len(points), 4), np.float32)
    share = np.array(spec.preprocessing.size[::-1]) / np.array(size)
    for group, score, (x, y, w, h), _ in things:
        low, high = np.array([x, y]) * share, np.array([x + w, y + h]) * share
        place = int(np.linalg.norm(points - (low + high) / 2, axis=1).argmin())
        scores[0, place, spec.groups.index(group)] = score
        reach = np.concatenate([points[place] - low, high - points[place]])
        distances[0, place] = reach / strides[place]
    return [pack(distances), pack(scores)]


def photo(case: dict[str, Any]) -> Photo:
    """The golden one."""
    return Photo(read_picture(IMAGES / case["image"]), case["width"], case["height"])


def answers_of(case: dict[str, Any]) -> dict[str, Any]:
    """The line, without its times, and what the server was asked; or "error"."""
    with open_shelf(SHARD) as store:
        features_file(store.folder.index(store.generation), store.digest).write(FEATURES.read_bytes())
        return answered(case, store, photo(case), case["closely"])
