"""What words decide, and what they do not: no model, no picture."""

from __future__ import annotations

import pytest

from pocketshelf.reading import Line, is_in_doubt, legible_words, reordered, words_in, words_of
from pocketshelf.types import Hit

pytest.importorskip("rapidfuzz")


def hit(product_id: str, score: float, title: str, **attributes: object) -> Hit:
    return Hit(product_id, score, title, "Drinks", attributes=attributes)


JUICES = [hit("a", 0.62, "Bravo Apple Juice"), hit("b", 0.6, "God Morgon Apple Juice")]


def ids(hits: list[Hit]) -> list[str]:
    return [each.product_id for each in hits]


def test_words_have_no_case_and_no_accents_and_come_once() -> None:
    assert words_of("ÄPPLE Juice juice, 100% äpple! No 7 Straße") == ["apple", "juice", "strasse"]


def test_a_text_of_a_million_letters_is_looked_at_no_further_than_a_title_goes() -> None:
    assert words_of("ab cde " * 200_000 + "last") == ["cde"]
    assert (
        len(
            words_of(
                " ".join(
                    f"{first}{second}x" for first in map(chr, range(97, 123)) for second in "abcdefghijklm"
                )
            )
        )
        == 200
    )


def test_only_legible_lines_in_the_box_are_read() -> None:
    lines = [Line("GOD MORGON", 0.9, 0.25, 0.5), Line("BRAVO", 0.9, 0.75, 0.5), Line("ARLA", 0.3, 0.25, 0.5)]
    assert words_in(lines, (0.0, 0.0, 100.0, 100.0), (200, 100)) == ["god", "morgon"]
    assert legible_words(lines) == ["god", "morgon", "bravo"]


def test_a_word_that_only_one_of_two_has_decides_even_if_misread() -> None:
    found = reordered(JUICES, ["morgen"])
    assert ids(found) == ["b", "a"]
    assert found[0].read == ("morgen",) and found[1].read == ()
    assert found[0].to_json()["read"] == ["morgen"] and "read" not in found[1].to_json()


@pytest.mark.parametrize("read", [[], ["apple"], ["apple", "juice"], ["sale", "milk"]])
def test_words_of_all_or_of_none_decide_nothing(read: list[str]) -> None:
    assert ids(reordered(JUICES, read)) == ["a", "b"]
    assert all(each.read == () for each in reordered(JUICES, read))


def test_a_hit_that_is_far_behind_is_not_in_doubt() -> None:
    hits = [JUICES[0], hit("far", 0.3, "Valio Yoghurt")]
    assert not is_in_doubt(hits) and not is_in_doubt(hits[:1]) and not is_in_doubt([])
    assert ids(reordered(hits, ["valio", "yoghurt"])) == ["a", "far"]


def test_hits_of_the_same_title_are_not_worth_reading() -> None:
    assert is_in_doubt(JUICES)
    assert not is_in_doubt([hit("a", 0.6, "Coat"), hit("b", 0.6, "COAT")])


def test_brand_and_printed_words_are_a_products_own_and_other_columns_are_not() -> None:
    hits = [
        hit("a", 0.6, "Sour milk", description="filmjölk"),
        hit("b", 0.59, "Sour cream", brand="Arla", words="graddfil svenska"),
        hit("c", 0.58, "Cream", brand=7),
    ]
    assert ids(reordered(hits, ["graddfil", "filmjolk"])) == ["b", "a", "c"]
    assert ids(reordered(hits, ["arla"])) == ["b", "a", "c"]


def test_one_word_does_not_outweigh_a_clear_lead() -> None:
    hits = [hit("a", 0.7, "Bravo"), hit("b", 0.6, "Valio Vanilla")]
    assert ids(reordered(hits, ["valio"])) == ["a", "b"]
    assert ids(reordered(hits, ["valio", "vanilla"])) == ["b", "a"]


def test_what_follows_those_in_doubt_stays_behind_them() -> None:
    hits = [*JUICES, hit("c", 0.3, "Milk"), hit("d", 0.2, "Cream")]
    assert ids(reordered(hits, ["god", "morgon"])) == ["b", "a", "c", "d"]
