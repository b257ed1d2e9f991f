"""Composites of real cut-outs, as `pocketshelf-train prepare composites` made them. **Synthetic**: say so.

The shop picture and the street photos of one identity come of one source picture: a network that learns them
learns what pasting, light and angle change, not another side of the thing. The split follows the source
data set's own (its val gives val and test), so identities and photos do not overlap. Trap: things of
`grocery` are the 81 products; leave them out (``sources``) where products are to be unknown.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.data.studio import read_labels, samples_of

__all__ = ["SOURCES", "load"]

SOURCES = ("grocery", "clothing", "street")


def load(root: str | Path, sources: tuple[str, ...] = SOURCES, one_per: str = "garment") -> list[Sample]:
    """The samples of a prepared folder.

    Args:
        sources: data sets whose cut-outs the photos are about.
        one_per: "garment" or "photo", as in `pocketshelf_training.data.studio.load`.

    Raises:
        DataMissing, DataDamaged: see `pocketshelf_training.data.studio.load`.
        UsageError: no such source, or another ``one_per``.
    """
    strangers = sorted(set(sources) - set(SOURCES))
    if strangers:
        raise UsageError(f"no source {strangers[0]!r}; there are {', '.join(SOURCES)}")
    rows = [row for row in read_labels(Path(root), "composites") if row.get("source") in sources]
    return samples_of(Path(root), rows, one_per)
