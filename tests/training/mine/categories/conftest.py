"""Drawn pictures of three categories with texts beside them, some of them wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

INKS = {"red": (200, 40, 40), "green": (40, 190, 50), "blue": (40, 60, 210)}
EACH = 24
KEYWORDS = """
exclude = ["poster"]
[Red]
keywords = ["red"]
[Green]
keywords = ["green"]
[Blue]
keywords = ["blue"]
"""


def drawn(ink: tuple[int, int, int], seed: int) -> Image.Image:
    """A picture of one colour with blots, so that no two are twins."""
    rng = np.random.default_rng(seed)
    blots = rng.integers(-38, 38, (9, 9, 1)).repeat(3, axis=2)
    small = (np.array(ink) + blots).clip(0, 255).astype(np.uint8)
    return Image.fromarray(small).resize((160, 128), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def told_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many pictures of each ink; of the reds one is blue, one twice there, one tiny, torn, or a poster."""
    folder = tmp_path_factory.mktemp("told")
    for place, (name, ink) in enumerate(INKS.items()):
        for number in range(EACH):
            drawn(ink, 100 * place + number).save(folder / f"{name}{number:02}.jpg", quality=92)
            (folder / f"{name}{number:02}.txt").write_text(f"a {name} thing")
    for name, image in {
        "wrong": drawn(INKS["blue"], 999),
        "twice": drawn(INKS["red"], 3).resize((320, 256)),
        "tiny": drawn(INKS["red"], 998).resize((40, 32)),
        "poster": drawn(INKS["red"], 997),
    }.items():
        image.save(folder / f"{name}.jpg", quality=90)
        (folder / f"{name}.txt").write_text(f"a red thing <b>{name}</b>")
    (folder / "torn.jpg").write_bytes(b"\xff\xd8 no more")
    (folder / "torn.txt").write_text("a red torn thing")
    return folder


@pytest.fixture
def keywords(tmp_path: Path) -> Path:
    path = tmp_path / "keywords.toml"
    path.write_text(KEYWORDS)
    return path
