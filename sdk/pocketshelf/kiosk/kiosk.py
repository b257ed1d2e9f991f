"""The kiosk: its workers, its sync, what it remembers; what the page asks of it."""

from __future__ import annotations

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pocketshelf.errors import StoreError
from pocketshelf.kiosk.desk.lines import served_key
from pocketshelf.kiosk.desk.opening import Standing, is_news, look_at, pointed_at
from pocketshelf.kiosk.pictures import Pictures
from pocketshelf.kiosk.report import Situation, state_of
from pocketshelf.kiosk.state.corrections import Corrections
from pocketshelf.kiosk.state.pin import Key, Pin
from pocketshelf.kiosk.state.settings import Settings, SettingsFile
from pocketshelf.kiosk.syncing import BackgroundSync, SyncPlan
from pocketshelf.kiosk.worker import (
    Answer,
    Busy,
    Engine,
    Order,
    Refused,
    Stuck,
    Waits,
    WorkerSpec,
    WorkerUnfit,
)
from pocketshelf.recall import ServerPictures
from pocketshelf.sync import Environment, SyncReport
from pocketshelf.sync.state import load_state

__all__ = ["Kiosk", "KioskConfig"]

# A frame that cannot be looked at now is of no use later; a shopper waits a little for a search.
FRAME = Waits(turn_s=0.0, answer_s=8.0)
TOUCH = Waits(turn_s=4.0, answer_s=20.0)
RELOAD = Waits(turn_s=10.0, answer_s=120.0)
PLACES, PICTURE_PLACES = 3, 48
LOOK_EVERY_S = 2.0
log = logging.getLogger("pocketshelf.kiosk")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class KioskConfig:
    """What a kiosk is made of.

    Attributes:
        store: the shelf's folder; state: the folder of what is remembered beside it.
        bundle, threads: of the models. server: asked with a vector, and for pictures of what it found.
        images: folder that the catalogue's pictures start from. looks: a library of looks;
            look_images: folder of its photos. any_way_up: see `pocketshelf.Retriever.search`.
        sync: None: the shelf is not synced here. settings: where none are kept.
        pin: key of the staff's PIN.
        most_growth: bytes of memory beyond a fresh worker's with which one is replaced.
        touch: how long a search may wait, and take.
    """

    store: Path
    state: Path
    bundle: str | None = None
    threads: int = 1
    server: str | None = None
    images: Path | None = None
    looks: Path | None = None
    look_images: Path | None = None
    any_way_up: bool | None = None
    sync: SyncPlan | None = None
    settings: Settings = field(default_factory=Settings)
    pin: Key | None = None
    most_growth: int = 400_000_000
    touch: Waits = TOUCH


