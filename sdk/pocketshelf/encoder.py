"""From a photo to its regions, each with a query vector: decode, detect, embed."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.encoded import FRAME, EncodedPhoto, EncodedRegion, moved
from pocketshelf.errors import BundleError, PhotoError
from pocketshelf.formats.bundle import AttributeSpec, Bundle, load_bundle
from pocketshelf.formats.enrolment import enroller
from pocketshelf.quality import Judge
from pocketshelf.quality.signals import WORKING_SIDE as JUDGED
from pocketshelf.runtime import open_model
from pocketshelf.runtime.workers import Workers
from pocketshelf.stages.afar import look_again
from pocketshelf.stages.colours import looked_at
from pocketshelf.stages.detect import Detector, NetworkDetector, select_regions
from pocketshelf.stages.embed import Embedder, Embedding, NetworkEmbedder, blend
from pocketshelf.stages.light import Light
from pocketshelf.stages.outfit import Shelves, frame_share
from pocketshelf.stages.preprocess import Photo, PhotoSource, read_photo
from pocketshelf.stages.screenshot import shown_in
from pocketshelf.types import Box, Detection, Quality, Region, SearchResult, Timings

__all__ = ["Encoder"]


class Encoder:
    """Decode, detect and embed with the models of one bundle; safe to share between threads.

    Args:
        bundle: describes the models.
        embedder, detector: the stages; without a detector every photo is one region, the frame.
        threads: how many of its own work side by side: with more than one, several regions of a photo are
            embedded at once, and the photo is judged meanwhile. Stages of one's own are then called from
            several threads.
    """

    def __init__(
        self, bundle: Bundle, embedder: Embedder, detector: Detector | None = None, threads: int = 1
    ) -> None:
        self.bundle = bundle
        self._threads = threads
        self.workers = Workers(threads)
        self._embedder = embedder
        self._detector = detector

    @classmethod
    def open(
        cls,
        bundle: str | Path | Bundle | None = None,
        threads: int = 1,
        detects: bool = True,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
    ) -> Encoder:
        """Load the models of ``bundle`` (its folder; the default bundle if None).

        Args:
            detects: load the detector, too, if there is one.
            detector, embedder: used in place of the bundle's, which is not loaded.

        Raises:
            BundleError: the bundle is missing, malformed or damaged.
            RuntimeUnavailable: the library that runs its models is not installed.
        """
        if not isinstance(bundle, Bundle):
            bundle = load_bundle(bundle)
        if embedder is None:
            embedder = NetworkEmbedder(bundle.embedder, open_model(bundle.embedder_path, threads))
        if detector is None and detects and bundle.detector is not None and bundle.detector_path is not None:
            detector = NetworkDetector(bundle.detector, open_model(bundle.detector_path, threads))
        return cls(bundle, embedder, detector, threads)

    def with_stages(self, detector: Detector | None = None, embedder: Embedder | None = None) -> Encoder:
        """Itself, or where any is given the same with these in the place of its own."""
        if detector is None and embedder is None:
            return self  # Of whatever class it is.
        return Encoder(self.bundle, embedder or self._embedder, detector or self._detector, self._threads)

    def encode(
        self, source: PhotoSource, whole: bool = False, ms: Timings | None = None, alone: bool = False
    ) -> EncodedPhoto:
        """Find the photo's regions and embed each.

        Args:
            source: a path, bytes, an open file, a PIL image, an array in RGB or a decoded photo: see
                `pocketshelf.stages.preprocess.read_photo`.
            whole: one region, the frame, without a look at what is in it.
            ms: receives the stages' times.
            alone: nobody looks at the photo after it, so that a JPEG is decoded to no more than ``whole``
                takes.

        Raises:
            PhotoError: the photo cannot be read.
            TypeError: ``source`` is nothing that a photo may be given as.
        """
        ms = Timings() if ms is None else ms
        photo = self._decode(source, ms, self.least if whole and alone else None)
        return self._encode_asked(photo, whole, ms)

    def _encode_asked(self, photo: Photo, whole: bool, ms: Timings) -> EncodedPhoto:
        """What a shopper asks with: of a screenshot the picture in it, its boxes in the screenshot."""
        with timed(ms, "decode"):
            shown, begins = shown_in(photo)
        encoded = self._encode(shown, whole, ms, judged=True)
        if shown is photo:
            return encoded
        regions = tuple(region.moved(begins) for region in encoded.regions)
        return replace(encoded, photo=photo, regions=regions)

    def _encode(self, photo: Photo, whole: bool, ms: Timings, judged: bool) -> EncodedPhoto:
        looks = not whole and self._detector is not None
        frame = self._ahead(photo) if looks else None
        judging = self._judging(photo) if judged else None
        with timed(ms, "detect"), self.workers.busy(0 if frame is None else 1):
            found = self._regions(photo, whole)
        with timed(ms, "embed"):
            regions = self._embed(photo, found, frame=frame)
        quality = judging and judging(found if looks else None)
        return EncodedPhoto(photo, regions, quality)

    def _ahead(self, photo: Photo) -> Callable[[], Embedding] | None:
        """Begin to embed the frame while the detector looks; None with one thread, or where it never counts.

        Most photos want it: those of one thing, and those of nothing that the detector knows.
        """
        if self.workers.alone or self.bundle.detector is None or not self.bundle.detector.frame_weight:
            return None
        return self.workers.start(self._embedded, photo)

    @functools.cached_property
    def judge(self) -> Judge | None:
        """Judges photos by the bundle's network; None if it has none. Loaded when first asked for.

        Raises:
            BundleError: the network is malformed or damaged.
            RuntimeUnavailable: the library that runs it is not installed.
        """
        return Judge.open(self.bundle, self._threads)

    def _judging(self, photo: Photo) -> Callable[[Sequence[Detection] | None], Quality] | None:
        """Begin to judge; what is returned takes what was found. None where there is nothing to judge by."""
        judge = self.judge
        if judge is None:
            return None
        seen = self.workers.start(judge.see, photo)
        return lambda found: judge.judge(photo, found, seen=seen())

    def embed(self, source: PhotoSource, box: Box | None = None) -> np.ndarray:
        """The vector (d,) of a photo's frame, or of ``box`` in it, without a look at what is there.

        Raises:
            PhotoError: the photo cannot be read, or the box lies outside it.
            BundleError: the network's outputs are not those its bundle describes.
        """
        photo = self._decode(source, Timings())
        if box is not None and not _overlaps(box, photo):
            raise PhotoError(f"photo: the box lies outside its {photo.width} x {photo.height} pixels")
        return self._directed(self._embedded(photo, box).vector)

    def enrol(self, source: PhotoSource, whole: bool = True) -> np.ndarray:
        """The vector (d,) of a picture as a gallery takes it: adjusted, if the bundle has an enrolment.

        Args:
            whole: of the whole picture, as a shop shows it; else of the most prominent thing in it.

        Raises:
            PhotoError, BundleError: as `embed`.
        """
        ms = Timings()
        encoded = self._encode(self._decode(source, ms), whole, ms, judged=False)
        return self._enroller(self._directed(encoded.regions[0].embedding.vector)[None])[0]

    def _directed(self, vector: np.ndarray) -> np.ndarray:
        if not np.isfinite(vector).all() or not vector.any():
            raise BundleError(f"{self.bundle.folder}: the embedder gave a vector without direction")
        return vector

    @functools.cached_property
    def _enroller(self) -> Callable[[np.ndarray], np.ndarray]:
        """Read at the first picture: a search needs none."""
        return enroller(self.bundle)

    def detect(self, source: PhotoSource, name: str = "photo") -> SearchResult:
        """All boxes of a photo, best score first; those that `search` takes have categories and attributes.

        Raises:
            PhotoError: the photo cannot be read.
            BundleError: the bundle has no detector.
        """
        if self._detector is None:
            raise BundleError(f"{self.bundle.folder}: this bundle has no detector")
        ms = Timings()
        with timed(ms, "total"):
            photo = self._decode(source, ms)
            with timed(ms, "decode"):
                shown, begins = shown_in(photo)
            judging = self._judging(shown)
            with timed(ms, "detect"):
                found, selected = self.boxes(shown, weak=0.0, again=True)
            with timed(ms, "embed"):
                known = {region.detection: region.to_region() for region in self._embed(shown, selected)}
            quality = judging and judging(selected)
        seen = (known.get(d) or Region(d.box, d.group, d.score) for d in found)
        regions = tuple(replace(region, box=moved(region.box, begins)) for region in seen)
        return SearchResult(name, photo.width, photo.height, regions, ms, quality=quality)

    def boxes(
        self, photo: Photo, weak: float = 1.0, again: bool = False
    ) -> tuple[list[Detection], list[Detection]]:
        """What the detector sees in a frame, nothing without one.

        Args:
            weak: share of the bundle's threshold from which on a box is among the first.
            again: a second look at somebody far away (`pocketshelf.stages.afar`), as a search has it.

        Returns:
            all that may be something, best score first; what a search looks at, most prominent first.
        """
        found = [] if self._detector is None else self._detector.detect(photo)
        if again and self._detector is not None:
            found = look_again(self._detector, photo, found)
        chosen = select_regions(found, (photo.width, photo.height), self._threshold)
        return [box for box in found if box.score >= weak * self._threshold], chosen

    def encode_boxes(
        self, photo: Photo, boxes: list[Detection], wanted: list[Detection]
    ) -> tuple[EncodedRegion, ...]:
        """The regions of ``wanted``, some of the photo's ``boxes``: all of them decide what its frame counts.

        Raises:
            BundleError: the network's outputs are not those its bundle describes.
        """
        return self._embed(photo, boxes, wanted)

    def encode_print(self, photo: Photo, box: Box) -> EncodedRegion:
        """The region of a flat thing that was found in ``photo`` without the detector.

        Raises:
            BundleError: the network's outputs are not those its bundle describes.
        """
        light, pixels = Light(looked_at(photo)), looked_at(photo, box)
        return EncodedRegion(
            Detection(box, FRAME, 1.0), self._embedded(photo, box), self._heads, pixels, light
        )

    def _decode(self, source: PhotoSource, ms: Timings, least: int | None = None) -> Photo:
        with timed(ms, "decode"):
            return read_photo(source, least=least)

    @property
    def least(self) -> int | None:
        """The shorter side that the frame needs, to be embedded and judged; None where nobody knows."""
        embedder = self._embedder
        return max(embedder.least, JUDGED) if isinstance(embedder, NetworkEmbedder) else None

    def _regions(self, photo: Photo, whole: bool) -> list[Detection]:
        frame: Box = (0.0, 0.0, float(photo.width), float(photo.height))
        if whole or self._detector is None:
            return [Detection(frame, FRAME, 1.0)]
        return self.boxes(photo, again=True)[1] or [Detection(frame, FRAME, 0.0)]

    @property
    def _threshold(self) -> float:
        """From which score on a box is a region."""
        return self.bundle.detector.score_threshold if self.bundle.detector else 0.0

    def _embed(
        self,
        photo: Photo,
        found: list[Detection],
        wanted: list[Detection] | None = None,
        frame: Callable[[], Embedding] | None = None,
    ) -> tuple[EncodedRegion, ...]:
        chosen = found if wanted is None else wanted
        weights = [self._frame_weight(photo, detection, found) for detection in chosen]
        # Several regions may want the frame: it is embedded once, and only if one does.
        looks: list[Box | None] = [None] if any(weights) and frame is None else []
        looks += {each.box: 0 for each, weight in zip(chosen, weights, strict=True) if weight < 1.0}
        embedded = self.workers.share(functools.partial(self._embedded, photo), looks)
        vectors = dict(zip(looks, embedded, strict=True))
        if any(weights) and frame is not None:
            vectors[None] = frame()
        light = Light(looked_at(photo))
        regions = []
        for detection, weight in zip(chosen, weights, strict=True):
            embedding = vectors[None if weight == 1.0 else detection.box]
            if 0.0 < weight < 1.0:
                embedding = blend(embedding, vectors[None], weight)
            weighed, pixels = self._weighed(detection, embedding), looked_at(photo, detection.box)
            regions.append(EncodedRegion(detection, weighed, self._heads, pixels, light))
        return tuple(regions)

    def _embedded(self, photo: Photo, box: Box | None = None) -> Embedding:
        embedding, dimension = self._embedder.embed(photo, box), self.bundle.embedder.dimension
        if np.shape(embedding.vector) != (dimension,):
            raise BundleError(
                f"the embedder's vector has the shape {list(np.shape(embedding.vector))}, that of the bundle "
                f"{self.bundle.name!r} is [{dimension}]; name another space and dimension in the bundle"
            )
        return embedding

    def _frame_weight(self, photo: Photo, detection: Detection, found: list[Detection]) -> float:
        """What the frame weighs in a region's query beside its crop."""
        if detection.group == FRAME or self.bundle.detector is None:
            return 1.0
        weight = self.bundle.detector.frame_weight.get(detection.group, 0.0)
        others = [other.box for other in found if other is not detection]
        return weight and weight * frame_share(detection.box, others, (photo.width, photo.height))

    def _weighed(self, detection: Detection, embedding: Embedding) -> Embedding:
        return replace(embedding, categories=self.shelves.weighed(detection, embedding.categories))

    @functools.cached_property
    def shelves(self) -> Shelves:
        """Which categories belong to which of the detector's groups."""
        return Shelves(self.bundle.detector.categories if self.bundle.detector else {})

    @property
    def _heads(self) -> Mapping[str, AttributeSpec]:
        return self.bundle.embedder.attributes


def _overlaps(box: Box, photo: Photo) -> bool:
    x, y, width, height = box
    return x < photo.width and y < photo.height and x + width > 0 and y + height > 0


@contextmanager
def timed(ms: Timings, stage: str) -> Iterator[None]:
    """Add the block's wall time to a stage of ``ms``."""
    started = time.perf_counter()
    try:
        yield
    finally:
        setattr(ms, stage, getattr(ms, stage) + 1000 * (time.perf_counter() - started))
