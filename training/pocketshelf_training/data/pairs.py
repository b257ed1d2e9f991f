"""Pairs of pictures: a gallery of shop pictures, and queries that show some of its items elsewhere.

``pairs.csv`` in a folder, one line a picture: ``role`` (gallery · query), ``image`` (a path below the
folder), ``item_id``, and if known ``category``, ``split`` (else train) and ``licence``. The form of the
shared ``shop``, of `prepare dressed` and of ``--pairs DIR``.

The text is read as a catalogue's is: any delimiter and encoding. Traps handled: an unknown role or split, a
query whose item no gallery picture shows, a missing column or cell: one line that names file and line.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.plain_csv import picture_lines
from pocketshelf_training.data.protocol import SPLITS, DataMissing, Sample

__all__ = ["load"]

ROLES = {"gallery": "shop", "query": "street"}
COLUMNS = ("role", "image", "item_id")
KNOWN = {*COLUMNS, "category", "split", "licence", "variant_of"}


def load(root: str | Path, licence: str = "") -> list[Sample]:
    """A sample a line; the gallery's domain is "shop", the queries' "street".

    Raises:
        DataMissing: there is no ``pairs.csv``.
        DataDamaged: a line cannot be used, or a query has no picture in the gallery; names file and line.
    """
    path = Path(root) / "pairs.csv"
    if not path.is_file():
        raise DataMissing(f"{path}: not found; name a folder with pairs.csv (role, image, item_id)")
    rows = [(f"{path}:{record.line}", record.cells) for record in picture_lines(path, KNOWN, COLUMNS)]
    samples = [_sample(path.parent, at, row, licence) for at, row in rows]
    shown = {sample.identity for sample in samples if sample.domain == "shop"}
    for (at, _), sample in zip(rows, samples, strict=True):
        if sample.identity not in shown:
            raise DataDamaged(f"{at}: no gallery picture shows item {sample.identity}")
    return samples


def _sample(folder: Path, at: str, row: dict[str, str], licence: str) -> Sample:
    if (role := row.get("role", "")) not in ROLES:
        raise DataDamaged(f"{at}: role {role!r}; there are {', '.join(ROLES)}")
    if lost := [name for name in COLUMNS if not row.get(name)]:
        raise DataDamaged(f"{at}: no {lost[0]}")
    if (split := row.get("split") or "train") not in SPLITS:
        raise DataDamaged(f"{at}: split {split!r} is not one of {', '.join(SPLITS)}")
    sample = Sample(
        folder / row["image"],
        split,
        ROLES[role],
        row["item_id"],
        row.get("category") or None,
        licence=row.get("licence") or licence,
    )
    return replace(sample, attributes={"variant_of": row["variant_of"]}) if row.get("variant_of") else sample
