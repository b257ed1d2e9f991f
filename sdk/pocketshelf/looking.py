"""A photo looked at and answered by a shelf: as it came, closely, as one thing, and turned where nobody knows
the way up.

A detector that is not sure takes one thing apart: a bottle and its box, a cap, the toe of a shoe. Where it is
sure of no box, the boxes lie all over the photo, and no answer is trusted, the frame is asked about as one
thing, too, and stands first if its first product is nearer than that of every box (docs/detection.md).

Shops show things upright, and networks know them so: of a photo turned by a quarter half as many garments are
found (docs/turned.md), as of a carton held askew or a shirt photographed from the foot of the bed. So where a
look leaves nothing trusted, and its own vector looks like that of something turned
(`pocketshelf.formats.turned_head`), it is taken again at the photo turned back; who wishes has it taken at
all turns. The look whose first product is nearest counts, if it is nearer by some than the upright one's and
not said to be absent: a photo of what the shop lacks stays as it came; and so does one with a box that the
detector is sure of where the turned one has none: an outfit's garments are not given away for one frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pocketshelf.answering import Answer, Answering
from pocketshelf.closely import unclaimed
from pocketshelf.encoded import FRAME, EncodedPhoto
from pocketshelf.encoder import Encoder, timed
from pocketshelf.shelf import Shelf
from pocketshelf.stages.detect import around, prominence
from pocketshelf.stages.preprocess import PhotoSource
from pocketshelf.stages.where import Wish
from pocketshelf.types import Box, Region, Timings

__all__ = ["AHEAD", "ALL_TURNS", "SURE", "WIDE", "Look", "Looking", "best_of", "share_around"]

# Cosine by which a turned look must be ahead of the upright one: chosen on val (docs/turned.md).
AHEAD = 0.06
# A box of this score, or more, is a thing of its own: chosen on val (docs/detection.md).
SURE = 0.7
# Where boxes that may be parts lie, all together, in less of the photo than this share, the rest is ground
# that something else is like: chosen on val (docs/detection.md).
WIDE = 0.4
ALL_TURNS = (1, 2, 3)


@dataclass(frozen=True)
class Look:
    """What a photo showed, and the shelf's answers to it, most prominent region first.

    Attributes:
        quarters: by so many quarter turns, anticlockwise, the photo was turned for it.
    """

    encoded: EncodedPhoto
    answers: Sequence[Answer]
    quarters: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the photo as it came."""
        width, height = self.encoded.photo.width, self.encoded.photo.height
        return (width, height) if self.quarters % 2 == 0 else (height, width)

    @property
    def lead(self) -> float:
        """The score of the most prominent region's first product; lowest where there is none."""
        return _lead(self.answers[0]) if self.answers else -1.0

    @property
    def has_box(self) -> bool:
        """Whether the detector found anything in it."""
        return any(answer.region.detection.group != FRAME for answer in self.answers)

    @property
    def is_sure(self) -> bool:
        """Whether the detector is sure of a box in it."""
        found = [answer.region.detection for answer in self.answers]
        return any(each.group != FRAME and each.score >= SURE for each in found)

    def as_it_came(self, region: Region) -> Region:
        """A region of the look, its box in the photo as it came."""
        return replace(region, box=_before(region.box, self.size, self.quarters)) if self.quarters else region


