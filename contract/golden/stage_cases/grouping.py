"""Golden cases of what lies in a category: to which of the detector's groups it belongs."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.errors import BundleError
from pocketshelf.formats.fields import Fields
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.outfit import Shelves

__all__ = ["groups", "groups_of"]

DIMENSION = 13
NAMES = {"upper": ["T-Shirt"], "outerwear": ["Coats"], "footwear": ["Shoes"], "goods": ["Milk"]}
# Not in the detector's order, and not all: of goods it says nothing.
KNOWN = ("footwear", "upper", "outerwear")
LISTS = ("names", "scales", "bias")


def groups() -> list[dict[str, Any]]:
    """Shelves of one thing, of several and of none, names that tell, and heads that are not the format."""
    rng = np.random.default_rng(1571)
    centres = dict(zip(KNOWN, rng.normal(size=(len(KNOWN), DIMENSION)), strict=True))
    weights = np.array(list(centres.values()), np.float32) * 1.4
    head = GroupHead(KNOWN, weights, np.array([0.9, -0.2, 0.1], np.float32)).to_json("golden-space")

    def of(*kinds: str, each: int = 5) -> dict[str, Any]:
        around = np.concatenate([centres[kind] + 0.5 * rng.normal(size=(each, DIMENSION)) for kind in kinds])
        return pack(quantize_vectors(around))

    ones = {"Bas": of("footwear"), "Sortiment 4": of("outerwear", each=1), "Röcke": of("upper", each=32)}
    mixed = {"Soldes": of(*KNOWN), "Women > New": of("upper", "outerwear"), "Few": of("footwear", each=9)}
    named = {"Women > shoes": of("upper"), "COAT": of("footwear"), "goods": of("upper"), "Bas": ones["Bas"]}
    empty = {"Vide": pack(np.zeros((0, DIMENSION), np.int8)), "Bas": ones["Bas"]}
    small = {"of no length": pack(np.zeros((2, DIMENSION), np.int8)), "short": pack(unpack(ones["Bas"]) // 9)}
    good: dict[str, dict[str, Any]] = {
        "categories of one group each": {"categories": ones},
        "categories of several groups": {"categories": mixed},
        "names tell before products": {"categories": named},
        "an empty category may be of any": {"categories": empty},
        "lengths say nothing, no length the bias": {"categories": small},
        "logits of hundreds": {"groups": {**head, "scales": [200 * scale for scale in head["scales"]]}},
    }
    raw = base64.b64decode(head["weights"])
    two = base64.b64encode(raw[: 2 * DIMENSION]).decode()
    bad: dict[str, dict[str, Any]] = {
        "weights that are no base64": {"weights": head["weights"][:-1] + "*"},
        "weights without their padding": {"weights": two.rstrip("="), **{k: head[k][:2] for k in LISTS}},
        "weights of another dimension": {"weights": base64.b64encode(raw[:-3]).decode()},
        "a scale too few": {"scales": head["scales"][1:]},
        "a bias that is no number": {"bias": [0, 1, "2"]},
        "a group that is none of the detector's": {"names": ["footwear", "upper", "hat"]},
        "a group twice": {"names": ["footwear", "upper", "upper"]},
        "no groups": {"names": [], "scales": [], "bias": []},
    }
    base = {"dimension": DIMENSION, "detector": NAMES, "groups": head, "categories": ones}
    spoiled = {name: {"groups": {**head, **change}} for name, change in bad.items()}
    return [{"name": name, **base, **change} for name, change in {**good, **spoiled}.items()]


def groups_of(case: dict[str, Any]) -> dict[str, Any]:
    """The groups of each category that no name explains, and whether each category fits each; or "error"."""
    try:
        part = Fields(case["groups"], "groups", BundleError)
        head = GroupHead.parse(part, case["dimension"], list(case["detector"]))
    except BundleError:
        return {"error": True}
    categories = case["categories"]
    shelves = Shelves(case["detector"]).looking(categories, head, lambda name: unpack(categories[name]))
    return {
        "looks": {name: sorted(looks) for name, looks in shelves.looks.items()},
        "fits": {group: [shelves.fits(group, name) for name in categories] for group in case["detector"]},
    }
