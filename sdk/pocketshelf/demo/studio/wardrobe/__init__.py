"""All cuts that the studio knows. A wider studio adds cuts, openings and patterns."""

from pocketshelf.demo.studio.cut import Cut
from pocketshelf.demo.studio.wardrobe.accessories import ACCESSORIES
from pocketshelf.demo.studio.wardrobe.bottoms import BOTTOMS
from pocketshelf.demo.studio.wardrobe.openings import NECKLINES, SLEEVES
from pocketshelf.demo.studio.wardrobe.tops import TOPS

__all__ = ["CUTS", "NECKLINES", "SLEEVES", "cut_named"]

CUTS: tuple[Cut, ...] = (*TOPS, *BOTTOMS, *ACCESSORIES)


def cut_named(name: str) -> Cut:
    """The cut called ``name``.

    Raises:
        KeyError: there is none; the message lists the valid names.
    """
    for cut in CUTS:
        if cut.name == name:
            return cut
    raise KeyError(f"no cut {name!r}; there are: {', '.join(cut.name for cut in CUTS)}")
