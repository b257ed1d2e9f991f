"""From an embedded region to its answer: routed, searched, re-ranked, judged; a server asked where due."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pocketshelf.closely import NEAREST, SURE, SURE_INLIERS, Sighting, lifted, of_region
from pocketshelf.encoded import EncodedRegion
from pocketshelf.reading import Reader, is_in_doubt, reordered, words_in
from pocketshelf.recall import Found, RecallEstimator, Signals
from pocketshelf.recall.asking import Asker
from pocketshelf.recall.merging import merged
from pocketshelf.recall.model import RecallModel
from pocketshelf.shelf import Shelf
from pocketshelf.stages.colours import by_colour, fallen
from pocketshelf.stages.preprocess import Photo
from pocketshelf.stages.rerank import Reranker
from pocketshelf.stages.route import MassRouter, Router, filled
from pocketshelf.stages.where import Wish, fits
from pocketshelf.types import Detection, FallbackState, Hit, Region

__all__ = ["Answer", "Answering"]

# Re-ranking may lift a product from below the cut: so many times the wanted hits enter it.
RERANK_DEPTH = 3
# So many enter at least where colours count, that what stands first does not depend on how many are wanted.
COLOUR_DEPTH = 30
# Cosine by which a product of an unlikely category must be ahead of the likely ones: docs/universal.md.
AHEAD = 0.05
# Where these hold more products, they are not looked at.
ELSEWHERE = 20_000


@dataclass(frozen=True)
class Answer:
    """One region's answer.

    Attributes:
        asked: what came of the fallback.
        seen: what a close look found in it.
        words: what was read in it.
        at_most: its confidence is no higher; None: whatever it is.
    """

    region: EncodedRegion
    hits: list[Hit]
    signals: Signals
    recall: float | None
    wish: Wish
    asked: FallbackState = False
    seen: tuple[Sighting, ...] = ()
    words: tuple[str, ...] = ()
    at_most: float | None = None

    @property
    def confirmed(self) -> bool:
        """Whether the first hit's picture lies in the photo."""
        return bool(self.hits) and self.hits[0].inliers is not None

    @property
    def is_sure(self) -> bool:
        """Whether it is confirmed by so many inliers that no variant of it is taken for it."""
        return bool(self.hits) and (self.hits[0].inliers or 0) >= SURE_INLIERS

    @property
    def seen_as(self) -> Detection:
        """The region's box; the print's own, and certain, where one is confirmed."""
        if not self.confirmed:
            return self.region.detection
        first = next(each for each in self.seen if each.product_id == self.hits[0].product_id)
        low, high = first.corners.min(axis=0), first.corners.max(axis=0)
        width, height = map(float, high - low)
        box = float(low[0]), float(low[1]), width, height
        return Detection(box, self.region.detection.group, 1.0)


