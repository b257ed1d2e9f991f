"""The process that reads photos: `main` with FD and OPTIONS (`Options` as JSON) as its command line.

FD is its end of a socket pair with the server. It says `READY` when its models are loaded; then, for each
photo, it gets an `Order` as JSON and the photo's bytes, and answers with one message: a letter, and a vector,
an `Enrolled` or a line of text. Nothing is pickled: should a photo take this process over, its answers are
still only numbers and texts. It ends when the server does, in whichever way, since its end of the pair then
closes.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection

import numpy as np
from PIL import Image

from pocketshelf.closely import kept_of, opencv
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError, one_line
from pocketshelf.recall.pictures import MAX_BYTES
from pocketshelf.runtime.notices import owns_process
from pocketshelf.stages.colours import looked_at, palette_of
from pocketshelf.stages.preprocess import decode_photo, read_photo
from pocketshelf.types import Box
from pocketshelf_server.photos.limits import Limits
from pocketshelf_server.photos.protocol import Enrolled, PhotoEmbedder

__all__ = [
    "ENCODER",
    "ENROLLED",
    "FAILED",
    "NO_MODEL",
    "PICTURE",
    "READY",
    "REFUSED",
    "VECTOR",
    "Options",
    "Order",
    "main",
    "open_encoder",
    "open_nothing",
]

READY, VECTOR, ENROLLED, PICTURE, REFUSED, FAILED = b"r", b"v", b"n", b"j", b"p", b"e"
ENCODER = "pocketshelf_server.photos.worker:open_encoder"
NO_MODEL = "pocketshelf_server.photos.worker:open_nothing"
# The next where a picture takes more than who is sent it takes: of noise one of 1,200 pixels has 1.3 MB.
QUALITIES = (82, 60, 30)
# What the operator's own processes get first: a photo can wait.
NICENESS = 10


@dataclass(frozen=True)
class Options:
    """What a worker starts with.

    Attributes:
        bundle: the models' folder.
        opener: ``module:function`` that opens it.
        closely: it will be asked for local features, and loads OpenCV while it may.
    """

    bundle: str
    opener: str
    limits: Limits
    closely: bool = False

    def to_json(self) -> str:
        """The inverse of `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Options:
        """From the command line's text."""
        data = json.loads(text)
        return cls(data["bundle"], data["opener"], Limits(**data["limits"]), data["closely"])


@dataclass(frozen=True)
class Order:
    """What to do with a photo: embed it as a query (or a box of it), or enrol it as a shop's picture.

    Attributes:
        closely: enrol it with its local features.
        side: above 0: only make a JPEG of it, upright, with at most so many pixels a side; needs no model.
    """

    enrol: bool = False
    closely: bool = False
    box: Box | None = None
    side: int = 0


class PhotoReader:
    """The models of a bundle, as orders ask for them."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def embed(self, photo: bytes, box: Box | None = None) -> np.ndarray:
        """See `PhotoEmbedder.embed`."""
        return self._encoder.embed(photo, box)

    def enrol(self, photo: bytes, closely: bool = False) -> Enrolled:
        """See `PhotoEmbedder.enrol`."""
        picture = read_photo(photo)
        features = kept_of(picture) if closely else b""
        return Enrolled(self._encoder.enrol(picture), palette_of(looked_at(picture)), features)


def open_encoder(bundle: str) -> PhotoEmbedder:
    """The models of a bundle, on one thread; a request names its box itself, so nothing is detected."""
    return PhotoReader(Encoder.open(bundle, detects=False))


def open_nothing(bundle: str) -> None:
    """No model: for a worker that only makes pictures smaller."""


@owns_process
def main(arguments: list[str]) -> None:
    """Serve until the other end closes."""
    connection, options = Connection(int(arguments[0])), Options.from_json(arguments[1])
    os.dup2(2, 1)  # Whatever a library prints, it is not for the server's standard output.
    os.nice(NICENESS)
    orders: queue.SimpleQueue[tuple[Order, bytes]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, orders), daemon=True).start()
    try:
        embedder = _opener(options.opener)(options.bundle)
        if options.closely:
            opencv().setNumThreads(1)
    except Exception as error:
        connection.send_bytes(FAILED + one_line(error, 500).encode("utf-8", "replace"))
        return
    options.limits.bind_memory()
    connection.send_bytes(READY)
    while True:
        order, photo = orders.get()
        options.limits.bind_cpu()
        connection.send_bytes(_answer(embedder, order, photo))


def _receive(connection: Connection, orders: queue.SimpleQueue[tuple[Order, bytes]]) -> None:
    """Take orders in; in a thread, so that the server's end is noticed in the midst of a photo."""
    try:
        while True:
            order = json.loads(connection.recv_bytes())
            box = order["box"] and tuple(order["box"])
            orders.put((Order(order["enrol"], order["closely"], box, order["side"]), connection.recv_bytes()))
    finally:
        os._exit(0)


def _opener(name: str) -> Callable[[str], PhotoEmbedder | None]:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def _answer(embedder: PhotoEmbedder | None, order: Order, photo: bytes) -> bytes:
    try:
        if order.side:
            return PICTURE + _smaller(photo, order.side)
        assert embedder is not None, "this worker has no model"
        if order.enrol:
            return ENROLLED + _enrolled(embedder.enrol(photo, order.closely))
        return VECTOR + _numbers(embedder.embed(photo, order.box))
    except PhotoError as error:
        return REFUSED + str(error).encode("utf-8", "replace")
    except MemoryError:
        return REFUSED + b"photo: not enough memory to read it; reduce it first"
    except Exception as error:
        return FAILED + f"{type(error).__name__}: {one_line(error, 500)}".encode("utf-8", "replace")


def _enrolled(picture: Enrolled) -> bytes:
    """A line of JSON, the vector, the features."""
    head = {"palette": picture.palette, "numbers": len(picture.vector)}
    return json.dumps(head).encode() + b"\n" + _numbers(picture.vector) + picture.features


def _numbers(vector: np.ndarray) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def _smaller(photo: bytes, side: int) -> bytes:
    image = Image.fromarray(decode_photo(photo, side).pixels)
    image.thumbnail((side, side))
    for quality in QUALITIES:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        if stream.tell() <= MAX_BYTES:
            break
    return stream.getvalue()
