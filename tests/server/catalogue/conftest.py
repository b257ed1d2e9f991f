"""A small shop's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Three products with pictures and a catalogue file."""
    for name, colour in {"a": "red", "b": "green", "c": "blue"}.items():
        Image.new("RGB", (20, 20), colour).save(tmp_path / f"{name}.png")
    rows = [
        "product_id,title,category,image,popularity",
        "a,A,Apple,a.png,5",
        "b,B,Pear,b.png,",
        "c,C,Plum,c.png,7",
    ]
    (tmp_path / "shop.csv").write_text("\n".join(rows) + "\n")
    return tmp_path
