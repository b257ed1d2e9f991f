"""Where a demo's pictures come from: a folder of real photos, the public set, or the studio."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.demo.dataset import Dataset
from pocketshelf.demo.progress import progress_bar
from pocketshelf.demo.sources.download import DownloadError, fetch_grocery
from pocketshelf.demo.sources.drawn import draw_dataset
from pocketshelf.demo.sources.folder import load_folder

__all__ = ["Choice", "choose_dataset", "data_folder"]


@dataclass(frozen=True)
class Choice:
    """What was asked for.

    Attributes:
        data: folder of real photos; else POCKETSHELF_DATA, else a download, else drawn.
        drawn: draw, whatever real photos there are.
        offline: download nothing.
        count: queries; all if None.
    """

    data: str | None = None
    drawn: bool = False
    offline: bool = False
    count: int | None = 60
    seed: int = 7


def data_folder(choice: Choice) -> Path | None:
    """The folder of real photos that was named, by option or environment."""
    named = choice.data or os.environ.get("POCKETSHELF_DATA")
    return Path(named) if named and not choice.drawn else None


def choose_dataset(choice: Choice, studio: Path) -> tuple[Dataset, str]:
    """The material and a sentence that says why it is this one; drawings go to ``studio``.

    Raises:
        CatalogueError: a folder was named that does not hold the photos.
    """
    folder = data_folder(choice)
    if folder is not None:
        named = "--data" if choice.data else "POCKETSHELF_DATA"
        return load_folder(
            folder, choice.count, choice.seed
        ), f"Real photos, from the folder that {named} names."
    if choice.drawn:
        why = "as asked by --drawn"
    elif choice.offline:
        why = (
            "as --offline forbids a download and no folder of real photos is named (--data, POCKETSHELF_DATA)"
        )
    else:
        try:
            with progress_bar("download", "B") as update:
                cached = fetch_grocery(progress=update)
            return load_folder(
                cached, choice.count, choice.seed
            ), "Real photos: the public set, from the cache."
        except DownloadError as error:
            why = f"as the public photos cannot be downloaded ({error}) and no folder of real ones is named"
    with progress_bar("draw", "picture") as update:
        dataset = draw_dataset(studio, choice.count, choice.seed, update)
    return dataset, f"These pictures are drawn (synthetic), not photographed, {why}."
