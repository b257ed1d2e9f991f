"""Pictures of a few drawn products, several of each, alike but not the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

INKS = {"red": (200, 40, 40), "green": (40, 190, 50), "blue": (40, 60, 210)}


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three products with five pictures each, of two sellers, and one file that is no picture."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name, ink in INKS.items():
        for number in range(5):
            pixels = np.full((64, 64, 3), ink, np.int16) + rng.integers(-6, 7, (64, 64, 3))
            path = folder / f"seller-{number % 2}" / f"{name}{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    (folder / "seller-0" / "torn.jpg").write_bytes(b"\xff\xd8 no more")
    return folder
