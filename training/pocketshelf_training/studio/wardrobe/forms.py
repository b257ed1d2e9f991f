"""All forms that the studio knows. A wider studio adds forms, openings and patterns."""

from __future__ import annotations

from pocketshelf_training.studio.wardrobe.accessories import ACCESSORIES
from pocketshelf_training.studio.wardrobe.bottoms import BOTTOMS
from pocketshelf_training.studio.wardrobe.form import Form
from pocketshelf_training.studio.wardrobe.tops import TOPS

__all__ = ["FORMS"]

FORMS: tuple[Form, ...] = (*TOPS, *BOTTOMS, *ACCESSORIES)
