"""Which photos a library of looks leaves out: those that surely have a fault."""

from __future__ import annotations

from pocketshelf.encoder import EncodedPhoto, Encoder
from pocketshelf.quality import Fault, Judge

__all__ = ["QualityFilter"]


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

    def faults(self, photo: EncodedPhoto) -> list[Fault]:
        """What the photo surely has, the surest first."""
        found = self._judge.faults(photo.photo, [region.detection for region in photo.regions])
        return sorted((fault for fault in found if fault.sure), key=lambda fault: -fault.score)

    def __call__(self, photo: EncodedPhoto) -> str | None:
        """The faults with their scores, in words; None where there are none."""
        return ", ".join(f"{fault.code} {fault.score:.2f}" for fault in self.faults(photo)) or None
