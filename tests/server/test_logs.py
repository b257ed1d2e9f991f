"""Logs that somebody outside tries to fill."""

from __future__ import annotations

import io
import logging

from pocketshelf_server.logs import MAX_MESSAGE, Bounded


def logger_into(stream: io.StringIO, now: list[float]) -> logging.Logger:
    logger = logging.Logger("test")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(Bounded(burst=2, every=10, clock=lambda: now[0]))
    logger.addHandler(handler)
    return logger


def test_a_flood_from_one_place_is_cut_and_counted() -> None:
    stream, now = io.StringIO(), [0.0]
    logger = logger_into(stream, now)
    for turn in range(100):
        if turn == 99:
            now[0] = 10.0
        logger.warning("request %d", turn)
    logger.error("another place")
    assert stream.getvalue().splitlines() == [
        "WARNING request 0",
        "WARNING request 1",
        "WARNING request 99 (97 more like it were left out)",
        "ERROR another place",
    ]


def test_a_long_message_is_cut() -> None:
    stream = io.StringIO()
    logger_into(stream, [0.0]).warning("%s", "x" * 1_000_000)
    assert len(stream.getvalue()) < MAX_MESSAGE + 100
