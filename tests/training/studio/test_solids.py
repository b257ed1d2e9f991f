"""3D models: read from files as they come, drawn from any side."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pocketshelf_training.studio.scene.solids import SolidError, View, drawn, read_solid

# A cube of 2, y up, its front (z = 1) of one material, all else of another; the front's corners lie at the
# texture's.
CUBE = """
mtllib cube.mtl
v -1 -1 1
v 1 -1 1
v 1 1 1
v -1 1 1
v -1 -1 -1
v 1 -1 -1
v 1 1 -1
v -1 1 -1
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl front
f 1/1 2/2 3/3 4/4
usemtl rest
f 2 6 7 3
f 6 5 8 7
f 5 1 4 8
f 4 3 7 8
f -8 -4 -3 -7
"""
MATERIALS = "newmtl front\nKd 1 0 0\nnewmtl rest\nKd 0 0 1\nd 1.0\n"


def files(**more: bytes) -> dict[str, bytes]:
    there = {"m/cube.obj": CUBE.encode(), "m/cube.mtl": MATERIALS.encode()}
    return there | {name.replace("__", "."): data for name, data in more.items()}


def picture(there: dict[str, bytes], view: View, side: int = 64) -> tuple[np.ndarray, np.ndarray]:
    solid = read_solid("m/cube.obj", there.__getitem__, np.random.default_rng(0), 60_000)
    thing, cover = drawn(solid, view, side)
    return np.asarray(thing).astype(int), np.asarray(cover)


def test_a_cube_shows_the_side_that_is_looked_at() -> None:
    for turn, channel in ((0, 0), (90, 2), (180, 2), (-90, 2)):
        levels, cover = picture(files(), View(turn, 0, light=(0, 0)))
        middle = levels[28:36, 28:36].reshape(-1, 3).mean(0)
        assert middle.argmax() == channel and middle[channel] > 240 and np.delete(middle, channel).max() < 1
        assert cover[32, 32] == 255 and cover[0, 0] == 0
    levels, _ = picture(files(), View(0, 60))
    assert levels[20, 32].argmax() == 2, "from above its top is over its front"
    assert levels[50, 32].argmax() == 0


def test_nothing_is_cut_off_and_there_are_no_holes() -> None:
    for view in (View(0, 0), View(45, 35), View(200, -20, 15)):
        _, cover = picture(files(), view, 96)
        rim = np.concatenate([cover[0], cover[-1], cover[:, 0], cover[:, -1]])
        assert not rim.any() and 0.2 < (cover > 0).mean() < 0.7
        rows = cover[cover.any(axis=1)]
        filled = [np.ptp(np.flatnonzero(row)) + 1 == np.count_nonzero(row) for row in rows]
        assert np.mean(filled) > 0.95


def test_a_side_away_from_the_lamp_is_darker() -> None:
    lit, _ = picture(files(), View(0, 0, light=(0, 0)))
    aside, _ = picture(files(), View(0, 0, light=(80, 0)))
    assert 120 < aside[32, 32, 0] < lit[32, 32, 0] - 80


def test_a_texture_lies_as_its_corners_say() -> None:
    quarters = np.zeros((8, 8, 3), np.uint8)
    quarters[:4, :4], quarters[4:, 4:] = (255, 0, 0), (0, 255, 0)
    stream = BytesIO()
    Image.fromarray(quarters).save(stream, "PNG")
    materials = b"newmtl front\nKd 1 1 1\nmap_Kd tex\\four.png\nnewmtl rest\nKd 0 0 1\n"
    there = files() | {"m/cube.mtl": materials, "m/tex/four.png": stream.getvalue()}
    levels, _ = picture(there, View(0, 0, light=(0, 0)))
    assert levels[24, 24].argmax() == 0 and levels[40, 40].argmax() == 1
    assert levels[24, 40].max() < 30 and levels[40, 24].max() < 30
    lost, _ = picture(files() | {"m/cube.mtl": materials}, View(0, 0, light=(0, 0)))
    assert lost[32, 32].min() > 240, "without the file its colour is taken"


def test_what_is_seen_through_hides_less() -> None:
    glass = MATERIALS.replace("Kd 1 0 0", "Kd 1 0 0\nd 0.0").encode()
    levels, _ = picture(files() | {"m/cube.mtl": glass}, View(0, 0, light=(0, 0)))
    assert (levels[16:48, 16:48].argmax(-1) == 2).mean() > 0.5


def test_what_shows_nothing_is_refused() -> None:
    rng = np.random.default_rng(0)
    for text in ("", "v 0 0 0\n", "v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n"):
        with pytest.raises(SolidError, match=r"m/cube\.obj: no faces"):
            read_solid("m/cube.obj", {"m/cube.obj": text.encode()}.__getitem__, rng, 100)
    plain = read_solid("m/cube.obj", {"m/cube.obj": CUBE.encode()}.__getitem__, rng, 100)
    assert (plain.colours == 180).all(), "without materials it is grey"
    assert np.linalg.norm(plain.points, axis=1).max() == pytest.approx(1)
