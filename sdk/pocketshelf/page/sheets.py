"""A sheet of pictures in groups, each with a few words: clusters, photos left out, candidates dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pocketshelf.page.templating import render
from pocketshelf.page.thumbnails import Gallery

__all__ = ["Group", "Print", "Sheet", "render_sheet"]


@dataclass(frozen=True)
class Print:
    """A picture of a sheet.

    Attributes:
        url: as `pocketshelf.page.thumbnails.data_url` makes it.
        caption: what it shows, also for those who cannot see it.
        verdict: what was said of it, with its tone; none if empty.
    """

    url: str
    caption: str
    verdict: str = ""
    tone: Literal["good", "fair", "bad"] = "fair"


@dataclass(frozen=True)
class Group:
    """Prints that belong together.

    Attributes:
        total: of how many pictures these are, where not all are shown.
    """

    heading: str
    prints: Sequence[Print]
    note: str = ""
    total: int | None = None


@dataclass(frozen=True)
class Sheet:
    """What a sheet shows.

    Attributes:
        lead: what a person is to look for.
        drawn: the pictures are drawn (synthetic), which the sheet then says; else real photos.
        footer: the command and the data that it was made of.
    """

    title: str
    lead: str
    groups: Sequence[Group]
    drawn: bool = False
    footer: str = ""


def render_sheet(sheet: Sheet) -> str:
    """The whole document, one file without outside resources."""
    return render("sheet.html", sheet=sheet, gallery=Gallery(None))
