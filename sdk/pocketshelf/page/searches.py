"""One's own photos and what was found in them, as a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.page.templating import render
from pocketshelf.page.thumbnails import Gallery
from pocketshelf.stages.outfit import Shelves
from pocketshelf.types import SearchResult

__all__ = ["Searches", "render_searches"]


@dataclass(frozen=True)
class Searches:
    """What a page shows.

    Attributes:
        results: with the paths of their photos.
        failures: (photo, why it could not be read).
        store: where was searched, in words.
        images: folder that the catalogue's pictures start from; None shows none.
        shelves: which categories belong to which group: a bag is not told to be a skirt.
        served: the files of pictures of products that a server found, by their ids; None: it has none.
    """

    results: Sequence[SearchResult]
    failures: Sequence[tuple[str, str]]
    store: str
    images: Path | None
    shelves: Shelves
    served: Callable[[str], bytes | None] = lambda product_id: None


def render_searches(searches: Searches) -> tuple[str, list[str]]:
    """The whole document, and which pictures it lacks, as it says, too."""
    gallery = Gallery(searches.images, served=searches.served)
    return render("searches.html", searches=searches, gallery=gallery), gallery.lacks()
