"""The demo's page: figures on top, then what was found, what was missed, and the examples."""

from __future__ import annotations

from collections.abc import Sequence

from pocketshelf.demo.answers import Answer, DetectedExample
from pocketshelf.demo.report import Report
from pocketshelf.page.templating import render
from pocketshelf.page.thumbnails import Gallery
from pocketshelf.retriever import Retriever

__all__ = ["render_page"]

_MAX_CARDS = 120  # About 3 MB of pictures.
_MAX_MISSES = 60


def render_page(
    report: Report, answers: Sequence[Answer], examples: Sequence[DetectedExample], retriever: Retriever
) -> str:
    """The whole document.

    Raises:
        PhotoError: a photo that was searched cannot be read any more.
    """
    found = sorted((answer for answer in answers if answer.rank), key=lambda answer: answer.rank or 0)
    misses = [answer for answer in answers if not answer.rank]
    asked = {answer.query.product_id for answer in answers}
    shown_misses = misses[:_MAX_MISSES]
    return render(
        "demo.html",
        report=report,
        found=found,
        shown_found=found[: _MAX_CARDS - len(shown_misses)],
        misses=misses,
        shown_misses=shown_misses,
        products={wanted: retriever.store.product(wanted) for wanted in asked},
        examples=examples,
        gallery=Gallery(report.dataset.images),
        shelves=retriever.encoder.shelves,
    )
