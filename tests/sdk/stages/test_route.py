"""Routing by probability mass, re-ranking by attributes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pocketshelf.errors import UsageError
from pocketshelf.stages.rerank import AttributeReranker
from pocketshelf.stages.route import MassRouter, filled, named_category
from pocketshelf.types import Hit

SHARES = [0.5, 0.2, 0.1, 0.05, 0.05, 0.04, 0.03, 0.02, 0.005, 0.005]
PROBABILITIES = dict(zip("abcdefghij", SHARES, strict=True))


def test_the_likeliest_categories_are_searched_until_they_hold_the_mass() -> None:
    assert MassRouter().route(PROBABILITIES, "jihgfedcba") == list("abcde")
    assert MassRouter(mass=0.5).route(PROBABILITIES, PROBABILITIES) == list("abc")
    assert MassRouter(mass=0.5, at_least=1).route(PROBABILITIES, PROBABILITIES) == ["a"]
    assert MassRouter(mass=1.0, at_most=4).route(PROBABILITIES, PROBABILITIES) == list("abcd")


def test_the_mass_is_that_of_the_categories_in_the_store() -> None:
    assert MassRouter(at_least=1).route(PROBABILITIES, ["a", "i", "j"]) == ["a"]
    assert MassRouter().route(PROBABILITIES, ["b", "i"]) == ["b", "i"]


def test_everything_is_searched_where_the_model_is_unsure() -> None:
    elsewhere = MassRouter(at_least=1).route(PROBABILITIES, ["b", "i", "j"])
    assert elsewhere == ["b", "i", "j"], "the store lacks what the model means"
    even = dict.fromkeys("abcdefghij", 0.1)
    assert MassRouter(at_least=1).route(even, even) == list("abcdefghij")


def test_categories_that_the_model_does_not_know_are_always_searched() -> None:
    routed = MassRouter().route(PROBABILITIES, ["new", *PROBABILITIES, "newer"])
    assert routed == [*"abcde", "new", "newer"]
    assert MassRouter().route({}, ["new"]) == ["new"] and MassRouter().route(PROBABILITIES, []) == []


@settings(max_examples=40)
@given(
    st.dictionaries(st.text("abcxyz", min_size=1, max_size=2), st.floats(0, 1), min_size=1, max_size=30),
    st.sets(st.text("abcuvw", min_size=1, max_size=2)),
)
def test_routing_stays_within_its_bounds(probabilities: dict[str, float], available: set[str]) -> None:
    routed = MassRouter().route(probabilities, sorted(available))
    known = available & probabilities.keys()
    assert len(set(routed)) == len(routed) and set(routed) <= available
    assert available - probabilities.keys() <= set(routed)
    assert min(3, len(known)) <= len(known & set(routed)) <= 8


def test_small_categories_are_joined_until_enough_products_are_searched() -> None:
    counts = {"a": 2, "b": 1, "c": 4, "d": 50}
    likely = {"a": 0.6, "b": 0.2, "c": 0.15, "d": 0.05}
    assert filled(["a"], likely, counts, 2) == ["a"]
    assert filled(["a"], likely, counts, 5) == ["a", "b", "c"]
    assert filled(["a"], likely, counts, 1000) == ["a", "b", "c", "d"]


def test_a_category_is_found_by_name_whatever_its_case() -> None:
    assert named_category("Shoes", ["Shoes", "SHOES"]) == "Shoes"
    assert named_category("shoes", ["Shoes"]) == "Shoes"
    for name in ("shoes", "boots"):
        with pytest.raises(UsageError, match="this store has Shoes, SHOES"):
            named_category(name, ["Shoes", "SHOES"])


def hit(product_id: str, score: float, **attributes: str) -> Hit:
    return Hit(product_id, score, "", "", attributes=attributes)


def test_products_that_state_other_attributes_than_the_model_sees_fall() -> None:
    hits = [
        hit("a", 0.80, sleeve="Long"),
        hit("b", 0.79, sleeve="short"),
        hit("c", 0.785),
        hit("d", 0.7, sleeve="?"),
    ]
    ranked = AttributeReranker(0.05).rerank({"sleeve": {"long": 0.1, "short": 0.9}}, hits)
    assert [h.product_id for h in ranked] == ["b", "c", "a", "d"]
    assert [h.score for h in ranked] == pytest.approx([0.79, 0.785, 0.76, 0.7])


def test_an_undecided_model_changes_nothing() -> None:
    hits = [hit("a", 0.8, sleeve="long"), hit("b", 0.7, sleeve="short")]
    assert AttributeReranker().rerank({"sleeve": {"long": 0.5, "short": 0.5}}, hits) == hits
    assert AttributeReranker().rerank({}, hits) == hits
