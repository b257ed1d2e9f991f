"""The same photos, the same models, the same shelf: the phones' cores and the SDK print the same line.

A core runs the shipped models by LiteRT's C library, which the pip package of the SDK's own runtime brings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from phones.cores import CORES, Core
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.formats.bundle import default_bundle
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.retriever import Retriever
from pocketshelf.shipped import shipped
from pocketshelf.store import Store

# What each core's command line reads: the JVM has a decoder, Swift's own library on Linux has none.
SUFFIXES = {"kotlin": ".png", "swift": ".ppm"}
SAMPLES = shipped("samples")
# Of the drawn sample: as many of the shop's pictures make the shelf, and of the street's are asked about.
PRODUCTS, PHOTOS = 24, 8


@pytest.fixture(scope="module")
def library() -> Path:
    package = pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    found = Path(str(package.__file__)).parent / "libLiteRt.so"
    return found if found.exists() else pytest.skip("this LiteRT brings no C library")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf") / "store"
    encoder = Encoder.open(detects=False)
    bundle = encoder.bundle
    pictures = sorted(path for path in SAMPLES.rglob("*.webp") if path.parent.name != "street")[:PRODUCTS]
    vectors = [quantize_vectors(encoder.enrol(path)[None]) for path in pictures]
    products = [
        Product(path.stem, place + 1, path.parent.name, path.stem, None, vectors[place])
        for place, path in enumerate(pictures)
    ]
    dimension = bundle.embedder.dimension
    meta = ShardMeta(bundle.space, bundle.preprocessing_hash, bundle.name, PRODUCTS, dimension)
    Store.create(folder, meta, products).close()
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """As PNGs, which every decoder reads alike, and as PPMs; one of them tall: it is resized another way."""
    folder = tmp_path_factory.mktemp("photos")
    found = []
    for path in sorted((SAMPLES / "street").glob("*.webp"))[:PHOTOS]:
        found.append(folder / f"{path.stem}.png")
        with Image.open(path) as picture:
            picture.convert("RGB").save(found[-1], icc_profile=None)
    with Image.open(found[0]) as picture:
        found.append(folder / "tall.png")
        picture.resize((200, 640)).save(found[-1])
    for path in found:
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".ppm"))
    return found


@pytest.mark.parametrize("whole", [False, True], ids=["detected", "whole"])
@pytest.mark.parametrize("core", CORES, ids=lambda core: core.name)
def test_the_core_prints_the_line_that_the_sdk_prints(
    library: Path, shelf: Path, photos: list[Path], core: Core, whole: bool
) -> None:
    options = ["--store", shelf, "--bundle", default_bundle(), "--litert", library, "--k", 5]
    given = [photo.with_suffix(SUFFIXES[core.name]) for photo in photos]
    lines = core.run("answer", *options, *(["--whole"] if whole else []), *given)
    with Retriever.open(shelf) as retriever:
        wanted = [
            retriever.search(photo, 5, whole=whole, name=str(path)).to_json()
            for photo, path in zip(photos, given, strict=True)
        ]
    for found, line in zip(lines, wanted, strict=True):
        found, line = told(found), told(line)
        assert {place: found.get(place) for place in line} == pytest.approx(line, abs=2e-4)
        assert found.keys() == line.keys()
    assert whole or max(len(line["regions"]) for line in wanted) > 1


def told(line: Any, place: str = "") -> dict[str, Any]:
    """Every value of a line by its place in it, but for its times, and what the core does not judge."""
    if isinstance(line, dict | list):
        parts = line.items() if isinstance(line, dict) else enumerate(line)
        found: dict[str, Any] = {}
        for name, value in parts:
            if name not in ("ms", "quality"):
                found |= told(value, f"{place}/{name}")
        return found
    return {place: line}
