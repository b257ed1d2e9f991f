"""The page of some clusters, to see at a glance what mining makes of one's pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import ChoiceLoader, FileSystemLoader, Template

from pocketshelf.files import atomic_write
from pocketshelf.page.templating import environment
from pocketshelf.page.thumbnails import Gallery, data_url
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.vectors import Embedded

__all__ = ["TEMPLATES", "note_of", "template", "write_clusters"]

SHOWN, PICTURES = 20, 10
SIDE, QUALITY = 132, 76
TEMPLATES = Path(__file__).parent / "templates"


def template(name: str) -> Template:
    """A template of this folder, over the SDK's."""
    sdk = environment()
    assert sdk.loader is not None
    return sdk.overlay(loader=ChoiceLoader([sdk.loader, FileSystemLoader(TEMPLATES)])).get_template(name)


def note_of(each: Cluster) -> str:
    """A cluster's figures in words."""
    said = f"mean distance {each.mean_distance:.3f}, variance {each.variance:.4f}"
    return f"{said}; dropped by {each.dropped}" if each.dropped else said


def write_clusters(path: Path, embedded: Embedded, clusters: Sequence[Cluster], count: int = SHOWN) -> Path:
    """Write up to ``count`` of the clusters that are kept, with pictures.

    Raises:
        PhotoError: a picture cannot be read any more.
    """
    kept = [each for each in clusters if not each.dropped]
    shown = [_shown(embedded, each) for each in _chosen(kept, count)]
    page = template("clusters.html").render(shown=shown, kept=len(kept), gallery=Gallery(None))
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path


def _chosen(kept: Sequence[Cluster], count: int) -> list[Cluster]:
    """The largest of each category, categories by the size of theirs; then the next of each."""
    by_category: dict[str, list[Cluster]] = defaultdict(list)
    for each in sorted(kept, key=lambda each: -len(each.rows)):
        by_category[each.category].append(each)
    ranked = [
        (place, -len(each.rows), each.category, each)
        for own in by_category.values()
        for place, each in enumerate(own)
    ]
    return [each for *_, each in sorted(ranked, key=lambda entry: entry[:3])][:count]


def _shown(embedded: Embedded, each: Cluster) -> tuple[Cluster, str, list[str], int]:
    count = min(PICTURES, len(each.rows))
    places = np.linspace(0, len(each.rows) - 1, count).round().astype(int)
    urls = [data_url(embedded.pictures[each.rows[place]].path, SIDE, QUALITY) for place in places]
    return each, note_of(each), urls, len(each.rows) - count
