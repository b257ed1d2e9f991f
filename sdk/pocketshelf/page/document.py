"""The page as a whole: figures on top, then what was missed, what was found, and the examples."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template

from pocketshelf.demo.answers import Answer, ShownExample
from pocketshelf.demo.report import Report
from pocketshelf.page.cards import example_card, query_card
from pocketshelf.page.thumbnails import Gallery
from pocketshelf.store import Store

__all__ = ["MOST_CARDS", "render_page"]

MOST_CARDS = 120  # About 3 MB of pictures.
_MOST_MISSES = 60


def render_page(
    report: Report, answers: Sequence[Answer], examples: Sequence[ShownExample], store: Store
) -> str:
    """The whole document.

    Raises:
        PhotoError: a photo that was searched cannot be read any more.
    """
    gallery = Gallery(report.dataset.images)
    misses = [answer for answer in answers if answer.rank is None]
    found = [answer for answer in answers if answer.rank is not None]
    shown_misses = misses[:_MOST_MISSES]
    shown_found = found[: MOST_CARDS - len(shown_misses)]
    parts = {
        "data_name": escape(report.dataset.name),
        "badge": _badge(report.dataset.drawn),
        "source": escape(report.source),
        "summary": _summary(report),
        "recall": _recall_table(report),
        "times": _times_table(report),
        "shelf": _shelf(report),
        "found": _section("found", "Found", found, shown_found, report, gallery, store),
        "misses": _section("misses", "Missed", misses, shown_misses, report, gallery, store),
        "found_count": str(len(found)),
        "miss_count": str(len(misses)),
        "examples": _examples(examples),
        "examples_link": ' <a href="#examples">Clothes</a>' if examples else "",
        "models": escape(f"{report.bundle}, space {report.space}"),
        "seconds": f"{report.seconds:.0f}",
    }
    return _template("page.html").substitute(parts, style=_file("page.css"), pictures=gallery.rules())


def _badge(drawn: bool) -> str:
    kind, text = ("synthetic", "drawn (synthetic)") if drawn else ("real", "real photos")
    return f'<span class="badge {kind}">{text}</span>'


def _summary(report: Report) -> str:
    first, total = report.recall[0], report.times[-1] if report.times else None
    tiles = [
        ("right product first", f"{first.at_1:.0%}", f"{round(first.at_1 * first.n)} of {first.n} photos"),
        ("among the first five", f"{first.at_5:.0%}", f"{round(first.at_5 * first.n)} of {first.n} photos"),
        ("photo to hits", f"{total.median:.0f} ms" if total else "–", "median, one thread"),
        ("products on the shelf", str(report.shelf.products), f"{report.shelf.store_bytes / 1000:.0f} kB"),
    ]
    if report.shelf.sync_bytes is not None:
        tiles.append(
            ("first sync", f"{report.shelf.sync_bytes / 1000:.1f} kB", f"{report.shelf.sync_seconds:.2f} s")
        )
    return "".join(_tile(*tile) for tile in tiles)


def _tile(name: str, value: str, note: str) -> str:
    return (
        f'<div class="tile"><span>{escape(name)}</span><b>{escape(value)}</b>'
        f"<small>{escape(note)}</small></div>"
    )


def _recall_table(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{escape(row.label)}</th><td>{_share(row.at_1, row.interval_1)}</td>"
        f"<td>{_share(row.at_5, row.interval_5)}</td><td>{row.n}</td></tr>"
        for row in report.recall
    )
    head = "<tr><th>searched by</th><th>R@1</th><th>R@5</th><th>n</th></tr>"
    kind = " on drawn (synthetic) pictures" if report.dataset.drawn else ""
    return f"<table><caption>Recall{kind}, with 95 % intervals</caption>{head}{rows}</table>"


def _share(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.3f} <small>{interval[0]:.2f}–{interval[1]:.2f}</small>"


def _times_table(report: Report) -> str:
    rows = "".join(
        f"<tr><th>{time.stage}</th><td>{time.median:.1f}</td><td>{time.p90:.1f}</td></tr>"
        for time in report.times
    )
    head = "<tr><th>stage</th><th>median</th><th>p90</th></tr>"
    return f"<table><caption>Milliseconds a photo, one thread</caption>{head}{rows}</table>"


def _shelf(report: Report) -> str:
    shelf = report.shelf
    if not shelf.synced:
        return f'<p class="note">{escape(shelf.note)}</p>'
    return (
        f"<p>A server imported and published the catalogue in {shelf.import_seconds:.1f} s; "
        f"the device pulled its signed generation (sequence {shelf.sequence}).</p>"
    )


def _section(
    anchor: str,
    heading: str,
    answers: Sequence[Answer],
    shown: Sequence[Answer],
    report: Report,
    gallery: Gallery,
    store: Store,
) -> str:
    cards = "\n".join(
        query_card(answer, store.product(answer.query.product_id), gallery, report.dataset.drawn)
        for answer in shown
    )
    rest = f" <small>{len(shown)} shown</small>" if len(shown) < len(answers) else ""
    total = len(report.dataset.queries)
    return f"""<section id="{anchor}"><h2>{heading}: {len(answers)} of {total}{rest}</h2>
<div class="cards">{cards or "<p>None.</p>"}</div></section>"""


def _examples(examples: Sequence[ShownExample]) -> str:
    if not examples:
        return ""
    cards = "\n".join(example_card(shown) for shown in examples)
    return f"""<section id="examples"><h2>Clothes: boxes and categories</h2>
<p>No product of the catalogue is in these photos, so nothing is counted here.</p>
<div class="cards">{cards}</div></section>"""


def _template(name: str) -> Template:
    return Template(_file(name))


def _file(name: str) -> str:
    return resources.files("pocketshelf.page").joinpath(name).read_text(encoding="utf-8")
