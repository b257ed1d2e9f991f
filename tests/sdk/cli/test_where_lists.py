"""`--where`: a value that a catalogue states in a list, as shop systems' exports write them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

# Of the shop's products, in their order; the others are of size S alone.
SIZES = ["XS, S, M", "L|m", "M", "xs, 32"]


@pytest.fixture
def store(shop: Path, call: Any) -> Path:
    rows = list(csv.DictReader((shop / "catalogue.csv").open()))
    ids = list(dict.fromkeys(row["product_id"] for row in rows))
    sizes = dict(zip(ids, SIZES, strict=False))
    with (shop / "catalogue.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], "size", "note"])
        writer.writeheader()
        for row in rows:
            size = sizes.get(row["product_id"], "S")
            writer.writerow({**row, "size": size, "note": "Warm, " * 100 + "M"})
    assert call("build", shop / "catalogue.csv", "--store", shop / "store")[0] == 0
    return shop / "store"


def found(call: Any, shop: Path, store: Path, *conditions: str) -> tuple[set[str], str]:
    """The sizes of what is found, and what is said besides."""
    asked = [part for condition in conditions for part in ("--where", condition)]
    photo = shop / "pictures" / "red.png"
    code, out, err = call(
        "search", photo, "--store", store, "--category", "all", "--whole", "--json", "--full", *asked
    )
    assert code == 0
    hits = [hit for region in json.loads(out)["regions"] for hit in region["hits"]]
    return {hit["attributes"]["size"] for hit in hits}, err


@pytest.mark.parametrize(
    ("conditions", "sizes"),
    [
        (["size=M"], {"XS, S, M", "L|m", "M"}),
        (["size=l", "size=32"], {"L|m", "xs, 32"}),
        (["size=XS, S, M"], {"XS, S, M"}),
        (["size=XS, S"], set()),
        (["note=M"], set()),
        (['si"ze=M'], set()),
        (["\udcff=M"], set()),
    ],
)
def test_a_value_of_a_list_is_stated(
    shop: Path, store: Path, call: Any, conditions: list[str], sizes: set[str]
) -> None:
    """What is too long to be a list of values is none, and a name that is no text is no error."""
    assert found(call, shop, store, *conditions)[0] == sizes


def test_what_there_is_instead_is_named_value_by_value(shop: Path, store: Path, call: Any) -> None:
    sizes, said = found(call, shop, store, "size=XXL")
    there = said.partition("states size=XXL; of size there are ")[2].strip()
    assert sizes == set() and sorted(there.split(", ")) == ["32", "l", "m", "s", "xs"]
