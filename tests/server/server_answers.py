"""What is sent to a server, and what its problems are like (RFC 9457)."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image


def is_problem(response: Any, status: int, word: str = "") -> bool:
    document = json.loads(response.data)
    assert response.content_type == "application/problem+json", response.data
    assert (response.status_code, document["status"]) == (status, status), document
    assert word in document["detail"], document
    return set(document) == {"type", "title", "status", "detail", "instance"}


def picture(colour: tuple[int, int, int], kind: str = "PNG") -> io.BytesIO:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, kind)
    stream.seek(0)
    return stream
