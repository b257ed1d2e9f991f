"""Which pictures a demo runs on: the first of the sources that is there."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.demo.dataset import Dataset
from pocketshelf.demo.sources.download import DownloadError, cache_folder, fetch_grocery, is_cached
from pocketshelf.demo.sources.folder import load_folder
from pocketshelf.demo.sources.samples import load_samples
from pocketshelf.progress import ProgressBar

__all__ = ["Choice", "choose_dataset", "data_folder"]


@dataclass(frozen=True)
class Choice:
    """What was asked for.

    Attributes:
        data: folder of real photos; else POCKETSHELF_DATA, else a download, else the drawn samples.
        drawn: the drawn samples, whatever real photos there are.
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


def choose_dataset(choice: Choice, say: Callable[[str], None] = lambda message: None) -> Dataset:
    """The material; its ``source`` says why it is this one. ``say`` is told before a download begins.

    Raises:
        CatalogueError: a folder was named that does not hold the photos.
    """
    folder, missing = data_folder(choice), ""
    source = f"Real photos, from the folder that {'--data' if choice.data else 'POCKETSHELF_DATA'} names."
    if folder is None:
        folder, missing = _downloaded(choice, say)
        source = "Real photos: the public set, from the cache."
    if folder is not None:
        return load_folder(folder, choice.count, choice.seed, source)
    why = f"These pictures are drawn (synthetic), not photographed, {missing}."
    return load_samples(choice.count, choice.seed, why)


def _downloaded(choice: Choice, say: Callable[[str], None]) -> tuple[Path | None, str]:
    """The folder of the public photos, or None and why there is none."""
    if choice.drawn:
        return None, "as asked by --drawn"
    if choice.offline:
        named = "no folder of real photos is named (--data, POCKETSHELF_DATA)"
        return None, f"as --offline forbids a download and {named}"
    if not is_cached():
        where = f"into {cache_folder()}; --offline does without"
        say(f"downloading the public Grocery Store photos (123 MB, once) {where}")
    try:
        with ProgressBar("download", "B") as bar:
            return fetch_grocery(progress=bar.update), ""
    except DownloadError as error:
        return (
            None,
            f"as the public photos cannot be downloaded ({error}) and no folder of real ones is named",
        )
