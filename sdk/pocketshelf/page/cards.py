"""Pieces of the page: a photo with its boxes, a region's chips and hits, a card a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from pocketshelf.demo.answers import Answer, ShownExample
from pocketshelf.formats.product import Product
from pocketshelf.page.thumbnails import Gallery, data_url
from pocketshelf.types import Hit, Region

__all__ = ["example_card", "query_card"]

_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}
_FRAME = "frame"


def query_card(answer: Answer, wanted: Product | None, gallery: Gallery, drawn: bool) -> str:
    """A query's card: photo, verdict, the hits of the region that counts; other boxes are folded away."""
    regions = answer.detected.regions
    right = answer.query.product_id
    title = wanted.title if wanted else right
    size = (answer.detected.width, answer.detected.height)
    others = [region for i, region in enumerate(regions) if i != answer.region]
    return f"""<article class="card {"hit" if answer.rank else "miss"}">
{_photo(answer.query.photo, regions, size, answer.region, drawn, title)}
<div class="body">
<h3>{escape(title)}</h3>
<p class="verdicts">{_verdict(answer.rank)} {_aside(answer)}</p>
{_chips(regions[answer.region])}
{_hits(regions[answer.region].hits or (), right, gallery)}
{_wanted(answer, wanted, gallery)}
{_folded(others, right, gallery)}
</div></article>"""


def example_card(shown: ShownExample) -> str:
    """A photo without a product here: its boxes with group and category."""
    example = shown.example
    rows = "".join(f"<li>{_chips(region)}</li>" for region in shown.regions)
    found = f'<ol class="boxes">{rows}</ol>' if rows else "<p>No box found.</p>"
    photo = _photo(example.photo, shown.regions, (shown.width, shown.height), None, False, example.label)
    return f"""<article class="card example">{photo}
<div class="body"><h3>{escape(example.kind)}</h3>
<p class="label">labelled: {escape(example.label)}</p>{found}</div></article>"""


def _photo(
    photo: Path,
    regions: Sequence[Region],
    size: tuple[int, int],
    chosen: int | None,
    drawn: bool,
    title: str,
) -> str:
    width, height = size
    boxes = "".join(_box(region, size, chosen in (None, i)) for i, region in enumerate(regions))
    shape = f"aspect-ratio:{width}/{height};--ratio:{width / max(height, 1):.3f}"
    alt = f"{'drawing' if drawn else 'photo'} of {escape(title)}"
    stamp = '<span class="stamp">drawn (synthetic)</span>' if drawn else ""
    return f"""<figure class="photo" style="{shape}">
<img src="{data_url(photo)}" alt="{alt}" loading="lazy">{boxes}{stamp}
</figure>"""


def _box(region: Region, size: tuple[int, int], chosen: bool) -> str:
    if region.group == _FRAME:
        return ""
    x, y, w, h = region.box
    shares = (100 * x / size[0], 100 * y / size[1], 100 * w / size[0], 100 * h / size[1])
    left, top, width, height = (f"{share:.1f}%" for share in shares)
    low = " inside" if shares[1] < 6 else ""
    return (
        f'<span class="box g-{escape(region.group)}{"" if chosen else " other"}" '
        f'style="left:{left};top:{top};width:{width};height:{height}">'
        f'<b class="tag{low}">{escape(region.group)} {region.score:.2f}</b></span>'
    )


def _chips(region: Region) -> str:
    group = "whole photo" if region.group == _FRAME else f"{region.group} {region.score:.2f}"
    chips = [f'<span class="chip group g-{escape(region.group)}">{escape(group)}</span>']
    chips += [
        f'<span class="chip">{escape(_plain(name))} {share:.2f}</span>'
        for name, share in region.categories[:3]
        if share >= 0.05
    ]
    chips += [
        f'<span class="chip attribute">{escape(name)}: {escape(label)} {share:.2f}</span>'
        for name, (label, share) in region.attributes.items()
    ]
    return f'<div class="chips">{"".join(chips)}</div>'


def _hits(hits: Sequence[Hit], right: str, gallery: Gallery) -> str:
    if not hits:
        return "<p>No product found.</p>"
    return f'<ol class="hits">{"".join(_hit(hit, hit.product_id == right, gallery) for hit in hits)}</ol>'


def _hit(hit: Hit, right: bool, gallery: Gallery) -> str:
    mark = '<span class="mark">✓ right</span>' if right else ""
    return f"""<li class="{"right" if right else "wrong"}">
<div class="product {gallery.style_class(hit.image)}" role="img" aria-label="{escape(hit.title)}">{mark}</div>
<span class="title">{escape(hit.title)}</span><span class="score">{hit.score:.3f}</span></li>"""


def _wanted(answer: Answer, wanted: Product | None, gallery: Gallery) -> str:
    if answer.rank or wanted is None:
        return ""
    return f"""<div class="wanted"><div class="product {gallery.style_class(wanted.image)}" role="img"
aria-label="{escape(wanted.title)}"></div><span>wanted:<br><b>{escape(wanted.title)}</b><br>{escape(_plain(wanted.category))}</span></div>"""


def _folded(regions: Sequence[Region], right: str, gallery: Gallery) -> str:
    if not regions:
        return ""
    inner = "".join(f"{_chips(region)}{_hits((region.hits or ())[:3], right, gallery)}" for region in regions)
    count = "1 more box" if len(regions) == 1 else f"{len(regions)} more boxes"
    return f"<details><summary>{count}</summary>{inner}</details>"


def _verdict(rank: int | None) -> str:
    if rank is None:
        return '<span class="verdict bad">✗ not among the first five</span>'
    place = _ORDINALS.get(rank, f"{rank}th")
    return f'<span class="verdict {"good" if rank == 1 else "fair"}">✓ {place}</span>'


def _aside(answer: Answer) -> str:
    """Where another way to search does otherwise."""
    asides: Mapping[str, int | None] = {"whole photo": answer.whole_rank, "any box": answer.any_rank}
    texts = [f"{name}: {_place(rank)}" for name, rank in asides.items() if rank != answer.rank]
    return f'<span class="aside">{escape(" · ".join(texts))}</span>' if texts else ""


def _place(rank: int | None) -> str:
    return "missed" if rank is None else _ORDINALS.get(rank, f"{rank}th")


def _plain(category: str) -> str:
    return category.replace("-", " ") if category.istitle() else category
