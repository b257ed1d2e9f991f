"""A store of the drawn shop and a retriever over it; the networks are fakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.formats import Bundle


@pytest.fixture
def store(shop: Path, fake_bundle: Bundle) -> Path:
    """By the detector's boxes."""
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    return shop / "store"


@pytest.fixture
def retriever(store: Path, fake_bundle: Bundle) -> Iterator[Retriever]:
    with Retriever.open(store, fake_bundle) as opened:
        yield opened
