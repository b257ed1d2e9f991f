"""What teaches and measures the judge of photos, and the library of looks that leaves out bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the extra 'train'")

from pocketshelf.encoded import EncodedPhoto
from pocketshelf.quality import FAULTS, WORKING_SIDE, Judge, built_in_rules, parse_rules, pixel_signals
from pocketshelf.quality.layout import LAYOUT_SIGNALS
from pocketshelf.quality.signals import PIXEL_SIGNALS
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.quality import degrade, figures, scenes
from pocketshelf_training.quality.fit import FALSE_ADVICE, fit_rules, scores, to_json
from pocketshelf_training.quality.keep import QualityFilter
from pocketshelf_training.quality.labels import labelled_by_eye
from pocketshelf_training.quality.learn import Recipe, trained
from pocketshelf_training.quality.network import KIND, QualityNetwork
from pocketshelf_training.quality.photos import part_of, real_photos
from pocketshelf_training.quality.synthetic import UNKNOWN, Maker
from pocketshelf_training.quality.tables import SignalTable, Tables

NAMES = (*PIXEL_SIGNALS, *LAYOUT_SIGNALS)


def scene(seed: int = 0, size: tuple[int, int] = (240, 320)) -> Image.Image:
    """Sharp squares of middling light."""
    noise = np.random.default_rng(seed).integers(70, 180, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.NEAREST)


def person(seed: int = 0) -> scenes.Person:
    mask = Image.new("L", (240, 320))
    mask.paste(255, (90, 40, 150, 300))
    return scenes.Person(scene(seed), mask)


def signals(image: Image.Image) -> dict[str, float]:
    pixels = np.asarray(image.convert("RGB"))
    return pixel_signals(Photo(pixels, image.width, image.height).thumbnail(WORKING_SIDE), min(image.size))


def test_each_degradation_moves_what_it_should() -> None:
    plain, rng = signals(scene()), np.random.default_rng(1)
    for _ in range(5):
        assert signals(degrade.darkened(scene(), rng))["light_middle"] < plain["light_middle"] - 0.1
        assert signals(degrade.over_exposed(scene(), rng))["light_high"] > plain["light_high"]
        assert signals(degrade.blurred(scene(), rng))["steepness"] < plain["steepness"]
        assert 40 <= min(degrade.shrunk(scene(), rng).size) <= 110


def test_scenes_are_made_of_what_they_say() -> None:
    rng = np.random.default_rng(2)
    seams = [
        signals(scenes.collage([Image.new("RGB", (9, 9), (i * 28,) * 3) for i in range(9)], rng))
        for _ in range(6)
    ]
    assert all(max(s["line_row"], s["line_column"]) > 0.5 for s in seams)
    assert scenes.screenshot(scene(), rng).height > 400
    assert scenes.crowd([person(i) for i in range(3)], rng).size == (240, 320)
    assert scenes.side_by_side([scene(1), scene(2)], rng).size == (320, 320)
    cut = scenes.cut_off(person(), rng)
    assert cut.height < 320 * 0.95
    white = np.asarray(scenes.on_white(person(), rng, whole=True))
    assert white[0, 0].tolist() == [255, 255, 255] and white[150, 120].tolist() != [255, 255, 255]
    dark = signals(scenes.runway([person()], rng))
    assert dark["light_low"] < 0.3


def test_parts_are_kept_apart_by_source() -> None:
    parts = [part_of(f"clothing/{i}") for i in range(400)]
    assert [parts.count(name) / 400 for name in ("train", "val", "test")] == pytest.approx(
        [0.5, 0.25, 0.25], abs=0.1
    )
    assert parts == [part_of(f"clothing/{i}") for i in range(400)]


def test_the_labels_are_of_photos_that_taught_nothing(real_photos_root: Path) -> None:
    parts = {photo.name: photo.part for photo in real_photos(real_photos_root)}
    labelled = labelled_by_eye()
    assert len(labelled) >= 200 and len({photo.name for photo in labelled}) == len(labelled)
    assert all(parts[photo.name] == photo.split for photo in labelled)
    assert all((real_photos_root / photo.name).is_file() for photo in labelled[:20])


def test_the_same_number_is_the_same_example(real_photos_root: Path) -> None:
    photos = [photo for photo in real_photos(real_photos_root) if photo.part == "train"]
    one, again = (Maker(photos, real_photos_root, 3) for _ in range(2))
    for number in range(12):
        a, b = one.example(number), again.example(number)
        assert a.made == b.made and np.array_equal(np.asarray(a.image), np.asarray(b.image))
        assert set(a.faults.tolist()) <= {0, 1, UNKNOWN}
        assert (a.faults[FAULTS.index(a.made)] == 1) if a.made != "none" else not (a.faults == 1).any()


@pytest.fixture
def real_photos_root(real_photos: Path) -> Iterator[Path]:
    yield real_photos


def table(seed: int, count: int = 400) -> SignalTable:
    """Signals at random, of which a fault moves the first that its rule sees."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    faults = (rng.random((count, len(FAULTS))) < 0.2).astype(np.int8)
    for column, code in enumerate(FAULTS):
        names = [name for name in built_in_rules()[code].weights if name in NAMES]
        values[:, NAMES.index(names[column % len(names)])] += 3 * faults[:, column]
    faults[:10, FAULTS.index("not_full_body")] = UNKNOWN
    return SignalTable(NAMES, values, faults)


