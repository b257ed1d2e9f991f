"""What all tests share: where the real photos are, stand-in models, and a small shop of drawn pictures."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from drawn_things import COLOURS, draw_thing
from fake_models import make_bundle
from pocketshelf.formats import Bundle, default_bundle
from time_limit import (  # noqa: F401  # Hooks.
    pytest_configure,
    pytest_runtest_call,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_unconfigure,
)

# A library of the trainings would have Faiss take PyTorch's tensors, for the whole process: milvus-lite's
# searches, in another test of it, end in an error then. No product of ours has both in one process.
sys.modules.setdefault("faiss.contrib.torch_utils", None)  # type: ignore[arg-type]

# What a test starts as a process of its own finds these sources, and the stand-ins of this folder.
ROOT = Path(__file__).resolve().parents[1]
os.environ["PYTHONPATH"] = os.pathsep.join(
    str(ROOT / folder) for folder in ("sdk", "server", "training", ".", "tests")
)

# Machines that run the tests are often busy: slowness is no finding of a property test.
settings.register_profile("pocketshelf", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pocketshelf")


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """The folder of the real photos."""
    folder = os.environ.get("POCKETSHELF_DATA")
    if not folder:
        pytest.skip("needs the real photos: set POCKETSHELF_DATA")
    return Path(folder)


@pytest.fixture(scope="session")
def trained_bundle() -> Path:
    """The folder of the bundle that was trained here."""
    folder = default_bundle()
    if not (folder / "bundle.json").exists():
        pytest.skip(f"needs the trained models in {folder.name}")
    return folder


@pytest.fixture(scope="session")
def fake_bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A bundle of stand-in models."""
    return make_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A catalogue, ``catalogue.csv``, with its pictures beside it."""
    folder = tmp_path / "shop"
    (folder / "pictures").mkdir(parents=True)
    with (folder / "catalogue.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["product_id", "title", "category", "image", "shade"])
        for name, (colour, category) in COLOURS.items():
            draw_thing(colour).save(folder / "pictures" / f"{name}.png")
            writer.writerow([name, f"The {name} thing", category, f"pictures/{name}.png", "dark"])
    return folder
