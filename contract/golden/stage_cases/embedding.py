"""Golden cases of what becomes of an embedder's outputs: softmax, unit vector, and the frame blended in."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from contract.golden.stage_cases.detection import Outputs, as_json, detections
from pocketshelf.formats.bundle import AttributeSpec, EmbedderSpec
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.embed import Embedding, NetworkEmbedder, blend, top_categories
from pocketshelf.stages.outfit import Shelves, frame_share
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection

__all__ = ["blends", "blends_of", "embedding_of", "outputs", "outputs_of", "weights", "weights_of"]

CATEGORIES = ["Apple", "Pear", "Shoes", "Shirts", "Röcke", "Bags"]
HEADS = {"sleeve": ["short", "long"], "colour": ["red", "green", "blue"]}


def outputs() -> list[dict[str, Any]]:
    """Networks' outputs, one of them with a wide range of logits, one of nearly no length, one with ties."""
    rng, found = np.random.default_rng(1511), []
    for name, scale, length, temperature in (
        ("usual", 3.0, 1.0, 1.0),
        ("with a temperature, off the sphere", 3.0, 40.0, 1.7),
        ("logits of hundreds", 300.0, 1.0, 1.0),
        ("nearly no length", 1.0, 1e-12, 1.0),
    ):
        found.append(output_case(name, rng, scale, length, temperature))
    flat = output_case("equal logits: the bundle's order", rng, 0.0, 1.0, 1.0)
    return [*found, flat]


def output_case(
    name: str, rng: np.random.Generator, scale: float, length: float, temperature: float
) -> dict[str, Any]:
    """One case of `outputs`: the network gives logits first and the vector last."""
    heads = {label: pack(scale * rng.normal(size=(1, len(labels)))) for label, labels in HEADS.items()}
    return {
        "name": name,
        "temperature": temperature,
        "categories": CATEGORIES,
        "attributes": HEADS,
        "logits": pack(scale * rng.normal(size=(1, len(CATEGORIES)))),
        "attribute_logits": heads,
        "vector": pack(length * rng.normal(size=(1, 16))),
    }


def embedding_of(case: dict[str, Any]) -> Embedding:
    """What the SDK's embedder makes of a case's outputs."""
    names = list(case["attributes"])
    vector = unpack(case["vector"])
    spec = EmbedderSpec(
        "golden",
        Preprocessing((8, 8)),
        vector.shape[1],
        tuple(case["categories"]),
        {"categories": 0, "embedding": len(names) + 1},
        case["temperature"],
        {name: AttributeSpec(i + 1, tuple(case["attributes"][name])) for i, name in enumerate(names)},
    )
    heads = [unpack(case["attribute_logits"][name]) for name in names]
    network = Outputs(unpack(case["logits"]), *heads, vector)
    return NetworkEmbedder(spec, network).embed(Photo(np.zeros((8, 8, 3), np.uint8), 8, 8))


def outputs_of(case: dict[str, Any]) -> dict[str, Any]:
    """Unit vector, probabilities, and the five likeliest categories."""
    return said(embedding_of(case))


def said(embedding: Embedding) -> dict[str, Any]:
    """An embedding as the files have it."""
    return {
        "vector": [float(x) for x in embedding.vector],
        "categories": dict(embedding.categories),
        "attributes": {name: [float(p) for p in values] for name, values in embedding.attributes.items()},
        "top": [name for name, _ in top_categories(embedding.categories)],
    }


def blends() -> list[dict[str, Any]]:
    """A crop's and a frame's outputs with the weight of the frame."""
    rng = np.random.default_rng(1512)
    return [
        {
            "name": f"the frame weighs {weight}",
            "weight": weight,
            "crop": output_case("crop", rng, 3.0, 1.0, 1.3),
            "frame": output_case("frame", rng, 3.0, 1.0, 1.3),
        }
        for weight in (0.05, 0.35, 0.5, 0.7)
    ]


def blends_of(case: dict[str, Any]) -> dict[str, Any]:
    """The two as one."""
    return said(blend(embedding_of(case["crop"]), embedding_of(case["frame"]), case["weight"]))


def weights() -> list[dict[str, Any]]:
    """Boxes in photos with others, and probabilities: how much the frame counts, what the group leaves."""
    groups = {
        "upper": ["T-Shirt", "Hoodies & Sweatshirts"],
        "outerwear": ["Hoodies & Sweatshirts", "Coats"],
        "footwear": ["Shoe", "Strasse"],
    }
    probabilities = {
        "Women > Tops/t-shirts": 0.2,
        "COATS": 0.3,
        "Hoodies & Sweatshirts": 0.1,
        "Straße": 0.15,
        "Dress": 0.05,
        "Shoes ": 0.2,
    }
    lone = Detection((100.0, 100.0, 300.0, 400.0), "upper", 0.75)
    small = Detection((10.0, 20.0, 60.0, 50.0), "footwear", 0.5)
    coat = Detection((350.0, 80.0, 200.0, 300.0), "outerwear", 0.9)
    unknown = Detection((0.0, 0.0, 600.0, 800.0), "goods", 1.0)
    crowd = [lone, small, coat]
    return [
        {
            "name": name,
            "frame": [600, 800],
            "frame_weight": {"upper": 0.7, "footwear": 0.7, "outerwear": 0.3},
            "groups": groups,
            "probabilities": probabilities,
            "box": as_json(box),
            "others": [as_json(other) for other in others],
        }
        for name, box, others in (
            ("alone and large", lone, []),
            ("alone and small", small, []),
            ("beside others", lone, [small]),
            ("less than the others", small, crowd[::2]),
            ("beside as large a one", coat, [lone]),
            ("of a group without a weight, which claims no categories", unknown, []),
        )
    ]


def weights_of(case: dict[str, Any]) -> dict[str, Any]:
    """The frame's weight, which categories the group may be of, and their probabilities then."""
    (box,), others = detections([case["box"]]), detections(case["others"])
    weight = case["frame_weight"].get(box.group, 0.0)
    share = frame_share(box.box, [other.box for other in others], (case["frame"][0], case["frame"][1]))
    shelves = Shelves(case["groups"])
    return {
        "share": share,
        "weight": weight * share,
        "fits": [shelves.fits(box.group, name) for name in case["probabilities"]],
        "probabilities": shelves.weighed(box, case["probabilities"]),
    }