class Kiosk:
    """One kiosk; `start` it, and `close` it. Safe to share between threads.

    Args:
        now: the present, in UTC. clock: seconds, monotonic.
        environment: of the sync; the real one if None.
        look_every_s: seconds between two looks for a new generation.

    Attributes:
        phones: whether phones reach it by TLS; its server says so.
    """

    def __init__(
        self,
        config: KioskConfig,
        now: Callable[[], datetime] = _now,
        clock: Callable[[], float] = time.monotonic,
        environment: Environment | None = None,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._config, self._now, self._clock, self._look_every_s = config, now, clock, look_every_s
        self.settings = SettingsFile(config.state, config.settings)
        self.corrections = Corrections(config.state)
        self.pin = Pin(config.pin, clock)
        self._served = secrets.token_hex(16)
        self._make_engines()
        self.sync = BackgroundSync(config.sync, self._on_sync, environment, self._pictures.forget)
        self.phones = False
        self._shelf: Mapping[str, Any] = {}
        self._stale, self._look_soon, self._closed = threading.Event(), threading.Event(), threading.Event()
        self._pointed: Standing | None = None
        self._watch = threading.Thread(target=self._watch_on, name="pocketshelf-shelf", daemon=True)

    def _make_engines(self) -> None:
        config = self._config
        self.finder = Engine(
            _finder_spec(config, self._served), PLACES, config.most_growth, self._on_shelf, self._clock
        )
        self.clerk: Engine | None = None
        if config.images is not None or config.look_images is not None or config.server is not None:
            self.clerk = Engine(_clerk_spec(config), PICTURE_PLACES, config.most_growth, clock=self._clock)
        self._engines = [engine for engine in (self.finder, self.clerk) if engine is not None]
        served = None if config.server is None else ServerPictures(config.server)
        self._pictures = Pictures(self.clerk, served)

    def start(self) -> None:
        """Open the shelf, and begin to sync; a shelf that is not there yet is synced first.

        Raises:
            StoreError: there is no shelf, or the models cannot be opened; one line.
        """
        self._require_shelf()
        self._pointed = look_at(self._config.store)
        try:
            for engine in self._engines:
                engine.launch()
            for engine in self._engines:
                engine.start()
        except WorkerUnfit as error:
            self.close()
            raise StoreError(str(error)) from error
        self._read_shelf()
        self._watch.start()
        self.sync.start()

    def _require_shelf(self) -> None:
        store = self._config.store
        if pointed_at(store) is None and self._config.sync is not None:
            self.sync.once(if_due=False)
            if self.sync.fault is not None and pointed_at(store) is None:
                raise StoreError(f"{store}: no store here yet; {self.sync.fault.message}")

    def close(self) -> None:
        """End the workers and the sync."""
        self._closed.set()
        self._look_soon.set()
        self.sync.close()
        for engine in self._engines:
            engine.close()

    def detect(self, frame: bytes, barcodes: bool = False, film: str | None = None) -> Answer:
        """What is in a frame; it does not wait. See `pocketshelf.kiosk.desk`; raises as `Engine.ask`."""
        return self.finder.ask(Order("detect", {"barcodes": barcodes, "film": film}), frame, FRAME)

    def search(self, photo: bytes, wishes: Mapping[str, Any]) -> Answer:
        """The products in a photo; as above, but it waits a little."""
        return self.finder.ask(Order("search", wishes), photo, self._config.touch)

    def ask(self, do: str, **wishes: Any) -> Answer:
        """``again``, ``product``, ``barcode`` or ``glance`` of the desk; likewise."""
        return self.finder.ask(Order(do, wishes), waits=self._config.touch)

    def picture(self, name: str, number: int | None, side: int) -> bytes | None:
        """A picture of a product, or of a look, as JPEG; None where there is none: see `Pictures.get`."""
        return self._pictures.get(name, number, side)

    def served_picture(self, product_id: str, side: int, key: str) -> bytes | None:
        """One of the server's, of a product that it found and the shelf lacks: see `Pictures.served`.

        Args:
            key: of the address that the search told, see `served_key`; by another one there is no picture.
        """
        told = served_key(self._served, product_id)
        if not hmac.compare_digest(told.encode(), key.encode("utf-8", "replace")):
            return None
        return self._pictures.served(product_id, side)

    def state(self, token: str | None = None) -> dict[str, Any]:
        """What the page shows of the kiosk: see `pocketshelf.kiosk.report`.

        Args:
            token: of the session that asks.
        """
        restarted = self.finder.restarted
        situation = Situation(
            now=self._now(),
            shelf=self._shelf,
            last_sync=load_state(self._config.store).last_sync,
            sync=self.sync,
            settings=self.settings,
            server=self._config.server is not None,
            phones=self.phones,
            restarted_s=None if restarted is None else self._clock() - restarted,
            worker_fault=self.finder.fault,
        )
        return {**state_of(situation), "pin": self.pin.is_set, "staff": self.pin.is_staff(token)}

    def _on_shelf(self, revision: str) -> None:
        self._stale.set()
        self._look_soon.set()

    def _on_sync(self, report: SyncReport) -> None:
        self._look_soon.set()

    def _watch_on(self) -> None:
        """Take up what a sync, or anybody, has made current; and learn what a worker has opened."""
        while not self._closed.is_set():
            self._look_soon.wait(self._look_every_s)
            self._look_soon.clear()
            try:
                self._look()
            except (Busy, Stuck, Refused) as error:
                log.info("the shelf: %s; again soon", error)
                self._closed.wait(self._look_every_s)
            except Exception:  # Whatever it was, the watch goes on.
                log.exception("the watch over the shelf")

    def _look(self) -> None:
        pointed = look_at(self._config.store)
        if is_news(self._pointed, pointed):
            for engine in self._engines:
                engine.ask(Order("reload"), waits=RELOAD)
            self._pointed = pointed
        if self._stale.is_set():
            self._read_shelf()

    def _read_shelf(self) -> None:
        self._stale.clear()
        try:
            self._shelf = self.finder.ask(Order("shelf"), waits=RELOAD).json()
        except (Busy, Stuck, Refused):
            self._stale.set()
            raise
        self._pictures.forget()
        if self._shelf["damage"]:
            log.error("an older state of the shelf is searched: %s", self._shelf["damage"])


def _finder_spec(config: KioskConfig, served: str) -> WorkerSpec:
    options = {
        "store": str(config.store),
        "bundle": config.bundle,
        "threads": config.threads,
        "server": config.server,
        "pictures": config.images is not None,
        "looks": _text(config.looks),
        "look_pictures": config.look_images is not None,
        "any_way_up": config.any_way_up,
        "served": served,
    }
    return WorkerSpec("pocketshelf.kiosk.desk.finder:Finder", options)


def _clerk_spec(config: KioskConfig) -> WorkerSpec:
    folders = {"images": _text(config.images), "look_images": _text(config.look_images)}
    return WorkerSpec("pocketshelf.kiosk.desk.clerk:Clerk", {"store": str(config.store), **folders})


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
