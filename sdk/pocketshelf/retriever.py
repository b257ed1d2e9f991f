"""The facade: a store, a bundle, and one `search` that runs every stage.

retriever = Retriever.open("shelf")
for region in retriever.search("photo.jpg").regions:
    print(region.group, [hit.product_id for hit in region.hits])
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pocketshelf.answering import Answering
from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder, timed
from pocketshelf.errors import PhotoError, StoreError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.looking import Looking
from pocketshelf.reading import open_reader
from pocketshelf.recall import (
    Fallback,
    Neighbourhood,
    RecallEstimator,
    ServerFallback,
    parse_confidence,
    parse_recall,
    shelf_coverage,
)
from pocketshelf.recall.asking import Asker
from pocketshelf.recall.merging import overall
from pocketshelf.shelf import Shelf
from pocketshelf.stages.detect import Detector
from pocketshelf.stages.embed import Embedder
from pocketshelf.stages.preprocess import Photo, PhotoSource, several
from pocketshelf.stages.rerank import AttributeReranker, Reranker
from pocketshelf.stages.route import MassRouter, Router
from pocketshelf.stages.search import EXACT_LIMIT, Searcher, StoreSearcher
from pocketshelf.stages.where import Where, Wish
from pocketshelf.store import Store
from pocketshelf.store.libraries import is_library
from pocketshelf.types import Region, SearchResult, Timings

if TYPE_CHECKING:  # What a search does not need is loaded when it is asked for.
    from pocketshelf.live import LiveView
    from pocketshelf.outfit import Looks, OutfitResult, Outfitter, ProductOutfit

__all__ = ["Retriever"]

TIMEOUT_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Retriever:
    """Searches one store with one bundle; safe to share between threads. A context manager.

    Every stage is an object behind a small protocol, and can be replaced here.

    Args:
        store: an open store; `close` closes it.
        encoder: decodes, detects and embeds; its bundle must be of the store's space.
        router, searcher, reranker: see `pocketshelf.stages`.
        recall_estimator: see `pocketshelf.recall`; if None the bundle's own, if any.
        fallback: whom to ask when the estimate does not suffice, or there is none; nobody if None.
        detector, embedder: in the place of the encoder's; vectors must be of the bundle's space all the same.
        closely: look for the store's covers and cartons by local features, where it has any.
        read: settle near-ties by the words in the photo: see `pocketshelf.reading`.
        timeout_s: longest time of one search, in seconds, by the wall clock: after it nobody is waited for,
            and the local hits are the answer, whatever the server does. The stages on the device are not
            cut short; what they may cost is bounded by the photo's limits.

    Raises:
        SpaceMismatch: the store is of another space or preprocessing than the bundle.
        StoreError: the store is a library of looks.
        ValueError: ``timeout_s`` is not a number above 0. RuntimeUnavailable: ``read`` without its extra.
    """

    def __init__(
        self,
        store: Store,
        encoder: Encoder,
        router: Router | None = None,
        searcher: Searcher | None = None,
        reranker: Reranker | None = None,
        recall_estimator: RecallEstimator | None = None,
        fallback: Fallback | None = None,
        timeout_s: float = TIMEOUT_SECONDS,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
        closely: bool = True,
        read: bool = False,
    ) -> None:
        if isinstance(timeout_s, bool) or not 0 < timeout_s < math.inf:
            raise ValueError("timeout_s must be a number of seconds above 0")
        self._timeout_s = timeout_s
        self.encoder = encoder.with_stages(detector, embedder)
        self._given_searcher, self._closely = searcher, closely
        self._shelf = self._make_shelf(store)
        self._outfitter: Outfitter | None = None
        self._answering = Answering(
            router or MassRouter(),
            reranker or AttributeReranker(),
            recall_estimator or parse_recall(encoder.bundle.recall),
            parse_confidence(encoder.bundle.recall),
            Asker(fallback),
            open_reader() if read else None,
        )
        if self._answering.estimator is None and fallback is not None:
            _log.warning(
                "%s: this bundle carries no calibration of local recall, so the server is asked about "
                "everything; pocketshelf-train recall --write makes one",
                encoder.bundle.folder,
            )

    @classmethod
    def open(
        cls,
        store: str | Path,
        bundle: str | Path | Bundle | None = None,
        threads: int = 1,
        server: str | None = None,
        recall_estimator: RecallEstimator | None = None,
        fallback: Fallback | None = None,
        timeout_s: float = TIMEOUT_SECONDS,
        detector: Detector | None = None,
        embedder: Embedder | None = None,
        router: Router | None = None,
        reranker: Reranker | None = None,
        closely: bool = True,
        read: bool = False,
    ) -> Retriever:
        """Open the store at ``store`` with the models of ``bundle`` (the default bundle if None).

        Args:
            threads: how many the models may use; with more than one, stages of one's own are called from
                several threads.
            server: URL of a server to ask when the local answer does not suffice.
            timeout_s: longest time of one search, in seconds; see the class.
            detector, embedder: in the place of the bundle's, which are not loaded then.
            router, reranker: in the place of the defaults.
            closely, read: see the class.

        Raises:
            UsageError: ``server`` is no address.
            ValueError: ``timeout_s`` is not a number above 0.
            StoreError: the store is missing or damaged.
            SpaceMismatch: the store is of another space or preprocessing than the bundle.
            BundleError: the bundle is missing, malformed or damaged.
            RuntimeUnavailable: a library that is needed is not installed.
        """
        if server is not None and fallback is None:
            fallback = ServerFallback(server)
        opened = Store.open(store)
        try:
            encoder = Encoder.open(bundle, threads, detector=detector, embedder=embedder)
            return cls(
                opened,
                encoder,
                router,
                None,
                reranker,
                recall_estimator,
                fallback,
                timeout_s=timeout_s,
                closely=closely,
                read=read,
            )
        except BaseException:
            opened.close()
            raise

    @property
    def store(self) -> Store:
        """The open generation that is searched."""
        return self._shelf.store

    def reload(self) -> bool:
        """Take up the generation that a sync or a build has made current since, or the open one's new prints.

        Whether there was one. Searches that are under way end in the generation they began with. Injected
        searchers and estimators stay as they are.

        Raises:
            StoreError: the new generation cannot be opened; the old one stays in use.
            SpaceMismatch: it belongs to other models; the old one stays in use.
        """
        if self.store.is_current():
            return self.reload_features()
        fresh = Store.open(self.store.folder.path)
        try:
            self._shelf = self._make_shelf(fresh)
        except BaseException:
            fresh.close()
            raise
        # The old store closes with the last search that holds it.
        return True

    def reload_features(self) -> bool:
        """Take up the local features that a sync has brought to the open generation; whether it has."""
        before, self._shelf = self._shelf, self._shelf.looking_closely() if self._closely else self._shelf
        return self._shelf is not before

    def _make_shelf(self, store: Store) -> Shelf:
        store.require_space(self.encoder.bundle)
        if is_library(store):
            raise StoreError(
                f"{store.folder.path}: a library of looks, no shelf of products: "
                "name the shelf as --store, and this as --looks of pocketshelf outfit"
            )
        shelf = Shelf(
            store,
            self._given_searcher or StoreSearcher(store, EXACT_LIMIT),
            store.categories(),
            shelf_coverage(store),
            Neighbourhood(store.shard, store.sample),
            self.encoder.shelves,
            self.encoder.bundle.group_head,
        )
        return shelf.looking_closely() if self._closely else shelf

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def search(
        self,
        photo: PhotoSource,
        top_k: int = 10,
        category: str | Sequence[str] = "auto",
        whole: bool = False,
        fallback: bool | None = None,
        name: str | None = None,
        where: Where | None = None,
        any_way_up: bool | None = None,
    ) -> SearchResult:
        """The products in a photo.

        Args:
            photo: a path, a file's bytes, a file opened in binary mode, a PIL image, a uint8 array (h, w, 3)
                or (h, w, 4) in the order RGB (OpenCV's is BGR) or (h, w) of grey, or a `Photo`.
            top_k: hits a region, 1 to 1,000; the first of ten, where fewer are asked for.
            category: "auto" routes by the model's categories, "all" searches everything, a name only it, a
                list of names only them.
            whole: take the frame as the one region instead of detecting.
            fallback: True asks the server (or what stands in for it) in any case, False never, None when
                the local answer does not suffice.
            name: what the result calls the photo; its path by default.
            where: attribute → value, or values: only products that state one of them, as
                `pocketshelf.stages.where.fits` reads it. Those of a server, too; of one that does not tell
                attributes (`ServerFallback` asks for them), none.
            any_way_up: whether to look at the photo turned by quarters, too, where no answer is confident
                (`pocketshelf.looking`): None where it looks turned to the bundle, True in any case, False
                never. An answer of such a look is never confident.

        Raises:
            PhotoError: the photo cannot be read.
            UsageError: the store has no such category.
            StoreError: the store is damaged.
            ValueError: ``top_k`` is out of range.
            TypeError: ``photo`` is nothing that a photo may be given as, or another argument is none.
        """
        shelf = self._shelf
        wish = Wish.of(top_k, category, shelf.counts, where)
        ms, deadline = Timings(), time.monotonic() + self._timeout_s
        with timed(ms, "total"):
            looking = Looking(self.encoder, self._answering)
            look = looking.look(shelf, photo, wish, whole, any_way_up, ms)
            with timed(ms, "search"):
                # Every local answer is there before anyone is waited for.
                answers = [
                    self._answering.escalated(shelf, each, fallback, deadline) for each in look.answers
                ]
        width, height = look.size
        return SearchResult(
            photo=name or (os.fspath(photo) if isinstance(photo, str | os.PathLike) else "photo"),
            width=width,
            height=height,
            regions=tuple(look.as_it_came(self._answering.region(each)) for each in answers),
            ms=ms,
            store=shelf.store.info,
            local_recall=answers[0].recall,
            fallback=overall(answer.asked for answer in answers),
            quality=look.encoded.quality,
        )

    def search_region(
        self,
        region: EncodedRegion,
        top_k: int = 10,
        category: str | Sequence[str] = "auto",
        where: Where | None = None,
        photo: Photo | None = None,
    ) -> Region:
        """The products for a region that is embedded already: another category, without the photo.

        Nobody else is asked. The other arguments are those of `search`, and so is what is raised.

        Args:
            photo: that the region is of, if it is still there: it is looked at closely, as `search` does.
        """
        shelf = self._shelf
        wish = Wish.of(top_k, category, shelf.counts, where)
        answer = self._answering.answer(shelf, region, wish)
        if photo is not None:
            answer = self._answering.looked(shelf, answer, self._answering.sightings(shelf, photo, [answer]))
        return self._answering.region(answer)

    def search_many(
        self,
        photos: Iterable[PhotoSource],
        progress: Callable[[int, int | None], object] | None = None,
        **options: Any,
    ) -> list[SearchResult | PhotoError]:
        """`search` for each of ``photos``, in order; one that cannot be read has its error in its place.

        With several threads so many are searched side by side, each by one.

        Args:
            progress: called after each with how many are done, and of how many (None if not known).
            options: of `search`, for all of them.

        Raises:
            UsageError, StoreError, ValueError, TypeError: as `search`; ``photos`` is one photo.
        """

        def search(photo: PhotoSource) -> SearchResult | PhotoError:
            try:
                return self.search(photo, **options)
            except PhotoError as error:
                return error

        photos = several(photos)
        total = len(photos) if isinstance(photos, Sized) else None
        found: list[SearchResult | PhotoError] = []
        for result in self.encoder.workers.map(search, photos):
            found.append(result)
            if progress is not None:
                progress(len(found), total)
        return found

    def watch(
        self, frames: Iterable[PhotoSource], newest: bool = True, top_k: int = 5, **wishes: Any
    ) -> Iterator[LiveView]:
        """What a camera sees: stable regions for each frame, each thing searched once while it stands.

        Args:
            newest: frames that came during a search are dropped but for the newest; else each is looked at.
            wishes: ``category``, ``where`` and what else `pocketshelf.live.Watch` takes.

        Raises:
            PhotoError: a frame cannot be read.
        """
        from pocketshelf.live import Watch

        return Watch(self, top_k, **wishes).views(frames, newest)

    def outfit(
        self, photo: PhotoSource, top_k: int = 5, looks: Looks | None = None, **wishes: Any
    ) -> OutfitResult:
        """The products that go with a garment of ``photo``.

        Args:
            looks: a library, as `pocketshelf.outfit.Looks.open` reads it; else the head advises alone.
            wishes: ``garment``, ``partners``, ``where`` and ``name`` of
                `pocketshelf.outfit.Outfitter.outfit`; it says what is raised, too.
        """
        return self._advised_by(looks).outfit(photo, top_k, **wishes)

    def outfit_for_product(
        self, product_id: str, top_k: int = 5, looks: Looks | None = None, **wishes: Any
    ) -> ProductOutfit:
        """The products that go with one of the store's own, from what the store holds: no model is run.

        See `pocketshelf.outfit.Outfitter.for_product`, which takes ``wishes`` and says what is raised.
        """
        return self._advised_by(looks).for_product(product_id, top_k, **wishes)

    def _advised_by(self, looks: Looks | None) -> Outfitter:
        from pocketshelf.outfit import Outfitter

        shelf, known = self._shelf, self._outfitter
        if known is None or known.store is not shelf.store or known.looks is not looks:
            known = self._outfitter = Outfitter(self.encoder, shelf.store, looks, shelves=shelf.shelves)
        return known