@dataclass(frozen=True)
class Looking:
    """How a photo is looked at: the same for every shelf."""

    encoder: Encoder
    answering: Answering

    def look(
        self, shelf: Shelf, photo: PhotoSource, wish: Wish, whole: bool, any_way_up: bool | None, ms: Timings
    ) -> Look:
        """A photo's regions and the shelf's own answers, settled: see `Retriever.search`.

        Raises:
            PhotoError, StoreError, TypeError: as there.
        """
        alone = shelf.closely is None and self.answering.reader is None
        upright = Look(self.encoder.encode(photo, whole, ms, alone), [])
        with timed(ms, "search"):
            looked = self._looked(shelf, self._answered(shelf, upright, wish), wish)
            found = self._settled(shelf, looked)
        if self._takes_apart(found):
            found = self._as_one(shelf, found, wish, ms)
        wanted = self._turns(found, any_way_up)
        looks = [self._turned(shelf, found, quarters, wish, whole, ms) for quarters in wanted]
        turns = [look for look in looks if self._may_count(look, found)]
        best = best_of(found.lead, [look.lead for look in turns])
        if best is None:
            return found
        limited = [self.answering.limited(answer, found.answers) for answer in turns[best].answers]
        with timed(ms, "search"):
            return self._settled(shelf, replace(turns[best], answers=limited))

    def _turns(self, look: Look, any_way_up: bool | None) -> tuple[int, ...]:
        """By how many quarters the photo is to be looked at turned: none where something is trusted."""
        head = self.encoder.bundle.turned_head if any_way_up is None and look.answers else None
        if not (head or any_way_up) or any(map(self.answering.is_trusted, look.answers)):
            return ()
        return ALL_TURNS if head is None else head.turns(look.answers[0].region.embedding.vector)

    def _may_count(self, turned: Look, upright: Look) -> bool:
        """Whether a turned look finds anything, and does not lose a box that is sure for a frame alone."""
        if not turned.answers or self.answering.is_absent(turned.answers[0]):
            return False
        return turned.has_box or not upright.is_sure

    def _answered(self, shelf: Shelf, look: Look, wish: Wish) -> Look:
        return replace(look, answers=[self.answering.answer(shelf, r, wish) for r in look.encoded.regions])

    def _settled(self, shelf: Shelf, look: Look) -> Look:
        return replace(look, answers=self.answering.settled(shelf, look.encoded.photo, look.answers))

    def _takes_apart(self, look: Look) -> bool:
        """Whether the boxes may be parts of one thing, which fills the photo.

        None is sure, trusted, a print, or told by words.
        """
        found = [answer.region.detection for answer in look.answers]
        if any(each.group == FRAME or each.score >= SURE for each in found):
            return False
        is_wide = share_around([each.box for each in found], look.size) >= WIDE
        return is_wide and not any(map(self._is_known, look.answers))

    def _is_known(self, answer: Answer) -> bool:
        read = bool(answer.hits and answer.hits[0].read)
        return read or answer.confirmed or self.answering.is_trusted(answer)

    def _as_one(self, shelf: Shelf, boxes: Look, wish: Wish, ms: Timings) -> Look:
        """The frame before the boxes, no surer of itself than they are, if its first product is nearer."""
        encoded = self.encoder.encode(boxes.encoded.photo, True, ms)
        with timed(ms, "search"):
            one = self._settled(shelf, self._answered(shelf, replace(boxes, encoded=encoded), wish))
        if one.lead <= max(map(_lead, boxes.answers)):
            return boxes
        limited = [self.answering.limited(answer, boxes.answers) for answer in one.answers]
        return replace(boxes, answers=[*limited, *boxes.answers])

    def _turned(
        self, shelf: Shelf, upright: Look, quarters: int, wish: Wish, whole: bool, ms: Timings
    ) -> Look:
        """The photo turned; a print would have been found upright, since local features know no way up."""
        encoded = self.encoder.encode(upright.encoded.photo.turned(quarters), whole, ms)
        with timed(ms, "search"):
            return self._answered(shelf, Look(encoded, [], quarters), wish)

    def _looked(self, shelf: Shelf, look: Look, wish: Wish) -> Look:
        """After a close look at the whole photo, where the shelf has prints.

        A print that no box claims gets a region of its own.
        """
        photo, local = look.encoded.photo, list(look.answers)
        seen = self.answering.sightings(shelf, photo, local)
        if not seen:
            return look
        own = unclaimed(seen, [answer.region.detection.box for answer in local], look.size)
        regions = [self.encoder.encode_print(photo, box) for box in own]
        local += [self.answering.answer(shelf, region, wish) for region in regions]
        looked = [self.answering.looked(shelf, answer, seen) for answer in local]
        if any(answer.confirmed for answer in looked):
            # What is certain stands out more than what the detector takes for something.
            looked.sort(key=lambda answer: -prominence(answer.seen_as, look.size))
        return replace(look, answers=looked)


def share_around(boxes: Sequence[Box], size: tuple[int, int]) -> float:
    """Of a photo of ``size`` (width, height), the share within the rectangle around all boxes; 0 for none."""
    if not boxes:
        return 0.0
    _, _, width, height = around(boxes)
    return width * height / (size[0] * size[1])


def best_of(upright: float, turned: Sequence[float], ahead: float = AHEAD) -> int | None:
    """Which of the turned looks counts, by the scores of their first products; None: the upright one does."""
    ahead_of = [number for number, lead in enumerate(turned) if lead > upright + ahead]
    return max(ahead_of, key=turned.__getitem__, default=None)


def _lead(answer: Answer) -> float:
    return answer.hits[0].score if answer.hits else -1.0


def _before(box: Box, size: tuple[int, int], quarters: int) -> Box:
    """A box of a turned photo in the photo as it came, whose ``size`` is (width, height)."""
    for turn in range(quarters, 0, -1):
        across = size[(turn - 1) % 2]  # The width before this turn.
        x, y, width, height = box
        box = across - y - height, x, height, width
    return box
