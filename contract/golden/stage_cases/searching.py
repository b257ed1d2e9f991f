"""Golden cases of the search: rounding to int8, the exact scan, routing, filters, and re-ranking."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.errors import UsageError
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.rerank import AttributeReranker
from pocketshelf.stages.route import MassRouter, filled, named_categories
from pocketshelf.stages.search.exact import ExactIndex
from pocketshelf.stages.where import fits
from pocketshelf.types import Hit

__all__ = [
    "fitting",
    "fitting_of",
    "names",
    "names_of",
    "quantized",
    "quantized_of",
    "reranked",
    "reranked_of",
    "routed",
    "routed_of",
    "scans",
    "scans_of",
]

# In the order of their code points: what UTF-16 and a language's own rules sort otherwise.
ODD_IDS = ["10", "9", "A", "Z", "a", "e\u0301", "z", "Å", "é", "ﬁ", "～", "𝒳"]


def quantized() -> list[dict[str, Any]]:
    """Float vectors: usual, all zero, tiny, huge, and halves, which are rounded to even."""
    rng = np.random.default_rng(1521)
    halves = np.array([[127, 0.5, 1.5, 2.5, -0.5, -1.5, 63.5, -126.5]])
    sets = {
        "usual": rng.normal(size=(20, 32)),
        "no length": np.zeros((1, 8)),
        "next to nothing": rng.normal(size=(2, 32)) * 1e-41,
        "huge": rng.normal(size=(2, 32)) * 1e37,
        "halves go to the even number": halves,
    }
    return [{"name": name, "vectors": pack(vectors)} for name, vectors in sets.items()]


def quantized_of(case: dict[str, Any]) -> dict[str, Any]:
    """Int8 of the same shape."""
    return {"vectors": pack(quantize_vectors(unpack(case["vectors"])))}


def scans() -> list[dict[str, Any]]:
    """Categories and queries: several pictures a product, equal vectors, fewer products than wanted."""
    rng = np.random.default_rng(1522)
    return [
        scan_case("one picture a product", rng, [(None, 300, 300)], 128, 10),
        scan_case("several pictures a product", rng, [(None, 40, 200), (None, 5, 7)], 32, 10),
        scan_case("fewer products than wanted", rng, [(None, 4, 6)], 16, 10),
        equal_case("equal vectors go by the ids' code points", rng),
        many_equal_case("more equal vectors than candidates", rng),
        {**scan_case("no categories", rng, [(None, 4, 6)], 16, 10), "categories": []},
        zero_case("a vector of no length", rng),
    ]


def scan_case(
    name: str,
    rng: np.random.Generator,
    sizes: list[tuple[list[str] | None, int, int]],
    dimension: int,
    k: int,
) -> dict[str, Any]:
    """One case; ``sizes`` are of each category: ids, number of products, number of pictures."""
    categories: list[dict[str, Any]] = []
    for ids, products, pictures in sizes:
        more = np.sort(rng.integers(0, products, pictures - products))
        owners = np.sort(np.concatenate([np.arange(products), more]))
        gallery = quantize_vectors(rng.normal(size=(pictures, dimension)))
        known = ids or [f"{len(categories)}-{number:04}" for number in range(products)]
        categories.append({"ids": known, "owners": owners.tolist(), "vectors": pack(gallery)})
    queries = rng.normal(size=(4, dimension)).astype(np.float32)
    return {"name": name, "k": k, "categories": categories, "queries": pack(queries)}


def equal_case(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Two categories whose products all have one vector, or another."""
    case = scan_case(name, rng, [(ODD_IDS, 12, 12), (["B", "ä", "𝒴"], 3, 3)], 128, 12)
    pair = quantize_vectors(rng.normal(size=(2, 128)))
    for part in case["categories"]:
        part["vectors"] = pack(pair[np.arange(len(part["ids"])) % 2])
    return case


