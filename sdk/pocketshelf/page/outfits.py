"""What goes with the garments of one's own photos, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.outfit.result import OutfitResult
from pocketshelf.page.templating import render
from pocketshelf.page.thumbnails import Gallery

__all__ = ["Outfits", "render_outfits"]


@dataclass(frozen=True)
class Outfits:
    """What a page shows.

    Attributes:
        results: with the paths of their photos.
        failures: (photo, why there is no answer).
        store: where was searched, in words.
        images, looks: folders that the catalogue's and the looks' pictures start from; None shows none.
    """

    results: Sequence[OutfitResult]
    failures: Sequence[tuple[str, str]]
    store: str
    images: Path | None
    looks: Path | None


def render_outfits(outfits: Outfits) -> tuple[str, list[str]]:
    """The whole document, and which pictures it lacks, as it says, too."""
    products, looks = Gallery(outfits.images), Gallery(outfits.looks, "l", "looks", "--look-images")
    gallery = Galleries(products, looks)
    return render("outfits.html", outfits=outfits, gallery=gallery, looks=looks), gallery.lacks()


class Galleries:
    """Both galleries' rules in the place of one's."""

    def __init__(self, products: Gallery, looks: Gallery) -> None:
        self.photo, self.style_class = products.photo, products.style_class
        self._both = products, looks

    def lacks(self) -> list[str]:
        """What either lacks."""
        return [said for gallery in self._both for said in gallery.lacks()]

    def rules(self) -> str:
        """The style sheet of both."""
        return "\n".join(gallery.rules() for gallery in self._both)
