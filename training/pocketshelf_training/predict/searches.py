"""Who asks what gallery: the protocols of retrieval, from a data set's samples.

* street → shop: the split's street photos, all shop pictures;
* photo → photo: the split's photos, the training photos of the same domain; where no product is in both
  (In-shop, Stanford Online Products), the other photos of the split, a query's own left out;
* leave products out: only photos of products that the training left out, asked of all shop pictures and
  of those products' own only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from pocketshelf.errors import UsageError
from pocketshelf_training.data.plain_csv import load as load_csv
from pocketshelf_training.data.protocol import Sample

__all__ = ["Search", "choose", "choose_split", "left_out_searches"]

GALLERIES = ("shop", "train")


class Search(NamedTuple):
    """Queries that have a right picture in the gallery, and how many were set aside for having none.

    Attributes:
        itself: each query's own place in the gallery, where it is part of it.
    """

    name: str
    queries: list[Sample]
    gallery: list[Sample]
    without: int
    itself: list[int] | None = None


def choose_split(samples: Sequence[Sample], split: str | None) -> tuple[list[Sample], str]:
    """The samples of ``split`` (several by commas), or of test, else val, where it is left open.

    Raises:
        UsageError: there is no such split; the message lists those there are. Or there are no samples.
    """
    if not samples:
        raise UsageError("this data set has no pictures")
    there = sorted({sample.split for sample in samples})
    wanted = split or ("test" if "test" in there else "val" if "val" in there else "train")
    for name in wanted.split(","):
        if name not in there:
            raise UsageError(f"no split {name!r} in this data set; there are {', '.join(there)}")
    return [sample for sample in samples if sample.split in wanted.split(",")], wanted


def choose(samples: Sequence[Sample], own: Sequence[Sample], galleries: Sequence[str] = ()) -> list[Search]:
    """The searches that a data set allows, or those of ``galleries``: "shop", "train", a CSV's path.

    Args:
        own: the samples of the split under measurement.

    Raises:
        UsageError: a gallery holds no product of the queries.
        DataMissing, DataDamaged: a CSV cannot be read.
    """
    named = [sample for sample in own if sample.identity]
    if not galleries:
        found = [search for search in (_street_to_shop(samples, named), _photos(samples, named)) if search]
        return [search for search in found if search.queries]
    searches = []
    for gallery in galleries:
        search = _of_gallery(gallery, samples, named)
        if search is None or not search.queries:
            raise UsageError(f"gallery {gallery!r} has no picture of any product that is asked for")
        searches.append(search)
    return searches


def left_out_searches(
    samples: Sequence[Sample], own: Sequence[Sample], products: Collection[str]
) -> list[Search]:
    """Photos of ``products`` only: asked of all shop pictures, and of these products' own only.

    Raises:
        UsageError: the split has no photo of them, or the shop no picture.
    """
    queries = [sample for sample in own if sample.domain == "street" and sample.identity in products]
    shop = [sample for sample in samples if sample.domain == "shop" and sample.identity]
    few = [sample for sample in shop if sample.identity in products]
    if not queries or not few:
        what = "street photo of" if not queries else "shop picture of"
        raise UsageError(f"no {what} any of the {len(products)} products that were left out")
    return [
        _search("left out → all shop pictures", queries, shop),
        _search("left out → their own shop pictures", queries, few),
    ]


def _of_gallery(gallery: str, samples: Sequence[Sample], named: Sequence[Sample]) -> Search | None:
    if gallery == "shop":
        return _street_to_shop(samples, named)
    if gallery == "train":
        return _photos(samples, named)
    if not Path(gallery).exists():
        raise UsageError(f"no gallery {gallery!r}; there are {', '.join(GALLERIES)}, or a CSV's path")
    pictures = [sample for sample in load_csv(gallery) if sample.identity]
    return _search(f"{_asking(named)} → {Path(gallery).name}", _of_domain(named), pictures)


def _street_to_shop(samples: Sequence[Sample], named: Sequence[Sample]) -> Search | None:
    shop = [sample for sample in samples if sample.domain == "shop" and sample.identity]
    queries = [sample for sample in named if sample.domain == "street"]
    return _search("street → shop", queries, shop) if shop and queries else None


def _photos(samples: Sequence[Sample], named: Sequence[Sample]) -> Search | None:
    queries = _of_domain(named)
    if not queries:
        return None
    domain, splits = queries[0].domain, {sample.split for sample in queries}
    known = {sample.identity for sample in queries}
    others = [s for s in samples if s.domain == domain and s.identity and s.split == "train"]
    if "train" not in splits and any(sample.identity in known for sample in others):
        return _search("photo → training photos", queries, others)
    return _among_themselves(queries)


def _among_themselves(queries: list[Sample]) -> Search:
    """In-shop says which are queries and which gallery; elsewhere everyone asks all the others."""
    asking = [sample for sample in queries if sample.attributes.get("partition") == "query"]
    if asking:
        gallery = [sample for sample in queries if sample.attributes.get("partition") == "gallery"]
        return _search("query → gallery", asking, gallery)
    return _search("photo → other photos", queries, queries, list(range(len(queries))))


def _of_domain(named: Sequence[Sample]) -> list[Sample]:
    domain = _asking(named)
    return [sample for sample in named if sample.domain == domain]


def _asking(named: Sequence[Sample]) -> str:
    """Customers' photos where there are any."""
    return "street" if any(sample.domain == "street" for sample in named) else "shop"


def _search(
    name: str, queries: list[Sample], gallery: list[Sample], itself: list[int] | None = None
) -> Search:
    counts: dict[str | None, int] = {}
    for sample in gallery:
        counts[sample.identity] = counts.get(sample.identity, 0) + 1
    least = 1 if itself is None else 2
    kept = [i for i, sample in enumerate(queries) if counts.get(sample.identity, 0) >= least]
    places = None if itself is None else [itself[i] for i in kept]
    return Search(name, [queries[i] for i in kept], gallery, len(queries) - len(kept), places)
