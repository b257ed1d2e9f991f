"""Covers found by local features: what is there is found, what is not is not, a bomb costs little."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from drawn_prints import SIZE, cover, photographed
from pocketshelf.closely import Closely, Features, Sighting, extract, lifted, of_region, unclaimed
from pocketshelf.closely.file import features_of, quantized, serialize
from pocketshelf.closely.geometry import sighted
from pocketshelf.closely.words import Inverted, assigned, chosen_words
from pocketshelf.formats.features import FEATURE, Print, assembled, parse
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Hit

pytest.importorskip("cv2")


def of_gallery(seed: int) -> Features:
    found = extract(np.asarray(cover(seed)), gallery=True)
    assert found is not None
    return found


def shelf(count: int) -> Closely:
    table = parse(serialize([(of_gallery(seed), 0.75) for seed in range(count)]), count)
    assert table is not None
    return Closely([f"c{seed}" for seed in range(count)], table)


def test_a_cover_is_found_among_others_and_its_corners_are_told() -> None:
    seen = shelf(12).sightings(photographed(cover(5)))
    assert seen[0].product_id == "c5" and seen[0].inliers >= 20
    assert len(seen) == 1 or seen[1].evidence < seen[0].evidence / 3
    assert abs(seen[0].corners.mean(axis=0)[0] - 320) < 40, "about where it was laid"


def test_what_is_not_there_is_not_seen() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    for photo in (
        photographed(cover(99)),
        Photo(noise, *SIZE),
        Photo(np.zeros((480, 640, 3), np.uint8), *SIZE),
    ):
        assert of_region(shelf(8).sightings(photo), (0, 0, *SIZE)) == []


def test_a_mirrored_print_is_another_print() -> None:
    photo = photographed(cover(3), mirrored=True)
    assert of_region(shelf(4).sightings(photo), (0, 0, *SIZE)) == []


def test_a_plain_picture_has_no_features_and_a_sliver_is_no_picture() -> None:
    assert extract(np.full((300, 300, 3), 200, np.uint8), gallery=True) is None
    assert extract(np.zeros((3, 2000, 3), np.uint8), gallery=False) is None


def test_the_same_picture_gives_the_same_bytes() -> None:
    once, again = (serialize([(of_gallery(1), 0.75), None]) for _ in range(2))
    assert once == again
    table = parse(once, 2)
    assert table is not None and table.to_bytes() == once
    kept, none = table.each()
    assert kept is not None and none is None
    assert np.array_equal(features_of(kept).descriptors, of_gallery(1).descriptors)
    assert np.abs(features_of(kept).points - of_gallery(1).points).max() < 1e-4


def test_a_file_that_is_cut_or_lies_is_none() -> None:
    data = serialize([(of_gallery(1), 0.75)])
    lies = bytearray(data)
    lies[12:16] = (2**32 - 1).to_bytes(4, "little")  # So many features that they would not fit into memory.
    many = bytearray(data)
    many[20:22] = (60_000).to_bytes(2, "little")
    word = bytearray(data)
    word[-FEATURE.itemsize : -FEATURE.itemsize + 2] = b"\xff\xff"
    for bad in (data[:-1], data + b"x", b"", lies, many, word):
        assert parse(bytes(bad), 1) is None
    assert parse(data, 2) is None, "of another shelf"


def test_a_bomb_of_equal_features_costs_no_more_than_its_share() -> None:
    """Every stored feature equal to every one of the photo's: the work stays bounded."""
    photo = photographed(cover(1))
    asked = extract(photo.pixels, gallery=False)
    assert asked is not None
    same = np.repeat(asked.descriptors[:1], 150 * 2000, axis=0)
    words = chosen_words(same)
    assert len(words) == 1
    inverted = Inverted(words, assigned(same, words, 1)[:, 0], np.repeat(np.arange(2000), 150), same)
    started = time.process_time()
    found = inverted.votes(np.repeat(asked.descriptors[:1], 500, axis=0), 10)
    assert len(found) <= 10 and time.process_time() - started < 20


