"""The review page: mined clusters, one at a time, for a person with a keyboard.

A page is one file that works without a network or server. What is decided stays in the browser and is
saved as JSON (`pocketshelf_training.mine.decisions`); many pictures are spread over several pages.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import ChoiceLoader, FileSystemLoader
from markupsafe import Markup

from pocketshelf.files import atomic_write
from pocketshelf.page.templating import environment
from pocketshelf.page.thumbnails import Gallery, data_url
from pocketshelf_training.mine.decisions import FORMAT
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.showing import note_of
from pocketshelf_training.mine.vectors import Embedded

__all__ = ["MOST_PICTURES", "write_pages"]

# Some 4 kB each: a page of 6 MB.
MOST_PICTURES = 1500
SIDE, QUALITY, NEAREST = 132, 70, 3
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class _Page:
    name: str
    decisions: str
    clusters: Sequence[Cluster]


def write_pages(folder: Path, embedded: Embedded, clusters: Sequence[Cluster], command: str) -> list[Path]:
    """Write ``review.html`` (or ``review-1.html`` …) into ``folder``, those kept before those dropped.

    Args:
        command: what a person runs with ``--decisions`` and what the pages save.

    Raises:
        PhotoError: a picture cannot be read any more.
    """
    written, pages = [], list(_pages(clusters))
    command = f"{command} --decisions {' '.join(page.decisions for page in pages)}"
    for page in pages:
        path = folder / page.name
        with atomic_write(path) as temporary:
            temporary.write_text(_render(page, embedded, command), encoding="utf-8")
        written.append(path)
    return written


def _pages(clusters: Sequence[Cluster]) -> Iterator[_Page]:
    parts: list[list[Cluster]] = [[]]
    held = 0
    for each in sorted(clusters, key=lambda each: bool(each.dropped)):
        if held and held + len(each.rows) > MOST_PICTURES:
            parts.append([])
            held = 0
        parts[-1].append(each)
        held += len(each.rows)
    for number, part in enumerate(parts, 1):
        suffix = f"-{number}" if len(parts) > 1 else ""
        yield _Page(f"review{suffix}.html", f"decisions{suffix}.json", part)


def _render(page: _Page, embedded: Embedded, command: str) -> str:
    sdk = environment()
    assert sdk.loader is not None
    own = sdk.overlay(loader=ChoiceLoader([sdk.loader, FileSystemLoader(_TEMPLATES)]))
    script = (_TEMPLATES / "review.js").read_text(encoding="utf-8")
    kept = sum(not each.dropped for each in page.clusters)
    return own.get_template("review.html").render(
        data=_data(page, embedded),
        gallery=Gallery(None),
        script=Markup(script),
        script_hash=_hash(script),
        style=Markup((_TEMPLATES / "review.css").read_text(encoding="utf-8")),
        summary=f"{kept} clusters that the rules keep, then {len(page.clusters) - kept} that they dropped",
        decisions=page.decisions,
        command=command,
    )


def _hash(script: str) -> str:
    """As a Content-Security-Policy names the one script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _data(page: _Page, embedded: Embedded) -> dict[str, Any]:
    """What the script shows."""
    rows = [row for each in page.clusters for row in each.rows.tolist()]
    place = {row: number for number, row in enumerate(rows)}
    names = [embedded.pictures[row].name for row in rows]
    entries = [
        {
            "category": each.category,
            "members": [place[row] for row in each.rows.tolist()],
            "state": "rejected" if each.dropped else "open",
            "note": note_of(each),
            "origin": [number],
        }
        for number, each in enumerate(page.clusters)
    ]
    said = "\n".join([*names, *(str(entry["members"]) for entry in entries)])
    return {
        "format": FORMAT,
        "review": hashlib.sha256(said.encode()).hexdigest()[:16],
        "decisions": page.decisions,
        "pictures": [
            {"name": name, "url": data_url(embedded.pictures[row].path, SIDE, QUALITY)}
            for name, row in zip(names, rows, strict=True)
        ],
        "clusters": entries,
        "near": _near(embedded, page.clusters),
    }


def _near(embedded: Embedded, clusters: Sequence[Cluster]) -> list[list[int]]:
    """The nearest other clusters of each, by the average distance of their pictures."""
    if not clusters:
        return []
    means = np.stack([embedded.vectors[each.rows].mean(0) for each in clusters])
    cosines = means @ means.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1, kind="stable")[:, : min(NEAREST, len(clusters) - 1)].tolist()
