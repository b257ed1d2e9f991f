"""Enrolment on drawn vectors: hubs lose, strangers win, the rest stays where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import BundleError
from pocketshelf.formats.enrolment import NEIGHBOURS, Enrolment, fit, load_enrolment, save_enrolment


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Photos of three trained products around a common centre, and the products' pictures (3, 16)."""
    rng = np.random.default_rng(0)
    pictures = unit(rng.normal(size=(3, 16)) + 1.0)
    photos = unit(np.repeat(pictures, NEIGHBOURS, 0) + 0.1 * rng.normal(size=(3 * NEIGHBOURS, 16)))
    return photos, pictures


def test_without_weight_nothing_changes(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    photos, pictures = drawn
    assert np.allclose(fit(photos, pictures, 0.0)(pictures), pictures, atol=1e-6)


def test_a_new_picture_comes_nearer_to_photos_and_a_hub_goes_away(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    photos, pictures = drawn
    rng = np.random.default_rng(1)
    new = unit(rng.normal(size=(1, 16)) + 1.0)
    enrolment = fit(photos, pictures, 0.5)
    hub = unit(photos[:NEIGHBOURS].mean(0, keepdims=True))  # nearer to photos than any picture
    before, after = (photos @ vectors.T for vectors in (new, enrolment(new)))
    assert after.mean() > before.mean() + 0.01
    before, after = (photos @ vectors.T for vectors in (hub, enrolment(hub)))
    assert after.mean() < before.mean()
    adjusted = enrolment(np.concatenate([new, hub]))
    assert adjusted.dtype == np.float32
    assert np.allclose(np.linalg.norm(adjusted, axis=1), 1, atol=1e-6)


def test_what_the_training_had_makes_room_for_what_is_new(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    photos, pictures = drawn
    new = unit(np.random.default_rng(1).normal(size=(1, 16)) + 1.0)
    gallery = np.concatenate([pictures, new])
    plain, margin = (fit(photos, pictures, 0.5, margin) for margin in (0.0, 0.1))
    assert margin.trained(gallery).tolist() == [True, True, True, False]
    before, after = (photos @ enrolment(gallery).T for enrolment in (plain, margin))
    assert (after[:, :3].mean(0) < before[:, :3].mean(0) - 0.02).all()
    assert np.allclose(after[:, 3], before[:, 3], atol=1e-6)


def test_a_file_of_before_has_no_margin(drawn: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    photos, pictures = drawn
    eight = np.round(photos * 127).astype(np.int8)
    np.savez_compressed(tmp_path / "e.npz", photos=eight, weight=0.5, level=0.7)
    found = load_enrolment(tmp_path / "e.npz")
    assert found.margin == 0
    assert not found.trained(pictures).any()


def test_pictures_of_another_space_are_refused(drawn: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    photos, pictures = drawn
    save_enrolment(tmp_path / "e.npz", Enrolment(photos, 0.5, 0.5, unit(pictures[:, :8]), 0.1))
    with pytest.raises(BundleError, match="different spaces"):
        load_enrolment(tmp_path / "e.npz")


def test_a_file_brings_back_the_same(drawn: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    photos, pictures = drawn
    enrolment = fit(photos, pictures, 0.4, 0.06)
    save_enrolment(tmp_path / "e.npz", enrolment)
    again = load_enrolment(tmp_path / "e.npz")
    assert (again.weight, again.level, again.margin) == (enrolment.weight, enrolment.level, 0.06)
    assert np.allclose(again(pictures), enrolment(pictures), atol=0.01)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", None])
def test_a_file_that_is_none_is_one_clear_error(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "e.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError, match="no enrolment that can be read"):
        load_enrolment(path)


@pytest.mark.parametrize(
    ("photos", "weight"), [(np.zeros((4, 8)), 0.5), (np.ones(8), 0.5), (np.ones((4, 8)), float("nan"))]
)
def test_photos_without_direction_are_refused(photos: np.ndarray, weight: float, tmp_path: Path) -> None:
    save_enrolment(tmp_path / "e.npz", Enrolment(photos, weight, 0.5))
    with pytest.raises(BundleError, match="without direction"):
        load_enrolment(tmp_path / "e.npz")


def test_vectors_of_another_length_are_refused(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    photos, pictures = drawn
    with pytest.raises(BundleError, match="16 numbers, not 8"):
        fit(photos, pictures, 0.5)(pictures[:, :8])
