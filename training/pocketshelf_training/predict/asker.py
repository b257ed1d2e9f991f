"""Ask a model about samples; what it said is kept, and a bad photo is named once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pocketshelf.formats.answer import Answer, Unreadable
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.cache import answers_of
from pocketshelf_training.predict.subject import Crop, Subject, crop_of

__all__ = ["Asker"]


class Asker:
    """A model behind its cache.

    Args:
        whole: look at frames, not at boxes.
        label: begins the progress line.
    """

    def __init__(self, subject: Subject, cache: Path, whole: bool = False, label: str = "") -> None:
        self.subject, self.cache, self.whole = subject, cache, whole
        self.label = f"{label}, " if label else ""
        self.named: set[str] = set()

    def __call__(self, samples: Sequence[Sample], what: str) -> list[Answer]:
        """One answer a sample; ``what`` they are is said beside the progress."""
        return self.ask([crop_of(sample, self.whole) for sample in samples], what)

    def ask(self, crops: Sequence[Crop], what: str) -> list[Answer]:
        """One answer a crop."""
        found = answers_of(self.subject, crops, self.cache, self.label + what)
        for crop, answer in zip(crops, found, strict=True):
            if isinstance(answer, Unreadable) and str(crop.image) not in self.named:
                self.named.add(str(crop.image))
                print(f"a miss: {answer.error}", file=sys.stderr, flush=True)
        return found