def test_rules_find_what_signals_tell_and_say_it_of_few_good_photos() -> None:
    tables = Tables(*(table(seed) for seed in range(4)))
    rules = fit_rules(tables, network=False)
    assert parse_rules(to_json(rules), "here").keys() == set(FAULTS)
    found = figures.of_table(rules, tables.real_test)
    assert figures.mean_balanced(rules, tables.real_test).value > 0.7
    for code, each in found.items():
        rows, has = tables.real_val.known(code)
        told = scores(rules[code], tables.real_val)[rows] >= rules[code].sure
        assert told[~has].mean() <= FALSE_ADVICE + 1 / (~has).sum()
        assert each["balanced"].low < each["balanced"].value < each["balanced"].high


def test_a_fault_that_no_photo_has_gives_no_figure() -> None:
    tables = Tables(*(table(seed) for seed in range(4)))
    tables.real_test.faults[:, 0] = 0
    assert "balanced" not in figures.of_table(fit_rules(tables, network=False), tables.real_test)[FAULTS[0]]


def test_the_network_learns_and_comes_back_from_its_checkpoint(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = np.tile(np.array([[1] + [0] * 7, [0, 1] + [0] * 5 + [UNKNOWN]], np.int8), (64, 1))
    pixels = np.where(labels[:, :1, None, None] == 1, 20, 220) + rng.integers(-9, 9, (128, 128, 128, 3))
    network = trained(pixels.astype(np.uint8), labels, Recipe(epochs=4, batch=16, rate=1e-2), 0)
    save_checkpoint(tmp_path / "q.npz", KIND, network.config, network.state_dict())
    again = QualityNetwork.from_checkpoint(tmp_path / "q.npz")
    import torch

    from pocketshelf_training.models.efficientnet_lite import normalise

    with torch.no_grad():
        dark, bright = again(normalise(torch.from_numpy(pixels[:2].astype(np.uint8))))[0]
    assert dark[0] > bright[0] and dark[1] < bright[1]


def test_a_filter_names_its_reasons_the_surest_first() -> None:
    keep = QualityFilter(Judge())
    black = EncodedPhoto(read_photo(np.full((300, 200, 3), 2, np.uint8)), ())
    reason, found = keep(black), keep.faults(black.photo, [])
    assert reason and reason.startswith(found[0].code) and all(fault.sure for fault in found)
