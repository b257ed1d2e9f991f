"""The same clusters on a Ray cluster as here; a cluster that does not answer, or no Ray, is one line."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from mined_things import blobs
from pocketshelf.cli.ray_cluster import LOCAL
from pocketshelf.errors import UsageError
from pocketshelf_training.__main__ import main
from pocketshelf_training.mine.cluster import Settings, cluster
from pocketshelf_training.mine.spread import spread_over
from pocketshelf_training.mine.vectors import embedded_of


def test_a_local_ray_finds_what_one_process_finds():
    pytest.importorskip("ray", reason="needs the extra 'mine'")
    found = blobs(np.eye(6, 16), 5, 0.03)
    shares = np.repeat(np.eye(3, dtype=np.float32), 10, axis=0)
    embedded = embedded_of(found.pictures, found.vectors, shares, ["One", "Two", "Three"])
    here = cluster(embedded, Settings())
    with spread_over(LOCAL) as spread:
        there = cluster(embedded, Settings(), spread)
    assert here[0].max() == 5 and np.array_equal(here[0], there[0]) and np.array_equal(here[1], there[1])


def test_an_address_without_a_cluster_is_refused():
    pytest.importorskip("ray", reason="needs the extra 'mine'")
    with pytest.raises(UsageError, match=r"--ray auto: no Ray cluster answers there"), spread_over("auto"):
        pass


def test_without_ray_the_extra_is_named(fake_bundle, photo_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    words = ["--bundle", str(fake_bundle.folder), "--out", str(tmp_path), "--whole", "--ray", "auto"]
    assert main(["mine", "same-style", str(photo_folder), *words]) == 1
    assert "ray is not installed: pip install 'pocketshelf[ray]'" in capsys.readouterr().err
