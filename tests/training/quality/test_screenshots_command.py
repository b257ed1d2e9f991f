"""What a screenshot of a photo finds: as a page, and by the picture in it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages.colours import histograms
from pocketshelf.stages.preprocess import Photo
from pocketshelf_training.pages.shown import Shown
from pocketshelf_training.quality import screenshots
from pocketshelf_training.quality.scenes import screenshot, screenshot_of
from pocketshelf_training.quality.screenshots import as_it_is


def noisy(colour: tuple[int, int, int], seed: int) -> Image.Image:
    thing = np.asarray(draw_thing(colour).convert("RGB").resize((240, 300)))
    noise = np.random.default_rng(seed).integers(0, 60, thing.shape)
    return Image.fromarray((thing * 0.75 + noise).astype(np.uint8))


def test_the_corners_are_those_the_photo_was_drawn_at() -> None:
    photo = noisy((200, 40, 40), 0)
    page, corners = screenshot_of(photo, np.random.default_rng(3))
    assert np.array_equal(page, screenshot(photo, np.random.default_rng(3)))
    assert (corners[0], corners[2]) == (0, page.width)
    card, (left, top, right, bottom) = screenshot_of(photo, np.random.default_rng(3), away=0.04)
    assert (left, right, top) == (12, card.width - 12, corners[1])
    for drawn, first in ((page, 0), (card, left)):
        beside = np.asarray(drawn).astype(int)[:, first : first + 4]
        for row, is_photo in ((top - 1, False), (top, True), (bottom - 1, True), (bottom, False)):
            assert (np.ptp(beside[row], axis=0).max() > 0) == is_photo


def test_a_page_as_it_is_has_the_page_as_its_frame(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    page, (_, top, _, bottom) = screenshot_of(noisy((200, 40, 40), 0), np.random.default_rng(3))
    photo = Photo(np.asarray(page), *page.size)
    assert as_it_is(encoder, photo, whole=True).detection.box == (0, 0, *page.size)
    x, y, width, height = encoder.encode(photo, whole=True).regions[0].detection.box
    assert (x, width) == (0, page.width) and (y, y + height) == pytest.approx((top, bottom), abs=6)


def test_the_first_product_is_by_vector_and_colours(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    image = np.full((200, 200, 3), 250, np.uint8)
    image[50:150, 50:150] = (200, 30, 30)
    region = as_it_is(encoder, Photo(image, 200, 200), whole=True)
    vector = region.embedding.vector
    shown = Shown(
        np.array(["green", "red"]), np.stack([vector, 0.9 * vector]), histograms(["1ec81e:100", "c81e1e:100"])
    )
    assert shown.first(vector, region.colours) == "red" and shown.first(vector) == "green"


def test_the_command_tells_what_is_found_in_each_way(
    fake_bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pairs").mkdir()
    lines = ["role,image,item_id,category"]
    for seed, (name, (colour, *_)) in enumerate(sorted(COLOURS.items())):
        for role, picture in (("gallery", noisy(colour, seed)), ("query", noisy(colour, seed + 50))):
            picture.save(tmp_path / "pairs" / f"{name}-{role}.png")
            lines.append(f"{role},{name}-{role}.png,{name},thing")
    (tmp_path / "pairs" / "pairs.csv").write_text("\n".join(lines) + "\n")
    parser = argparse.ArgumentParser()
    screenshots.add_arguments(parser)
    asked = ["--bundle", str(fake_bundle.folder), "--set", f"pairs={tmp_path / 'pairs'}", "--split", "all"]
    args = parser.parse_args([*asked, "--json"])
    assert screenshots.run(args) == 0
    document = json.loads(capsys.readouterr().out)
    told = [(row["page"], row["way"]) for row in document["rows"]]
    assert told == [(page, way) for page in ("as wide", "a card") for way in ("whole", "by box")]
    for row in document["rows"]:
        assert row["photos"] == len(COLOURS) == row["pictures found"] and row["photos taken for pages"] == 0
    assert screenshots.run(parser.parse_args(asked)) == 0
    assert "| whole | " in capsys.readouterr().out