@dataclass(frozen=True)
class Answering:
    """How a region is answered: the same for every shelf and photo.

    Attributes:
        estimator, confidence: None where the bundle carries no calibration.
        asker: asks when the local answer does not suffice.
        reader: None where photos are not read.
    """

    router: Router
    reranker: Reranker
    estimator: RecallEstimator | None
    confidence: RecallModel | None
    asker: Asker
    reader: Reader | None = None

    def answer(self, shelf: Shelf, region: EncodedRegion, wish: Wish) -> Answer:
        """What the shelf itself holds."""
        hits = self._routed_hits(shelf, region, wish)
        if wish.where and wish.is_open and len(hits) < wish.depth:
            # The likely categories hold too few of what is wanted.
            hits = self._local_hits(shelf, region, list(shelf.counts), wish)
        signals = shelf.signals(region, hits)
        recall = None if self.estimator is None else self.estimator.estimate(signals)
        return Answer(region, hits, signals, recall, wish)

    def sightings(self, shelf: Shelf, photo: Photo, answers: Sequence[Answer]) -> list[Sighting]:
        """The shelf's prints that the photo shows; none where it has none, or is not looked at.

        A photo whose every answer is confident already is not: that is most of a photo's time, and would
        change next to nothing.
        """
        if shelf.closely is None or (answers and all(map(self.is_confident, answers))):
            return []
        nearest = [hit.product_id for answer in answers for hit in answer.hits[:NEAREST]]
        return shelf.closely.sightings(photo, nearest)

    def looked(self, shelf: Shelf, answer: Answer, sightings: Sequence[Sighting]) -> Answer:
        """The answer after a close look at the photo, of which ``sightings`` came."""
        seen = of_region(sightings, answer.region.detection.box)
        if not seen:
            return answer
        answer = replace(answer, seen=tuple(seen))
        answer = replace(answer, hits=self._lifted(shelf, answer, answer.hits))
        if answer.confirmed and not answer.is_sure:
            # Seen, but with few inliers: what stands first now is judged like any other.
            return replace(answer, signals=shelf.signals(answer.region, answer.hits))
        sure = SURE if answer.recall is None else max(SURE, answer.recall)
        return replace(answer, recall=sure) if answer.is_sure else answer

    def settled(self, shelf: Shelf, photo: Photo, answers: Sequence[Answer]) -> list[Answer]:
        """The answers after the photo was read, where words could change what stands first in any of them.

        What stands first then is judged like any other.

        Raises:
            RuntimeUnavailable: the reader does not load.
        """
        doubted = [self.reader is not None and self._is_in_doubt(answer) for answer in answers]
        if self.reader is None or not any(doubted):
            return list(answers)
        lines, size = self.reader.read(photo.pixels), (photo.width, photo.height)
        found = []
        for answer, is_doubted in zip(answers, doubted, strict=True):
            words = words_in(lines, answer.region.detection.box, size) if is_doubted else []
            found.append(self._settled(shelf, answer, words) if words else answer)
        return found

    def _settled(self, shelf: Shelf, answer: Answer, words: Sequence[str]) -> Answer:
        hits = reordered(answer.hits, words)
        signals = shelf.signals(answer.region, hits)
        return replace(answer, hits=hits, signals=signals, words=tuple(words))

    def _is_in_doubt(self, answer: Answer) -> bool:
        return not answer.confirmed and not self.is_confident(answer) and is_in_doubt(answer.hits)

    def _lifted(self, shelf: Shelf, answer: Answer, hits: Sequence[Hit]) -> list[Hit]:
        wish, vector = answer.wish, answer.region.embedding.vector

        def find(product_id: str) -> Hit | None:
            hit = shelf.known(product_id, vector)
            wished = hit is not None and (not wish.categories or hit.category in wish.categories)
            return hit if wished and hit is not None and fits(hit.attributes, wish.where) else None

        return lifted(hits, answer.seen, wish.depth, find)

    def escalated(self, shelf: Shelf, answer: Answer, ask: bool | None, deadline: float) -> Answer:
        """The answer with the server's hits, where it is to be asked and there is time left."""
        if not self.asker.has_whom or not self._escalates(answer, ask):
            self.asker.pass_by()
            return answer
        vector, space, wish = answer.region.embedding.vector, shelf.store.meta.space, answer.wish
        left = deadline - time.monotonic()
        asked, found = self.asker.ask(left, vector, space, wish.categories, wish.k, answer.recall)
        if not found:
            return replace(answer, asked=asked)
        told = found.catalogue if isinstance(found, Found) else None
        found = [hit for hit in found if fits(hit.attributes, wish.where)]
        found = self._placed(shelf, answer.region, found)
        if shelf.has_palettes and answer.region.colours is not None:
            found = fallen(found, answer.region.colours, among=answer.hits)
        hits = merged(answer.hits, found, wish.depth)
        hits = self._lifted(shelf, answer, hits)
        if answer.words:
            hits = reordered(hits, answer.words)
        return replace(answer, asked=asked, hits=hits, signals=shelf.signals(answer.region, hits, told))

    def is_confident(self, answer: Answer) -> bool:
        """Whether the first hit is trusted as it is; never where the bundle carries no calibration."""
        return bool(self._judged(answer).get("confident"))

    def is_trusted(self, answer: Answer) -> bool:
        """Whether it is confident, or confirmed by so much of a print that it is sure."""
        return answer.is_sure or self.is_confident(answer)

    def is_absent(self, answer: Answer) -> bool:
        """Whether the shelf has nothing like it, as far as the bundle tells."""
        return bool(self._judged(answer).get("absent"))

    def limited(self, answer: Answer, others: Sequence[Answer]) -> Answer:
        """``answer``, no surer of its first hit than the surest of ``others``, given to the same question.

        Of several tries the best is found: what is known of one says nothing of it.
        """
        confidence = [self._judged(other).get("confidence") for other in others]
        recall = [each.recall for each in (answer, *others)]
        return replace(
            answer,
            at_most=max((each for each in confidence if each is not None), default=None),
            recall=None if None in recall else min(each for each in recall if each is not None),
        )

    def region(self, answer: Answer) -> Region:
        """The typed result."""
        judged = self._judged(answer)
        if answer.is_sure:
            surely = max(SURE, judged.get("confidence", 0.0))
            judged = {"confidence": surely, "confident": True, "absent": False}
        return answer.region.to_region(hits=tuple(answer.hits[: answer.wish.k]), **judged)

    def _escalates(self, answer: Answer, ask: bool | None) -> bool:
        recall = answer.recall
        if ask is not None or answer.is_sure:
            return bool(ask)
        return self.estimator is None or recall is None or not self.estimator.suffices(recall)

    def _judged(self, answer: Answer) -> dict[str, Any]:
        """The region's confidence in its first hit, wherever that is from."""
        if self.confidence is None:
            return {}
        found = bool(answer.signals.scores)
        own = self.confidence.estimate(answer.signals) if found else 0.0
        confidence = own if answer.at_most is None else min(own, answer.at_most)
        return {
            "confidence": confidence,
            "confident": found and self.confidence.suffices(confidence),
            # By its own look: that another way of looking found nothing does not make this one's hits absent.
            "absent": self.confidence.says_absent(own),
        }

    def _categories(self, shelf: Shelf, region: EncodedRegion, wish: Wish) -> list[str]:
        if wish.is_open and not wish.everything:
            likely = region.embedding.categories
            return filled(self.router.route(likely, shelf.counts), likely, shelf.counts, wish.depth)
        return list(wish.categories or shelf.counts)

    def _routed_hits(self, shelf: Shelf, region: EncodedRegion, wish: Wish) -> list[Hit]:
        """Those of the likely categories; of all, where a much better product lies in another.

        A shop's names may mean something else than the model's. Where the others hold so many products that
        a look at them costs more than it may bring, they are left out; a router of one's own decides alone.
        """
        categories = self._categories(shelf, region, wish)
        hits = self._local_hits(shelf, region, categories, wish)
        likely = set(categories)
        others = [name for name in shelf.counts if name not in likely] if wish.is_open else []
        if not others or not isinstance(self.router, MassRouter):
            return hits
        if sum(shelf.counts[name] for name in others) > ELSEWHERE:
            return hits
        best = self._local_hits(shelf, region, others, replace(wish, k=1))
        if best and (not hits or best[0].score > hits[0].score + AHEAD):
            return self._local_hits(shelf, region, list(shelf.counts), wish)
        return hits

    def _local_hits(
        self, shelf: Shelf, region: EncodedRegion, categories: list[str], wish: Wish
    ) -> list[Hit]:
        attributes = region.attribute_probabilities
        grouped = region.detection.group in shelf.named.names
        colours = region.colours if shelf.has_palettes else None
        reranked = attributes or grouped or colours is not None
        depth = RERANK_DEPTH * wish.depth if reranked else wish.depth
        depth = depth if colours is None else max(depth, COLOUR_DEPTH)
        hits = self._placed(
            shelf, region, shelf.nearest(region.embedding.vector, categories, depth, wish.where)
        )
        if colours is not None:
            # The detector's group and the categories say which kind of thing it is; no colour against them.
            kinds = [shelf.shelves.owners(hit.category) for hit in hits] if grouped else []
            hits = by_colour(hits, colours, kinds)
        return (self.reranker.rerank(attributes, hits) if attributes else hits)[: wish.depth]

    def _placed(self, shelf: Shelf, region: EncodedRegion, hits: Iterable[Hit]) -> list[Hit]:
        """The hits, best first, those fallen that are of another group than the box: `Shelves.fall`."""
        detection = region.detection
        if detection.group not in shelf.named.names:
            # Nothing falls: a search of whole photos need not look at what the categories hold.
            return sorted(hits, key=lambda hit: -hit.score)
        shelves, found = shelf.shelves, list(hits)
        placed = [
            replace(hit, score=hit.score - shelves.fall(detection, hit.category, look))
            for hit, look in zip(found, shelf.looks(found, detection.group), strict=True)
        ]
        return sorted(placed, key=lambda hit: -hit.score)
