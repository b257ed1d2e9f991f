"""The desk that finds: photos and vectors in, documents out; see the room's description."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError, StoreError, UsageError
from pocketshelf.kiosk.desk.again import asked_again
from pocketshelf.kiosk.desk.barcodes import can_read, keys_of, read_barcodes
from pocketshelf.kiosk.desk.facets import Facets, read_facets
from pocketshelf.kiosk.desk.films import Films, live_line
from pocketshelf.kiosk.desk.lines import Lines, region_box
from pocketshelf.kiosk.desk.opening import is_news, open_usable, standing_at
from pocketshelf.kiosk.desk.products import ProductPages
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.outfit import Looks
from pocketshelf.recall import ServerFallback
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import read_photo
from pocketshelf.store import Store
from pocketshelf.types import Detection

__all__ = ["Finder"]

# A shopper waits for the server's answer no longer than this; the local one is the answer then.
TIMEOUT_SECONDS = 3.0
log = logging.getLogger("pocketshelf.kiosk")


class Finder:
    """Serves the orders of the room's description.

    Args:
        store: the shelf's folder.
        bundle: the models' folder, or a shipped one's name; the default bundle if None.
        threads: for the models.
        server: whom to ask with a vector when the local answer does not suffice; nobody if None.
        pictures: whether there is a folder of the shop's pictures.
        looks: a library of looks, if there is one. look_pictures: whether there is a folder of its photos.
        any_way_up: see `Retriever.search`.
        served: secret of the addresses of the server's pictures, see `served_key`.

    Raises:
        StoreError, BundleError, RuntimeUnavailable: it cannot be opened.
    """

    def __init__(
        self,
        store: str,
        bundle: str | None = None,
        threads: int = 1,
        server: str | None = None,
        pictures: bool = False,
        looks: str | None = None,
        look_pictures: bool = False,
        any_way_up: bool | None = None,
        served: str | None = None,
    ) -> None:
        self._path = Path(store)
        self._encoder = Encoder.open(bundle, threads)
        self._fallback = None if server is None else ServerFallback(server)
        self._lines = Lines(pictures, look_pictures, served if server is not None else None)
        self._looks = self._open_looks(looks)
        self._any_way_up = any_way_up
        self._damaged: set[str] = set()
        self._open()

    @property
    def revision(self) -> str:
        """Which shelf is open."""
        return self._revision

    def serve(self, do: str, wishes: Mapping[str, Any], body: bytes) -> bytes:
        """Carry out an order.

        Raises:
            PocketshelfError, ValueError, TypeError: it cannot be.
        """
        orders: dict[str, Callable[..., Any]] = {
            "search": self._search,
            "detect": self._detect,
            "again": self._again,
            "product": self._product,
            "barcode": self._barcode,
            "glance": self._glance,
            "reload": self._reload,
            "shelf": self._shelf,
        }
        try:
            made = orders[do](body, **wishes)
        except StoreError as error:
            if not self._recovers(error):
                raise
            made = orders[do](body, **wishes)
        return json.dumps(made, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")

    def _open(self) -> None:
        """Open the shelf, and read what is derived from it; nothing changes if that fails."""
        self._pointed = standing_at(self._path)
        made, damage = open_usable(self._path, self._made, self._damaged)
        self._retriever, self._facets, self._pages = made
        self._films = Films(self._retriever)
        self._damage = damage
        store = self._retriever.store
        self._revision = f"{store.generation}-{store.digest[:12]}{'-' if damage else ''}"

    def _made(self, store: Store) -> tuple[Retriever, Facets, ProductPages]:
        try:
            retriever = Retriever(store, self._encoder, fallback=self._fallback, timeout_s=TIMEOUT_SECONDS)
            return retriever, read_facets(store.shard), ProductPages(retriever, self._lines, self._looks)
        except BaseException:
            store.close()
            raise

    def _recovers(self, error: StoreError) -> bool:
        """Whether another generation can be opened in the place of one that was found to be damaged."""
        old = self._retriever
        self._damaged.add(old.store.generation)
        try:
            self._open()
        except StoreError:
            return False
        log.error("%s; the generation %s answers instead", error, self._retriever.store.generation)
        old.close()
        return True

    def _open_looks(self, path: str | None) -> Looks | None:
        """The library; one that cannot be used costs the looks, and not the kiosk."""
        if path is None:
            return None
        try:
            return Looks.open(path, self._encoder.bundle)
        except StoreError as error:
            log.warning("no looks: %s", error)
            return None

    def _search(
        self,
        photo: bytes,
        category: str = "auto",
        where: Mapping[str, list[str]] | None = None,
        whole: bool = False,
        top_k: int = 24,
    ) -> dict[str, Any]:
        result = self._retriever.search(
            photo,
            top_k,
            category,
            whole,
            name="photo",
            where=where or {},
            any_way_up=self._any_way_up,
        )
        return self._lines.result(result)

    def _detect(self, frame: bytes, barcodes: bool = False, film: str | None = None) -> dict[str, Any]:
        photo = read_photo(frame)
        if film is None:
            _, found = self._encoder.boxes(photo)
            regions = [region_box(each) for each in found]
        else:
            view = self._films.see(film, photo)
            found = [
                Detection(live.region.box, live.region.group, live.region.score) for live in view.regions
            ]
            regions = [live_line(live) for live in view.regions]
        read = read_barcodes(photo.pixels) if barcodes else []
        judge = self._encoder.judge
        return {
            "width": photo.width,
            "height": photo.height,
            "regions": regions,
            "barcodes": [{"text": text, "format": kind, **self._coded(text)} for text, kind in read],
            **({} if judge is None else {"quality": judge.judge(photo, found).to_json()}),
        }

    def _again(self, _: bytes, where: Mapping[str, list[str]] | None = None, **wishes: Any) -> dict[str, Any]:
        region = asked_again(self._retriever, where=where or {}, **wishes)
        line = self._lines.region(region)
        names = ("hits", "confidence", "confident", "absent", "categories", "suggested")
        return {name: line[name] for name in names}

    def _product(self, _: bytes, id: str) -> dict[str, Any]:
        return self._pages.page(id)

    def _barcode(self, _: bytes, text: str) -> dict[str, Any]:
        found = self._coded(text)
        if found["product_id"] is None:
            raise NotFound("no product of this shelf has this barcode")
        return found

    def _glance(self, _: bytes, count: int = 18) -> dict[str, Any]:
        return self._pages.glance(count)

    def _coded(self, text: str) -> dict[str, str | None]:
        """The product with a barcode; or with it as its id."""
        codes = self._facets.codes
        named = next((codes[key] for key in keys_of(text) if key in codes), text)
        product = self._retriever.store.product(named)
        if product is None:
            return {"product_id": None, "title": None}
        return {"product_id": product.product_id, "title": product.title}

    def _reload(self, _: bytes) -> dict[str, Any]:
        """Take up what the pointer leads to, unless that was tried and is as it was: then its prints."""
        if not is_news(self._pointed, standing_at(self._path)):
            self._retriever.reload_features()
            return {"changed": False}
        old, before = self._retriever, self._revision
        self._damaged.clear()
        self._open()
        old.close()
        return {"changed": self._revision != before}

    def _shelf(self, _: bytes) -> dict[str, Any]:
        store = self._retriever.store
        return {
            "sequence": store.meta.sequence,
            "products": len(store),
            "bundle": store.meta.bundle,
            "generation": store.generation,
            "revision": self._revision,
            "built": self._built(store),
            "categories": list(store.categories()),
            "facets": [{"name": name, "values": values} for name, values in self._facets.facets],
            "outfit": self._advises(),
            "barcodes": can_read(),
            "damage": self._damage,
        }

    def _built(self, store: Store) -> float | None:
        """When the open generation was written, in seconds since 1970."""
        try:
            return store.folder.digest(store.generation).stat().st_mtime
        except OSError:
            return None

    def _advises(self) -> bool:
        """Whether anything can be said of what goes with what."""
        try:
            return self._pages.advises()
        except (BundleError, UsageError):
            return False