def many_equal_case(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Ninety products of one vector among others."""
    case = scan_case(name, rng, [(None, 120, 120)], 64, 5)
    gallery = unpack(case["categories"][0]["vectors"]).copy()
    gallery[7:97] = gallery[3]
    queries = unpack(case["queries"]).copy()
    queries[:2] += gallery[3] / np.float32(40)
    ids = [f"{(number * 37) % 120:03}" for number in range(120)]
    case["categories"][0] |= {"ids": sorted(ids), "vectors": pack(gallery)}
    return {**case, "queries": pack(queries)}


def zero_case(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """A gallery with a vector of zeros, and a query of zeros."""
    case = scan_case(name, rng, [(None, 8, 8)], 16, 8)
    gallery, queries = unpack(case["categories"][0]["vectors"]).copy(), unpack(case["queries"]).copy()
    gallery[5], queries[3] = 0, 0
    case["categories"][0]["vectors"] = pack(gallery)
    return {**case, "queries": pack(queries)}


def scans_of(case: dict[str, Any]) -> dict[str, Any]:
    """The hits of each query over all of the case's categories."""
    indexes = [
        ExactIndex(part["ids"], np.array(part["owners"]), unpack(part["vectors"]))
        for part in case["categories"]
    ]
    found = []
    for query in unpack(case["queries"]):
        hits = [hit for index in indexes for hit in index.search(query, case["k"])]
        found.append(sorted(hits, key=lambda hit: (-hit[1], hit[0]))[: case["k"]])
    return {"hits": [[list(hit) for hit in hits] for hits in found]}


def routed() -> list[dict[str, Any]]:
    """Probabilities over categories, and what a shelf has of them."""
    sure = {"a": 0.7, "b": 0.15, "c": 0.1, "d": 0.03, "e": 0.02}
    even = dict.fromkeys("lkjihgfedcba", 1 / 12)
    some = {**dict.fromkeys("ghijklmn", 0.02), "a": 0.4, "b": 0.2, "c": 0.1, "d": 0.08, "e": 0.06}
    counts = dict.fromkeys("abcde", 5)
    return [
        route_case("one stands out: three all the same", sure, counts, 10),
        route_case("as many as asked for", sure, counts, 18),
        route_case("none stands out: everything", even, dict.fromkeys("abcdefghijkl", 4), 10),
        route_case("at most eight", some, dict.fromkeys("abcdefghijklmn", 9), 10),
        route_case("the shelf lacks the likely ones", {"x": 0.9, "a": 0.06, "b": 0.04}, counts, 10),
        route_case("what the model does not know", sure, {"Z": 2, "a": 3, "b": 3, "c": 3, "d": 3, "Y": 1}, 2),
        route_case("nothing shared", {"x": 1.0}, counts, 10),
        route_case("an empty shelf", sure, {}, 10),
        route_case("equal ones by name", {"b": 0.25, "a": 0.25, "d": 0.4, "c": 0.1}, counts, 20),
    ]


def route_case(
    name: str, probabilities: dict[str, float], counts: dict[str, int], wanted: int
) -> dict[str, Any]:
    """One case of `routed`; the order of ``counts`` is the store's own."""
    listed = [[category, count] for category, count in counts.items()]
    return {"name": name, "probabilities": probabilities, "counts": listed, "wanted": wanted}


def routed_of(case: dict[str, Any]) -> dict[str, Any]:
    """The categories of the router, and those that are searched."""
    counts = dict(case["counts"])
    routed = MassRouter().route(case["probabilities"], counts)
    return {"routed": routed, "searched": filled(routed, case["probabilities"], counts, case["wanted"])}


def names() -> list[dict[str, Any]]:
    """What may be asked for by name; "error" stands for a refusal."""
    store = ["Apple", "STRASSE", "Shirts", "bag", "Bag", "éclair"]
    asked: list[Any] = [
        "auto", "all", "Apple", "apple", "Straße", "bag", "BAG", "ÉCLAIR", "pear", "",
        ["Shirts", "apple", "Apple"], ["all", "Apple"], [],
    ]  # fmt: skip
    return [{"name": f"asked {each!r}", "asked": each, "available": store} for each in asked]


def names_of(case: dict[str, Any]) -> dict[str, Any]:
    """The named categories, and whether it was all."""
    try:
        named, everything = named_categories(case["asked"], case["available"])
    except UsageError:
        return {"error": True}
    return {"named": list(named), "everything": everything}


def fitting() -> list[dict[str, Any]]:
    """Products' attributes against what is wanted."""
    product = {"brand": "ACME", "size": ["M", "L"], "sale": True, "year": 2024.0, "price": 19.5, "none": None}
    wanted: list[dict[str, list[str]]] = [
        {}, {"brand": ["acme"]}, {"brand": ["other", "Acme"]}, {"size": ["l"]}, {"size": ["XL"]},
        {"sale": ["true"]}, {"sale": ["1"]}, {"year": ["2024"]}, {"year": ["2024.0"]}, {"price": ["19.5"]},
        {"none": ["None"]}, {"missing": ["x"]}, {"brand": ["acme"], "size": ["XL"]}, {"brand": []},
    ]  # fmt: skip
    lists: dict[str, Any] = {
        "size": "XS, S,\tM ", "cut": ["Basic|Snug", "Wide, Long"], "note": "Warm, " * 67,
        "ends": " ,x, | Straße,\n", "exact": "Smith,Jones", "blank": "a,\u00a0b", "none": "| ,  ",
        "wide": "\U0001f9e5, " + "x" * 397, "more": "\U0001f9e5, " + "x" * 398,
        "lines": "Red,\r\nBlue\r\n|\r\nGreen,\rGold", "marks": "a,\u0301 b, \u0301c|\u0301d",
        "mixed": [7, "8|9", True],
    }  # fmt: skip
    within: list[dict[str, list[str]]] = [
        {"size": ["m"]}, {"size": ["XS", "no"]}, {"size": ["XS, S"]}, {"size": ["xs, s,\tm "]},
        {"cut": ["snug"]}, {"cut": ["long"]}, {"cut": ["wide, long"]}, {"note": ["warm"]},
        {"ends": ["STRASSE"]}, {"ends": [",x"]}, {"ends": [""]}, {"exact": ["smith"]}, {"blank": ["b"]},
        {"none": [""]}, {"none": ["| ,  "]}, {"wide": ["\U0001f9e5"]}, {"more": ["\U0001f9e5"]},
        {"lines": ["blue"]}, {"lines": ["green"]}, {"lines": ["gold"]}, {"lines": ["red,"]},
        {"marks": ["b"]}, {"marks": ["\u0301c"]}, {"marks": ["\u0301D"]}, {"marks": ["d"]},
        {"mixed": ["7"]}, {"mixed": ["9"]}, {"mixed": ["true"]},
    ]  # fmt: skip
    cases = [{"name": f"{each}", "attributes": product, "where": each} for each in wanted]
    return cases + [
        {"name": f"a list: {each}", "attributes": {name: lists[name] for name in each}, "where": each}
        for each in within
    ]


def fitting_of(case: dict[str, Any]) -> dict[str, Any]:
    """Whether the product is wanted."""
    return {"fits": fits(case["attributes"], case["where"])}


def reranked() -> list[dict[str, Any]]:
    """Hits that state what the model sees, something else, or nothing."""
    seen = {"sleeve": {"short": 0.9, "long": 0.1}, "colour": {"Red": 0.5, "Green": 0.3, "Blue": 0.2}}
    stated: list[tuple[str, float, dict[str, Any]]] = [
        ("1", 0.812, {"sleeve": "long", "colour": "green"}),
        ("2", 0.8, {"sleeve": " SHORT "}),
        ("3", 0.79, {}),
        ("4", 0.79, {"colour": "purple"}),
        ("5", 0.78, {"sleeve": "short", "colour": "RED"}),
        ("6", 0.775, {"sleeve": ["short"]}),
        ("7", 0.77, {"colour": "Blue"}),
    ]
    hits = [{"product_id": key, "score": score, "attributes": says} for key, score, says in stated]
    tied = [{**hit, "score": 0.5, "attributes": {}} for hit in reversed(hits)]
    return [
        {"name": "agreement and contradiction", "seen": seen, "hits": hits},
        {"name": "the model sees nothing", "seen": {}, "hits": hits},
        {"name": "equal ones stay in their order", "seen": seen, "hits": tied},
        {"name": "no hits", "seen": seen, "hits": []},
    ]


def reranked_of(case: dict[str, Any]) -> dict[str, Any]:
    """(id, score), best first."""
    hits = [
        Hit(part["product_id"], part["score"], "", "", attributes=part["attributes"]) for part in case["hits"]
    ]
    ranked = AttributeReranker().rerank(case["seen"], hits)
    return {"hits": [[hit.product_id, hit.score] for hit in ranked]}
