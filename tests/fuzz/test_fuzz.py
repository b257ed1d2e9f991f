"""The fuzzers' corpus, and some hundred changes to it, without a fuzzer: what once failed stays mended."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fuzz.mutations import mutate
from fuzz.targets import SEEDS, TARGETS

CORPUS = Path(__file__).parent / "corpus"
ROUNDS = 200


def _inputs(name: str) -> list[bytes]:
    return SEEDS[name] + [path.read_bytes() for path in sorted((CORPUS / name).glob("*"))]


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_raises_nothing_but_what_is_documented(name: str) -> None:
    assert len(_inputs(name)) > len(SEEDS[name]) > 0, "no corpus: ./dev fuzz"
    for data in _inputs(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_changed_inputs_raise_nothing_but_what_is_documented(name: str) -> None:
    rng = random.Random(7)
    inputs = _inputs(name)
    for _ in range(ROUNDS):
        data = rng.choice(inputs)
        for _ in range(rng.randrange(1, 4)):
            data = mutate(data, rng)
        TARGETS[name](data)
