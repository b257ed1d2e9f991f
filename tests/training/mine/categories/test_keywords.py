"""Keywords and modifiers: in order, within a bound, each once; files that say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.mine.categories.search.keyword_files import read_categories
from pocketshelf_training.mine.categories.search.keywords import Category, combined

TOML = """
modifiers = {en = ["red"], de = ["rot"]}
exclude = ["poster"]

[Shoes]
keywords = {en = ["shoes", "trainers"], de = ["Schuhe"], zh = ["鞋"]}
modifiers = {en = ["leather"]}
exclude = ["shoe rack"]

[Hats]
keywords = "hat"
"""
YAML = """
modifiers: {en: [red], de: [rot]}
exclude: [poster]
Shoes:
  keywords: {en: [shoes, trainers], de: [Schuhe], zh: [鞋]}
  modifiers: {en: [leather]}
  exclude: [shoe rack]
Hats:
  keywords: hat
"""
CSV = """category,language,keywords,modifiers,exclude
Shoes,en,shoes|trainers,leather|red,shoe rack|poster
Shoes,de,Schuhe,rot,
Shoes,zh,鞋,,
Hats,,hat,red|rot,poster
"""
SHOES = ["shoes", "trainers", "Schuhe", "鞋", "leather shoes", "leather trainers", "rot Schuhe"]
SHOES += ["red shoes", "red trainers"]
HATS = ["hat", "red hat", "rot hat"]


def read(folder: Path, text: str, suffix: str) -> list[Category]:
    path = folder / f"keywords{suffix}"
    path.write_text(text, encoding="utf-8")
    return read_categories(path)


@pytest.mark.parametrize(("text", "suffix"), [(TOML, ".toml"), (YAML, ".yaml"), (CSV, ".csv")])
def test_each_kind_of_file_says_the_same(tmp_path: Path, text: str, suffix: str) -> None:
    categories = read(tmp_path, text, suffix)
    queries = combined(categories)
    assert [each.text for each in queries] == SHOES + HATS
    assert [each.category for each in queries] == ["Shoes"] * len(SHOES) + ["Hats"] * len(HATS)
    assert [sorted(each.exclude) for each in categories] == [["poster", "shoe rack"], ["poster"]]


def test_combinations_are_bounded_and_plain_keywords_come_first() -> None:
    many = tuple(f"w{n}" for n in range(10_000))
    queries = combined([Category("A", {"": many}, {"": many})], 12)
    assert [each.text for each in queries] == list(many[:12])


def test_what_reads_the_same_is_asked_once() -> None:
    words = {"": ("T-Shirt", "t-shirt ", "Ｔ-SHIRT", "Tee")}
    assert [each.text for each in combined([Category("A", words, {})])] == ["T-Shirt", "Tee"]


def test_two_categories_may_not_ask_for_the_same() -> None:
    with pytest.raises(UsageError, match=r"'TOP' is asked for by A and by B: take it away"):
        combined([Category("A", {"": ("top",)}, {}), Category("B", {"": ("TOP",)}, {})])


@pytest.mark.parametrize(
    ("text", "suffix", "said"),
    [
        ("[Shoes]\nkeyword = 'x'", ".toml", "Shoes: keyword is none of keywords, modifiers, exclude"),
        ("[Shoes]\nkeywords = [1]", ".toml", "Shoes: keywords: must be words in quotes"),
        ("[Shoes]\nkeywords = []", ".toml", "Shoes has no keywords"),
        ("Shoes = 'x'", ".toml", "Shoes is neither a category"),
        ("[Shoes", ".toml", "not TOML"),
        ("", ".toml", "no categories"),
        ("a: [", ".yaml", "not YAML"),
        ("- a", ".yml", "must be a table of categories"),
        ("category,words\nA,b\n", ".csv", ":1: the columns are category, language, keywords"),
        ("category,keywords\n,b\n", ".csv", ":2: no category"),
        ("x", ".docx", "are read from .toml, .yaml or .csv"),
    ],
)
def test_a_file_that_is_none_says_why(tmp_path: Path, text: str, suffix: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, text, suffix)
    assert said in str(caught.value) and f"keywords{suffix}" in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        read_categories(tmp_path / "none.toml")
