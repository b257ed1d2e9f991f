"""The page of some clusters, to see at a glance what mining makes of one's pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pocketshelf.files import atomic_write
from pocketshelf.page.sheets import Group, Print, Sheet, render_sheet
from pocketshelf.page.thumbnails import data_url
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.vectors import Embedded

__all__ = ["at_a_glance", "note_of", "write_clusters"]

SHOWN, PICTURES = 20, 7
SIDE, QUALITY = 132, 76


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
    groups = [_group(embedded, each) for each in at_a_glance(clusters, count)]
    sheet = Sheet(
        title="What was found to be one product",
        lead=f"{len(groups)} of {len(kept)} clusters that the rules keep, the largest of each category "
        "first. Does each show one product? Of a large one some pictures stand for all.",
        groups=groups,
        footer="Nobody has accepted these clusters yet: the review page is where a person does.",
    )
    with atomic_write(path) as temporary:
        temporary.write_text(render_sheet(sheet), encoding="utf-8")
    return path


def at_a_glance(clusters: Sequence[Cluster], count: int = SHOWN) -> list[Cluster]:
    """Of those kept the largest of each category, categories by the size of theirs; then the next of each."""
    kept = [each for each in clusters if not each.dropped]
    by_category: dict[str, list[Cluster]] = defaultdict(list)
    for each in sorted(kept, key=lambda each: -len(each.rows)):
        by_category[each.category].append(each)
    ranked = [
        (place, -len(each.rows), each.category, each)
        for own in by_category.values()
        for place, each in enumerate(own)
    ]
    return [each for *_, each in sorted(ranked, key=lambda entry: entry[:3])][:count]


def _group(embedded: Embedded, each: Cluster) -> Group:
    count = min(PICTURES, len(each.rows))
    places = np.linspace(0, len(each.rows) - 1, count).round().astype(int)
    pictures = [embedded.pictures[each.rows[place]] for place in places]
    return Group(
        each.category or "Cluster",
        [Print(data_url(one.path, SIDE, QUALITY), Path(one.name).name) for one in pictures],
        note_of(each),
        len(each.rows),
    )
