"""What is measured fast is what its plain definition says, to the last bit: rules were fitted to that."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from pocketshelf.quality import pixel_signals
from pocketshelf.quality.layout import layout_signals
from pocketshelf.types import Detection

TILE = 16


def plain(small: np.ndarray) -> dict[str, float]:
    """`pixel_signals`, written as it is described."""
    red, green, blue = (small[..., band].astype(int) for band in range(3))
    grey = (77 * red + 150 * green + 29 * blue) >> 8
    across, down = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
    edges = np.maximum(across[:-1], down[:, :-1])
    busy = tiles(edges >= 12) > 0.15
    few, colours = grey[::2, ::2], small[::2, ::2].astype(int)
    centre = grey[1:-1, 1:-1]
    bent = np.abs(4 * centre - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:])
    sharpest = np.sort(tiles(bent), axis=None)[::-1]
    kinds = np.bincount(((colours >> 6) @ [16, 4, 1]).ravel(), minlength=64)
    return {
        **{name: level(few, share) for name, share in LEVELS.items()},
        "light_middle": middle(few).mean() / 255,
        "white": np.mean(few >= 250),
        "white_middle": np.mean(middle(colours.max(axis=2)) >= 250),
        "black": np.mean(few <= 8),
        "saturation": np.ptp(colours, axis=2).mean() / 255,
        "steepness": max(steepness(grey[::4]), steepness(grey[:, ::4].T)),
        "detail": math.log2(1 + float(sharpest[: max(1, len(sharpest) // 10)][::-1].mean())),
        "busy": busy.mean(),
        "busy_rim": np.concatenate([busy[0], busy[-1], busy[:, 0], busy[:, -1]]).mean(),
        "flat": np.mean(edges == 0),
        "line_row": inner((down >= 12).mean(axis=1)).max(),
        "line_column": inner((across >= 12).mean(axis=0)).max(),
        "seam_row": seam((down >= 12).sum(axis=1)) / down.shape[1],
        "seam_column": seam((across >= 12).sum(axis=0)) / across.shape[0],
        "bar_rows": bar(grey[:, ::4]),
        "bar_columns": bar(grey[::4].T),
        "colours": (kinds > colours[..., 0].size / 100).sum(),
        "side": math.log2(300),
    }


LEVELS = {"light_low": 0.05, "light": 0.5, "light_high": 0.95}


def level(grey: np.ndarray, share: float) -> float:
    return np.sort(grey, axis=None)[math.ceil(round(share * grey.size, 6)) - 1] / 255


def middle(values: np.ndarray) -> np.ndarray:
    h, w = values.shape
    return values[h // 4 : h - h // 4, w // 4 : w - w // 4]


def tiles(values: np.ndarray) -> np.ndarray:
    rows, columns = (length // TILE for length in values.shape)
    cut = values[: rows * TILE, : columns * TILE].reshape(rows, TILE, columns, TILE)
    return cut.mean(axis=(1, 3), dtype=np.float32)


def steepness(grey: np.ndarray) -> float:
    step, whole = np.abs(np.diff(grey, axis=1)), np.abs(grey[:, 8:] - grey[:, :-8])
    steepest = np.max([step[:, shift : shift + whole.shape[1]] for shift in range(8)], axis=0)
    strong = whole >= max(24, int(np.quantile(whole[:, ::2], 0.95)))
    return float(np.minimum(steepest[strong] / whole[strong], 1).mean()) if strong.any() else 0.0


def inner(profile: np.ndarray) -> np.ndarray:
    return profile[len(profile) // 10 : len(profile) - len(profile) // 10]


def seam(counts: np.ndarray) -> int:
    first = max(4, len(counts) // 10)
    asked = range(first, len(counts) - first)
    return max(counts[y] - max(counts[y + by] for by in (-4, -3, -2, 2, 3, 4)) for y in asked)


def bar(lines: np.ndarray) -> float:
    plain_ones = np.ptp(lines, axis=1) < 6
    if plain_ones.all():
        return 1.0
    return (int(np.argmin(plain_ones)) + int(np.argmin(plain_ones[::-1]))) / len(lines)


def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    grained = rng.integers(0, 256, (250, 187, 3), dtype=np.uint8)
    smooth = Image.fromarray(grained[:20, :15]).resize((188, 250), Image.Resampling.BICUBIC)
    thing = draw_thing(COLOURS["red"][0]).convert("RGB").resize((250, 250))
    barred = np.asarray(thing).copy()
    barred[:40], barred[:, 230:] = 0, 255
    return {
        "grained": grained,
        "smooth": np.asarray(smooth),
        "a thing": np.asarray(thing),
        "bars": barred,
        "white": np.full((250, 111, 3), 255, np.uint8),
        "a strip": rng.integers(90, 99, (32, 250, 3), dtype=np.uint8),
    }


@pytest.mark.parametrize("name", pictures())
def test_fast_signals_are_the_plain_ones(name: str) -> None:
    small = pictures()[name]
    wanted = plain(small)
    assert pixel_signals(small, 300) == wanted
    assert pixel_signals(Image.fromarray(small), 300) == wanted, "as an image"


def test_boxes_are_counted_covered_and_cut_as_their_shares_say() -> None:
    rng, frame = np.random.default_rng(0), (640, 480)
    groups = ("upper", "trousers", "footwear", "bag", "frame")
    for _ in range(200):
        corners = rng.uniform(0, 0.6, (6, 2)), rng.uniform(0.02, 0.4, (6, 2))
        boxes = np.concatenate(corners, axis=1).astype(np.float32) * np.float32([*frame, *frame])
        found = [
            Detection(tuple(map(float, box)), str(rng.choice(groups)), float(rng.uniform(0.1, 1)))
            for box in boxes
        ]
        sure = [each for each in found if each.score >= 0.45 and each.group != "frame"]
        shares = np.array([each.box for each in sure]).reshape(-1, 4) / (*frame, *frame)
        ends = shares[:, :2] + shares[:, 2:]
        cut = (shares[:, :2] <= 0.02).any(axis=1) | (ends >= 0.98).any(axis=1)
        grid = np.zeros((24, 24))
        for (left, top), (right, bottom) in zip(shares[:, :2] * 24, ends * 24, strict=True):
            grid[int(top) : math.ceil(bottom), int(left) : math.ceil(right)] = 1
        said = layout_signals(found, frame)
        assert (said["things"], said["groups"]) == (len(sure), len({each.group for each in sure}))
        assert said["largest"] == pytest.approx(shares[:, 2:].prod(axis=1).max(initial=0))
        assert said["longest"] == pytest.approx(shares[:, 2:].max(initial=0))
        assert said["cut"] == (cut.mean() if len(cut) else 0)
        assert said["covered"] == pytest.approx(grid.mean(), abs=1 / 24)
        worn = [each.group in ("upper", "trousers", "footwear") for each in sure]
        assert said["lowest"] == pytest.approx(ends[worn, 1].max(initial=0))
