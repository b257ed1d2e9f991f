"""What goes through the pipes between the kiosk and its worker. Memory only: no file, no socket.

A message is two numbers of four bytes (big endian), the lengths of what follows: a JSON object in UTF-8, and
bytes (a photo to the worker; a JSON document or a picture back). Nothing is pickled: should a photo take the
worker over, its answers are still only numbers and texts.

To the worker, an `Order`: {"do": "search", …what the desk wants}, a photo's bytes.
From it, an `Answer`: {"error": null, "message": null, "revision": "…", "rss": bytes}, the answer's bytes.
The first one from it, unasked, says that its models are loaded, or why they could not be.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

__all__ = ["MOST_BYTES", "UNFIT", "Answer", "Order", "receive", "send"]

_LENGTHS = struct.Struct("!II")
# Beyond the longest photo that a kiosk takes; what says more is no message of ours.
MOST_BYTES = 512_000_000
MOST_HEAD = 1_000_000
UNFIT = "unfit"


@dataclass(frozen=True)
class Order:
    """What a worker is to do: a name that its desk knows, and what that takes."""

    do: str
    wishes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The message's head."""
        return {"do": self.do, **self.wishes}


@dataclass(frozen=True)
class Answer:
    """What came of it.

    Attributes:
        body: a JSON document, or a picture.
        error: a code of the kiosk's errors, or "unfit"; None if all went well. message: one line.
        revision: of the shelf that answered.
        rss: memory that the worker holds, in bytes; 0 where that cannot be told.
    """

    body: bytes = b""
    error: str | None = None
    message: str | None = None
    revision: str = ""
    rss: int = 0

    @classmethod
    def of(cls, head: Mapping[str, Any], body: bytes) -> Answer:
        """From a message."""
        error, message = head.get("error"), head.get("message")
        return cls(body, error, message, str(head.get("revision", "")), int(head.get("rss", 0)))

    def head(self) -> dict[str, Any]:
        """The message's head."""
        return {"error": self.error, "message": self.message, "revision": self.revision, "rss": self.rss}

    def json(self) -> Any:
        """The body, where it is a document."""
        return json.loads(self.body)


def send(stream: BinaryIO, head: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one message.

    Raises:
        OSError: nobody reads at the other end.
    """
    text = json.dumps(head, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes]:
    """Read one message.

    Raises:
        EOFError: the other end is closed.
        ValueError: it is no message.
    """
    head, body = _LENGTHS.unpack(_exactly(stream, _LENGTHS.size))
    if head > MOST_HEAD or body > MOST_BYTES:
        raise ValueError("a message that is too long")
    read = json.loads(_exactly(stream, head))
    if not isinstance(read, dict):
        raise ValueError("a message without a head")
    return read, _exactly(stream, body)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data
