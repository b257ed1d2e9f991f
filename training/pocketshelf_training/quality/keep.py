"""Which photos a library of looks leaves out: those that surely have a fault."""

from __future__ import annotations

from collections.abc import Sequence

from pocketshelf.encoded import EncodedPhoto
from pocketshelf.encoder import Encoder
from pocketshelf.quality import Fault, Judge
from pocketshelf.stages.preprocess import Photo
from pocketshelf.types import Detection

__all__ = ["QualityFilter", "in_words"]


class QualityFilter:
    """Says of a photo why it is no look; a `pocketshelf_training.outfits.library.Keep`.

    Args:
        judge: of the bundle, or one that measures alone.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    @classmethod
    def of(cls, encoder: Encoder) -> QualityFilter:
        """With the network of the encoder's bundle, if it has one."""
        return cls(encoder.judge or Judge())

    def faults(self, photo: Photo, found: Sequence[Detection]) -> list[Fault]:
        """What the photo, in which the regions ``found`` are, surely has; the surest first."""
        faults = (fault for fault in self._judge.faults(photo, found) if fault.sure)
        return sorted(faults, key=lambda fault: -fault.score)

    def __call__(self, photo: EncodedPhoto) -> str | None:
        """The faults with their scores, in words; None where there are none."""
        return in_words(self.faults(photo.photo, [region.detection for region in photo.regions])) or None


def in_words(faults: Sequence[Fault]) -> str:
    """Codes and scores."""
    return ", ".join(f"{fault.code} {fault.score:.2f}" for fault in faults)
