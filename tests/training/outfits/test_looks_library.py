"""A library of looks from a folder of photos: a store that publishes, syncs, verifies and rolls back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fake_models import DIMENSION
from outfit_things import blank, photo_of
from pocketshelf.encoded import EncodedPhoto, EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.formats.space import space_of
from pocketshelf.outfit import Looks
from pocketshelf.stages.colours import looked_at, palette_of
from pocketshelf.stages.embed import Embedding
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.store import Store, rollback_store, verify_store
from pocketshelf.types import Box, Detection
from pocketshelf_training.__main__ import main
from pocketshelf_training.outfits import library
from pocketshelf_training.outfits.library import faultless, is_clear, looks_in


class Dresser:
    """An encoder that sees an upper and shoes in every photo; in that named "small", hardly."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def encode(self, path: Path) -> EncodedPhoto:
        photo = decode_photo(path)
        side = 10.0 if "small" in path.name else 60.0
        boxes: list[tuple[str, Box]] = [
            ("upper", (0, 0, 80, 60)),
            ("footwear", (0, 0, side, 60)),
            ("goods", (0, 0, 9, 9)),
        ]
        nothing = Embedding(np.zeros(16, np.float32), {}, {})
        return EncodedPhoto(photo, tuple(EncodedRegion(Detection(b, g, 0.9), nothing, {}) for g, b in boxes))

    def embed(self, photo: object, box: Box) -> np.ndarray:
        return np.full(16, box[2], np.float32)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("one", "two", "small"):
        photo_of("red", folder / f"{name}.png")
    (folder / "broken.jpg").write_text("no photo")
    return folder


def test_garments_of_a_photo_are_tied_and_small_ones_make_no_look(
    fake_bundle: Bundle, photos: Path, capsys
) -> None:
    paths = sorted(photos.iterdir())
    products = list(looks_in(Dresser(fake_bundle), paths, photos, filtered=True))  # type: ignore[arg-type]
    assert [p.product_id for p in products] == [
        "one.png/upper", "one.png/footwear", "two.png/upper", "two.png/footwear"
    ]  # fmt: skip
    first = products[0]
    assert (first.category, first.image) == ("looks/upper", "one.png")
    assert first.attributes == {"kind": "looks", "look": "one.png", "role": "upper"}  # It saw no pixels.
    assert "broken.jpg" in capsys.readouterr().err
    unfiltered = looks_in(Dresser(fake_bundle), paths, photos)  # type: ignore[arg-type]
    assert len(list(unfiltered)) == 6


def test_a_look_states_the_colours_of_each_garment(fake_bundle: Bundle, photos: Path) -> None:
    class Seeing(Dresser):
        def encode(self, path: Path) -> EncodedPhoto:
            found = super().encode(path)
            regions = [replace(r, pixels=looked_at(found.photo, r.detection.box)) for r in found.regions]
            return replace(found, regions=tuple(regions))

    seeing: Encoder = Seeing(fake_bundle)  # type: ignore[assignment]
    products = list(looks_in(seeing, [photos / "one.png"], photos))
    photo = decode_photo(photos / "one.png")
    palettes = [palette_of(looked_at(photo, box)) for box in ((0, 0, 80, 60), (0, 0, 60, 60))]
    assert all(palettes) and [p.attributes["palette"] for p in products] == palettes
    assert Looks.of(products).palettes["upper"] == palettes[:1]


def test_a_filter_of_photos_says_why_one_is_left_out(fake_bundle: Bundle, photos: Path, capsys) -> None:
    dark = looks_in(
        Dresser(fake_bundle),  # type: ignore[arg-type]
        [photos / "one.png", photos / "two.png"],
        photos,
        keep=lambda photo: "too dark" if len(photo.regions) == 3 else None,
    )
    assert list(dark) == [] and capsys.readouterr().err.count("too dark") == 2


def test_what_is_clear() -> None:
    scores, sides = np.array([0.9, 0.9, 0.3]), np.array([50, 10, 50])
    assert is_clear(scores, sides).tolist() == [True, False, False]


def test_the_command_writes_a_store_that_verifies_rolls_back_and_publishes(
    tmp_path: Path, photos: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(library.Encoder, "open", lambda bundle: Dresser(fake_bundle))
    store = tmp_path / "looks"
    assert main(["looks", str(photos), "--store", str(store), "--filtered"]) == 0
    assert "2 looks of 4 photos, 4 garments" in capsys.readouterr().out
    (photos / "list.txt").write_text("one.png\n")
    assert main(["looks", str(photos), "--store", str(store), "--only", str(photos / "list.txt")]) == 0
    assert Looks.open(store, fake_bundle).names == ["one.png"]
    rollback_store(store)
    assert sorted(Looks.open(store, fake_bundle).names) == ["one.png", "two.png"]
    with Store.open(store) as opened:
        assert opened.meta.sequence == 1 and opened.categories() == {"looks/footwear": 2, "looks/upper": 2}
    verify_store(store)


def test_a_folder_without_looks_is_named(
    tmp_path: Path, photos: Path, fake_bundle: Bundle, monkeypatch, capsys
) -> None:
    monkeypatch.setattr(library.Encoder, "open", lambda bundle: Dresser(fake_bundle))
    shutil.rmtree(photos)
    assert main(["looks", str(photos), "--store", str(tmp_path / "looks")]) == 1
    assert "no such folder" in capsys.readouterr().err
    photos.mkdir()
    blank(photos / "small.png")
    assert main(["looks", str(photos), "--filtered", "--store", str(tmp_path / "looks")]) == 1
    assert "two garments" in capsys.readouterr().err and not (tmp_path / "looks").exists()


def test_a_shelf_of_products_is_not_replaced_by_looks(
    tmp_path: Path, photos: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    """Two runs of it, and not even the generation before had the products."""
    monkeypatch.setattr(library.Encoder, "open", lambda bundle: Dresser(fake_bundle))
    store = tmp_path / "shelf"
    products = [Product("a", 1, "Jeans", "", None, np.ones((1, DIMENSION), np.int8))]
    Store.create(store, ShardMeta.of(space_of(fake_bundle), 1), products).close()
    assert main(["looks", str(photos), "--store", str(store)]) == 1
    assert "a shelf of 1 product is there" in capsys.readouterr().err
    with Store.open(store) as opened:
        assert opened.categories() == {"Jeans": 1}


def test_photos_are_judged_once_and_their_garments_share_the_verdict(
    fake_bundle: Bundle, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Judged:
        @classmethod
        def of(cls, encoder: object) -> Judged:
            return cls()

        def __call__(self, photo: EncodedPhoto) -> str | None:
            asked.append(photo.photo.width)
            return "blurred" if photo.regions[1].detection.box[2] == 10 else None

    monkeypatch.setattr(library, "QualityFilter", Judged)
    names = np.array(["one.png", "small.png", "one.png", "small.png"])
    kept = faultless(Dresser(fake_bundle), photos, names)  # type: ignore[arg-type]
    assert kept.tolist() == [True, False, True, False] and len(asked) == 2
