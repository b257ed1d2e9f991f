"""A kiosk over the drawn samples, with the models that ship: every part is real."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pocketshelf.catalogue import build_store
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.shipped import shipped

SAMPLES = shipped("samples")


@pytest.fixture(scope="session")
def drawn_shelf(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Path:
    """A store of the drawn (synthetic) shop. It is shared: copy it before changing it.

    The drawn photos show the very pictures of the catalogue, which local features would confirm: it has none.
    """
    folder = tmp_path_factory.mktemp("kiosk") / "shelf"
    build_store(SAMPLES / "catalogue.csv", folder, images=SAMPLES, closely=False)
    return folder


@pytest.fixture
def own_shelf(drawn_shelf: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(drawn_shelf, tmp_path / "shelf"))


@pytest.fixture(scope="module")
def kiosk(drawn_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    """A kiosk that runs."""
    config = KioskConfig(drawn_shelf, tmp_path_factory.mktemp("state"), images=SAMPLES)
    made = Kiosk(config)
    made.start()
    yield made
    made.close()


@pytest.fixture
def client(kiosk: Kiosk) -> FlaskClient:
    """Asks it."""
    return create_app(kiosk, Names(["127.0.0.1"])).test_client()


@pytest.fixture(scope="session")
def street_photo() -> bytes:
    """A drawn photo of the first product."""
    return min((SAMPLES / "street").iterdir()).read_bytes()
