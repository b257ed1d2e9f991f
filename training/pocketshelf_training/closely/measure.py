"""Searches with and without a close look, by the SDK and a store that was built."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.formats.bundle import Bundle
from pocketshelf.types import Hit
from pocketshelf_training.data.catalogue_file import write_catalogue
from pocketshelf_training.data.protocol import Sample

__all__ = ["measured"]

log = logging.getLogger(__name__)

WAYS = {"whole": True, "detected": False}


def measured(
    name: str, gallery: Sequence[Sample], queries: Sequence[Sample], bundle: Bundle, ways: Sequence[str]
) -> list[dict[str, Any]]:
    """A row a way (``whole``, ``detected``) of searching ``queries`` in a store built of ``gallery``.

    A row holds recall at 1 and 5 of the first region without and with a close look; how many first hits a
    print confirmed, and how many of these are right; milliseconds of the search stage, both ways; bytes.
    """
    with tempfile.TemporaryDirectory() as folder:
        catalogue, store = Path(folder) / "catalogue.csv", Path(folder) / "store"
        base = Path(gallery[0].image.anchor)
        write_catalogue(catalogue, gallery, base)
        report = build_store(catalogue, store, images=base, bundle=bundle, closely=True)
        each = report.prints_bytes / max(1, report.prints)
        log.info(
            "%s: %d of %d products have local features, %.0f bytes each",
            name,
            report.prints,
            report.products,
            each,
        )
        with (
            Retriever.open(store, bundle, closely=False) as before,
            Retriever.open(store, bundle) as after,
        ):
            rows = [_row(before, after, queries, way) for way in ways]
        shared = {"set": name, "products": report.products, "prints": report.prints, "bytes": round(each)}
    return [{**shared, **row} for row in rows]


def _row(before: Retriever, after: Retriever, queries: Sequence[Sample], way: str) -> dict[str, Any]:
    found: dict[str, list[float]] = {}
    for sample in tqdm(queries, desc=way, disable=None):
        for label, retriever in (("without", before), ("with", after)):
            result = retriever.search(sample.image, top_k=5, whole=WAYS[way])
            hits: Sequence[Hit] = result.regions[0].hits or ()
            ids = [hit.product_id for hit in hits]
            found.setdefault(f"{label} R@1", []).append(ids[:1] == [sample.identity])
            found.setdefault(f"{label} R@5", []).append(sample.identity in ids)
            found.setdefault(f"{label} ms", []).append(result.ms.search)
        confirmed = bool(hits) and hits[0].inliers is not None
        found.setdefault("confirmed", []).append(confirmed)
        if confirmed:
            found.setdefault("right", []).append(ids[0] == sample.identity)
    return {
        "way": way,
        "queries": len(queries),
        **{
            name: sorted(values)[len(values) // 2] if name.endswith("ms") else sum(values) / len(values)
            for name, values in found.items()
        },
    }
