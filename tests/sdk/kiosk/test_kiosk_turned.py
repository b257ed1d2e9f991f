"""A kiosk whose operator has it look any way up: what is held askew is answered as a search answers it."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf import Retriever
from pocketshelf.cli.kiosk import _config, add_arguments
from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.shipped import shipped
from pocketshelf.types import SearchResult

STREET = sorted((shipped("samples") / "street").iterdir())[:16]


def turned(photo: Path) -> bytes:
    stream = io.BytesIO()
    Image.open(photo).convert("RGB").transpose(Image.Transpose.ROTATE_180).save(stream, "PNG")
    return stream.getvalue()


def firsts(result: SearchResult) -> list[str]:
    return [(region.hits or ())[0].product_id for region in result.regions]


@pytest.mark.parametrize(
    ("given", "wanted"), [([], None), (["--any-way-up"], True), (["--no-any-way-up"], False)]
)
def test_its_kiosk_answers_as_a_search_does(
    drawn_shelf: Path, tmp_path: Path, given: list[str], wanted: bool | None
) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args(["--store", str(drawn_shelf), "--state", str(tmp_path), *given])
    photos = [turned(photo) for photo in STREET]
    with Retriever.open(drawn_shelf) as retriever:
        expected = {
            way: [firsts(retriever.search(photo, 24, any_way_up=way)) for photo in photos]
            for way in (False, None, True)
        }
    assert expected[False] != expected[True], "else nothing is shown by this"
    kiosk = Kiosk(_config(args))
    kiosk.start()
    try:
        answers = [kiosk.search(photo, {}).json() for photo in photos]
    finally:
        kiosk.close()
    found = [[region["hits"][0]["product_id"] for region in answer["regions"]] for answer in answers]
    assert found == expected[wanted]
