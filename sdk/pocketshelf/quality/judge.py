"""The judge: a photo, and what the detector found in it, to faults and advice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PIL import Image

from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import Bundle, QualitySpec
from pocketshelf.quality.faults import Fault, spoken
from pocketshelf.quality.layout import layout_signals
from pocketshelf.quality.rules import Rules, built_in_rules, faults_of, parse_rules
from pocketshelf.quality.signals import WORKING_SIDE, pixel_signals
from pocketshelf.runtime import ModelRunner, open_model
from pocketshelf.stages.preprocess import Photo, PhotoSource, network_input, read_photo
from pocketshelf.types import Detection, Quality

__all__ = ["Judge", "judge"]


class Judge:
    """Judges photos; safe to share between threads.

    Args:
        rules: from signals to faults.
        spec, runner: the bundle's network, whose logits are signals; without them, the measured ones alone.
    """

    def __init__(
        self, rules: Rules | None = None, spec: QualitySpec | None = None, runner: ModelRunner | None = None
    ) -> None:
        self._rules = built_in_rules() if rules is None else rules
        self._spec, self._runner = spec, runner

    @classmethod
    def open(cls, bundle: Bundle, threads: int = 1) -> Judge | None:
        """With the network of ``bundle``; None if it has none.

        Raises:
            BundleError: it is malformed or damaged.
            RuntimeUnavailable: the library that runs it is not installed.
        """
        spec = bundle.quality
        if spec is None:
            return None
        rules = parse_rules(spec.rules, f"{bundle.folder}: quality.rules")
        return cls(rules, spec, open_model(bundle.folder / spec.file, threads))

    def see(self, photo: Photo) -> dict[str, float]:
        """What the pixels tell, whatever is found in them: the part of `signals` that takes time."""
        small = photo.miniature(WORKING_SIDE)
        return pixel_signals(small, min(photo.width, photo.height)) | self._logits(small)

    def signals(
        self,
        photo: Photo,
        found: Sequence[Detection] | None = None,
        seen: Mapping[str, float] | None = None,
    ) -> dict[str, float]:
        """Everything that was measured, by name.

        Args:
            found: the regions of the photo; None where nobody looked: what needs them is not judged then.
            seen: what `see` gave for the photo, if it was asked.
        """
        laid_out = {} if found is None else layout_signals(found, (photo.width, photo.height))
        return {**(self.see(photo) if seen is None else seen), **laid_out}

    def faults(
        self,
        photo: Photo,
        found: Sequence[Detection] | None = None,
        seen: Mapping[str, float] | None = None,
    ) -> list[Fault]:
        """Every fault that can be judged, with its score; ``found`` and ``seen`` as in `signals`."""
        return faults_of(self._rules, self.signals(photo, found, seen))

    def judge(
        self,
        photo: PhotoSource,
        found: Sequence[Detection] | None = None,
        looks: bool = False,
        seen: Mapping[str, float] | None = None,
    ) -> Quality:
        """What the shopper is told.

        Args:
            photo: anything that `pocketshelf.Retriever.search` takes.
            found, seen: as in `signals`.
            looks: a whole outfit is wanted, from head to feet.

        Raises:
            PhotoError: the photo cannot be read.
        """
        return spoken(self.faults(read_photo(photo), found, seen), looks)

    def _logits(self, small: Image.Image) -> dict[str, float]:
        if self._spec is None or self._runner is None:
            return {}
        (logits,) = self._runner.run(network_input(small, self._spec.preprocessing)[None])[:1]
        if logits.shape != (1, len(self._spec.faults)):
            raise BundleError(
                f"{self._spec.file}: its output is {list(logits.shape)}, "
                f"not [1, {len(self._spec.faults)}] as its bundle says"
            )
        return {f"net_{code}": float(x) for code, x in zip(self._spec.faults, logits[0], strict=True)}


def judge(photo: PhotoSource, found: Sequence[Detection] | None = None, looks: bool = False) -> Quality:
    """`Judge.judge` by measured signals alone, without any model.

    Raises:
        PhotoError: the photo cannot be read.
    """
    return Judge().judge(photo, found, looks)
