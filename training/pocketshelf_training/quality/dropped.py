"""Fifty photos that the filter leaves out, on one page: for a person to agree or not. It holds the photos."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from jinja2 import Environment
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import Bundle
from pocketshelf.page.thumbnails import data_url
from pocketshelf.quality import FAULTS
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.quality.keep import QualityFilter, in_words
from pocketshelf_training.quality.photos import RealPhoto, real_photos

__all__ = ["write_dropped"]

SHOWN = 50
# So many photos of street and shop are looked at.
LOOKED_AT = 900

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Left out</title>
<style>body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color-scheme:light dark}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:1rem}
figure{margin:0}img{width:100%;height:200px;object-fit:contain;background:#8882}figcaption{font-size:13px}</style>
<h1>{{ rows|length }} photos left out</h1>
<p>{{ count }} of {{ looked }} photos of streets and of a shop, of sources that nothing was trained on,
are left out:
{% for code, n in counts.items() %}{{ code }} {{ n }}{{ ", " if not loop.last }}{% endfor %}.
These were drawn by turns among the faults. The surest fault stands first.</p>
<main>{% for url, name, why in rows %}<figure><img src="{{ url }}" alt="{{ name }}" loading="lazy">
<figcaption>{{ why }}<br>{{ name }}</figcaption></figure>
{% endfor %}</main></html>
"""


def write_dropped(path: Path, bundle: Bundle, root: str | Path | None, seed: int) -> int:
    """Write the page; how many photos are on it.

    Raises:
        OSError: it cannot be written.
    """
    folder, encoder = data_root(root), Encoder.open(bundle)
    keep = QualityFilter.of(encoder)
    photos = _drawn(root, seed)
    left_out: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for photo in tqdm(photos, "filter", file=sys.stderr):
        read = read_photo(folder / photo.name)
        if found := keep.faults(read, encoder.boxes(read)[1]):
            left_out[found[0].code].append((photo.name, in_words(found)))
    counts = {code: len(left_out[code]) for code in FAULTS if code in left_out}
    chosen = _by_turns(left_out)
    rows = [(data_url(folder / name, 200), name, why) for name, why in chosen]
    page = Environment(autoescape=True).from_string(_PAGE)
    text = page.render(rows=rows, counts=counts, count=sum(counts.values()), looked=len(photos))
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return len(rows)


def _drawn(root: str | Path | None, seed: int) -> list[RealPhoto]:
    photos = [p for p in real_photos(root) if p.kind in ("street", "shop") and p.part != "train"]
    order = np.random.default_rng(seed).permutation(len(photos))[:LOOKED_AT]
    return [photos[number] for number in order]


def _by_turns(left_out: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """One of each fault, then the next of each."""
    queues = [list(left_out[code]) for code in FAULTS if code in left_out]
    chosen: list[tuple[str, str]] = []
    while len(chosen) < SHOWN and any(queues):
        chosen += [queue.pop(0) for queue in queues if queue]
    return chosen[:SHOWN]
