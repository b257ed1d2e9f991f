"""The outfit head: its file, its sums, and files that are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from outfit_things import make_colours, make_head
from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.outfit import ROLES, load_head, save_head
from pocketshelf.outfit.head import MAX_BYTES
from pocketshelf.stages.colours import histograms

# Written by the release that knew no colours.
OLD = Path(__file__).with_name("head_version_1.npz")
RED, GREY, BOTH = "bb1111:100", "808080:100", "bb1111:60 808080:40"


def test_a_head_comes_back_as_it_was_written_to_half_precision(tmp_path: Path) -> None:
    head = make_head(looks_weight=0.25, neighbours=7, temperature=0.3)
    save_head(tmp_path / "head.npz", head)
    back = load_head(tmp_path / "head.npz")
    assert (back.roles, back.looks_weight, back.neighbours, back.temperature) == (ROLES, 0.25, 7, 0.3)
    rows = np.random.default_rng(1).normal(size=(5, head.dimension))
    for domain in ("street", "shop"):
        np.testing.assert_allclose(back.project(rows, domain), head.project(rows, domain), atol=2e-3)


def test_compatibility_is_the_masked_product_in_standard_deviations_and_the_same_both_ways() -> None:
    head = replace(make_head(), level=np.full((7, 7), 0.2, np.float32), spread=np.full((7, 7), 2, np.float32))
    a, b = head.project(np.random.default_rng(2).normal(size=(2, head.dimension)))
    mask = head.masks[ROLES.index("upper"), ROLES.index("lower")]
    expected = (float((mask * a * b).sum()) - 0.2) / 2
    assert head.compatibility("upper", a, "lower", b[None])[0] == pytest.approx(expected, abs=1e-6)
    assert head.compatibility("lower", b, "upper", a[None])[0] == pytest.approx(expected, abs=1e-6)
    assert head.compatibility("hat", a, "bag", b[None])[0] != pytest.approx(expected, abs=1e-3)


def test_the_length_of_an_embedding_does_not_matter() -> None:
    head = make_head()
    rows = np.random.default_rng(3).normal(size=(4, head.dimension)).astype(np.float32)
    np.testing.assert_allclose(head.project(rows), head.project(50 * rows), atol=1e-5)


def test_a_search_along_the_direction_finds_what_the_head_finds_best() -> None:
    head = make_head()
    head.shifts["shop"][:] = 0  # Lengths apart, cosine and head then order alike.
    rows = np.linalg.qr(np.random.default_rng(4).normal(size=(head.dimension, head.dimension)))[0]
    garment = head.project(rows[:1])[0]
    raw = rows @ head.projections["shop"] @ (head.masks[0, 3] * garment)
    assert np.argmax(rows @ head.direction("upper", garment, "lower")) == np.argmax(raw)


def test_a_head_that_is_too_large_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bytes"):
        save_head(tmp_path / "head.npz", make_head(size=400, dimension=256))
    assert not (tmp_path / "head.npz").exists()


@pytest.mark.parametrize(
    "broken",
    [
        {"spread": np.zeros((7, 7), np.float32)},
        {"temperature": 0.0},
        {"neighbours": 0},
        {"masks": np.ones((7, 7, 5), np.float32)},
        {"level": np.full((7, 7), np.nan, np.float32)},
        {"roles": ROLES[:-1]},
    ],
)
def test_a_head_whose_parts_do_not_fit_is_refused(tmp_path: Path, broken: dict) -> None:
    save_head(tmp_path / "head.npz", replace(make_head(), **broken))
    with pytest.raises(BundleError, match="no outfit head"):
        load_head(tmp_path / "head.npz")


def test_other_files_are_refused_with_their_name(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no head")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    (tmp_path / "huge.npz").write_bytes(b"0" * (MAX_BYTES + 1))
    for name in ("text.npz", "other.npz", "huge.npz", "gone.npz"):
        with pytest.raises(BundleError, match=name):
            load_head(tmp_path / name)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    save_head(tmp_path / "head.npz", make_head())
    with np.load(tmp_path / "head.npz") as file:
        parts = dict(file)
    np.savez(tmp_path / "later.npz", **{**parts, "version": 3})
    with pytest.raises(BundleError, match="version 3"):
        load_head(tmp_path / "later.npz")


def test_a_head_with_colours_comes_back_as_it_was_written(tmp_path: Path) -> None:
    head = make_head(colours=make_colours())
    save_head(tmp_path / "head.npz", head)
    back = load_head(tmp_path / "head.npz")
    rows = np.random.default_rng(1).normal(size=(3, head.dimension))
    shades = histograms([RED, GREY, BOTH])
    np.testing.assert_allclose(
        back.project(rows, "shop", shades), head.project(rows, "shop", shades), atol=5e-3
    )
    assert back.colours is not None and head.colours is not None
    np.testing.assert_array_equal(back.colours.total, head.colours.total)
    assert (back.colours.weight, back.colours.nearness) == (1.0, 0.5)


def test_the_first_version_is_still_read_and_written_where_there_are_no_colours(tmp_path: Path) -> None:
    back, head = load_head(OLD), make_head(size=4)
    assert (back.looks_weight, back.neighbours, back.colours) == (0.25, 7, None)
    rows = np.random.default_rng(1).normal(size=(3, head.dimension))
    np.testing.assert_allclose(
        back.project(rows, "shop", histograms([RED] * 3)), head.project(rows, "shop"), atol=2e-3
    )
    save_head(tmp_path / "head.npz", back)
    with np.load(tmp_path / "head.npz") as file, np.load(OLD) as old:
        assert int(file["version"]) == 1 and sorted(file.files) == sorted(old.files)


def test_colours_are_added_in_standard_deviations_where_both_are_known() -> None:
    head = make_head(colours=make_colours())
    part = head.colours
    assert part is not None
    rows = np.random.default_rng(2).normal(size=(2, head.dimension))
    a, b = head.project(rows, colours=histograms([RED, BOTH]))
    unknown = head.project(rows)
    own = head.compatibility("upper", unknown[0], "lower", unknown[1:])[0]
    said = (a[head.size :] @ b[head.size :] - part.level[0, 3]) / part.spread[0, 3]
    both = head.compatibility("upper", a, "lower", b[None])[0]
    assert both == pytest.approx((own + said) / part.total[0, 3], abs=1e-5) and both != pytest.approx(own)
    for garment, other in ((a, unknown[1]), (unknown[0], b)):
        assert head.compatibility("upper", garment, "lower", other[None])[0] == pytest.approx(own, abs=1e-5)
    no_colours = replace(head, colours=None)
    assert no_colours.compatibility("upper", *_two(no_colours, rows))[0] == pytest.approx(own, abs=1e-5)


def _two(head, rows: np.ndarray) -> tuple:
    a, b = head.project(rows)
    return a, "lower", b[None]


def test_likeness_is_a_cosine_and_that_of_colours_where_both_are_known() -> None:
    head = make_head(colours=make_colours())
    rows = np.random.default_rng(3).normal(size=(3, head.dimension))
    placed = head.project(rows, colours=histograms([RED, RED, ""]))
    found = head.likeness(placed, placed)
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-5)
    assert np.abs(found).max() <= 1 + 1e-5
    cosines = placed[:, : head.size] @ placed[:, : head.size].T
    assert found[0, 1] == pytest.approx((cosines[0, 1] + 0.5) / 1.5, abs=1e-5)
    np.testing.assert_allclose(found[2], cosines[2], atol=1e-5)


@pytest.mark.parametrize(
    "broken",
    [
        {"projection": np.zeros((7, 5), np.float32)},
        {"shift": np.full(5, np.nan, np.float32)},
        {"total": np.zeros((7, 7), np.float32)},
        {"level": np.zeros((6, 6), np.float32)},
        {"weight": -1.0},
        {"nearness": float("inf")},
    ],
)
def test_colours_that_do_not_fit_are_refused(tmp_path: Path, broken: dict) -> None:
    save_head(tmp_path / "head.npz", make_head(colours=replace(make_colours(), **broken)))
    with pytest.raises(BundleError, match="no outfit head"):
        load_head(tmp_path / "head.npz")


def test_the_head_that_ships_fits_its_bundle_and_its_limit(trained_bundle: Path) -> None:
    bundle = load_bundle(trained_bundle)
    assert bundle.outfit_path is not None and bundle.outfit_path.stat().st_size <= MAX_BYTES
    head = load_head(bundle.outfit_path)
    assert head.dimension == bundle.embedder.dimension and head.colours is not None
