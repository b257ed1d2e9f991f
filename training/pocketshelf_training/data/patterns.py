"""Clothing pattern data set, folder FingerCamera (lstearns86 on GitHub, MIT): close-ups of fabric.

Six pattern classes. Trap: neighbouring numbers are bursts of one fabric, so the published split must
be kept; a random one would test on the fabrics that were trained on.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.protocol import Sample, labelled_photos

__all__ = ["LICENCE", "PATTERNS", "load"]

LICENCE = "MIT"

PATTERNS = ("checkered", "dotted", "floral", "solid", "striped", "zigzag")


def load(root: str | Path | None = None) -> list[Sample]:
    """All close-ups; the class is the attribute ``pattern``."""
    return labelled_photos(root, "patterns", "pattern", LICENCE)
