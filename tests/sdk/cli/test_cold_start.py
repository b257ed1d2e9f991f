"""What a search from a shell does not load: each of these cost a cold start milliseconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.catalogue import build_store
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.quality.signals import _percentile

CODE = """\
import sys
from pocketshelf.cli.entry import main
status = main(["search", *sys.argv[1:]])
unwanted = {"http.client", "urllib.request", "ssl", "numpy.ma", "numpy.random", "usearch", "sqlite_vec",
    "pocketshelf.outfit", "pocketshelf.live", "pocketshelf.sync.trust", "tuf", "torch", "flask"}
print(status, sorted(unwanted & set(sys.modules)))
"""


def test_a_search_loads_no_network_no_outfits_and_no_random_numbers(shop: Path, trained_bundle: Path) -> None:
    build_store(shop / "catalogue.csv", shop / "store", bundle=load_bundle(trained_bundle))
    photo = shop / "pictures" / "red.png"
    options = ["--store", str(shop / "store"), "--bundle", str(trained_bundle)]
    command = [sys.executable, "-c", CODE, str(photo), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_the_percentile_is_numpys(size: int) -> None:
    values = np.random.default_rng(size).integers(0, 256, (size, 3)).astype(np.int16)
    assert _percentile(values[:, ::2], 0.95) == pytest.approx(np.percentile(values[:, ::2], 95))