def test_of_words_as_near_the_first_are_probed() -> None:
    words = np.random.default_rng(5).integers(0, 4, (300, 32)).astype(np.uint8)
    bits = np.bitwise_count(words[:40, None] ^ words[None]).sum(axis=2, dtype=np.int64)
    order = np.lexsort((np.broadcast_to(np.arange(300), bits.shape), bits))
    assert (np.diff(np.take_along_axis(bits, order, 1)[:, :6]) == 0).any(), "some are as near"
    for probes in (1, 6):
        assert np.array_equal(assigned(words[:40], words, probes), order[:, :probes])


def test_equal_points_are_no_print() -> None:
    print_ = of_gallery(2)
    heap = replace(print_, points=np.full_like(print_.points, 0.5))
    assert sighted("x", print_, heap, SIZE) is None
    assert sighted("x", heap, extract(photographed(cover(2)).pixels, gallery=False) or heap, SIZE) is None


def hit(name: str, score: float) -> Hit:
    return Hit(name, score, name, "Cover")


def sighting(name: str, inliers: int, spread: float, box: tuple[int, int, int, int]) -> Sighting:
    x, y, w, h = box
    corners = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)], float)
    return Sighting(name, inliers, spread, corners, corners.mean(axis=0)[None] + np.zeros((inliers, 2)))


HITS = [hit("a", 0.9), hit("b", 0.8), hit("c", 0.7)]


def test_geometry_lifts_what_the_embedding_ranks_behind_or_not_at_all() -> None:
    box = (0, 0, 100, 100)
    seen = [sighting("z", 40, 0.4, box), sighting("c", 20, 0.2, box)]
    found = lifted(HITS, seen, 3, lambda name: hit(name, 0.1))
    assert [each.product_id for each in found] == ["z", "c", "a"]
    assert [each.inliers for each in found] == [40, 20, None]
    assert "inliers" in found[0].to_json() and "inliers" not in found[2].to_json()
    assert [each.product_id for each in lifted(HITS, seen[:1], 3, lambda name: None)] == ["a", "b", "c"]


def test_of_two_about_as_much_there_the_embedding_decides() -> None:
    box = (0, 0, 100, 100)
    seen = [sighting("b", 40, 0.4, box), sighting("a", 38, 0.4, box)]
    assert lifted(HITS, seen, 3, lambda name: None)[0].product_id == "a"
    seen[1] = sighting("a", 25, 0.4, box)
    assert lifted(HITS, seen, 3, lambda name: None)[0].product_id == "b"


def test_a_brands_mark_alone_is_no_print() -> None:
    assert of_region([sighting("a", 60, 0.02, (0, 0, 100, 100))], (0, 0, 100, 100)) == []


def test_a_print_belongs_to_the_box_it_is_in_and_to_what_is_printed_on_it() -> None:
    seen = [sighting("a", 30, 0.4, (100, 100, 200, 200))]
    assert of_region(seen, (90, 90, 220, 220)) and of_region(seen, (250, 250, 30, 30))
    assert not of_region(seen, (400, 100, 100, 100))
    assert unclaimed(seen, [(400, 100, 100, 100)], SIZE) == [(100, 100, 200, 200)]
    assert unclaimed(seen, [(90, 90, 220, 220)], SIZE) == []


def test_features_of_any_values_cost_no_search() -> None:
    """What a server may sign that is of the format and makes no sense: places, sizes, angles and shapes."""
    photo, chance, seen = photographed(cover(1)), np.random.default_rng(0), 0
    kept = quantized(of_gallery(1), 0.75)
    words = chosen_words(np.ascontiguousarray(kept.rows["descriptor"]))
    for case in range(60):
        prints = []
        for name in ("x", "y", "size", "angle"):
            rows = kept.rows.copy()
            most = (1, 3, np.iinfo(rows.dtype[name]).max + 1)[case % 3]
            rows[name] = chance.integers(0, most, len(rows))
            rows["word"] = chance.integers(0, len(words), len(rows))
            prints.append(Print(int(chance.choice([1, 768, 65535])), rows))
        table = parse(assembled(1, words, prints).to_bytes(), 4)
        assert table is not None
        found = Closely(list("abcd"), table).sightings(photo, list("abcd"))
        assert all(np.isfinite(each.corners).all() and np.isfinite(each.spread) for each in found)
        unclaimed(found, [], SIZE)
        seen += len(found)
    assert seen > 0
