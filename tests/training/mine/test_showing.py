"""The page of clusters: some of every category, the largest first, each with its pictures."""

from __future__ import annotations

import numpy as np

from pocketshelf_training.mine.pictures import list_pictures
from pocketshelf_training.mine.rules import Cluster
from pocketshelf_training.mine.showing import PICTURES, write_clusters
from pocketshelf_training.mine.vectors import embedded_of


def cluster_of(rows: list[int], category: str, dropped: str = "") -> Cluster:
    return Cluster(np.array(rows), category, 0.1, 0.001, 0, dropped)


def test_each_category_has_its_turn_and_what_was_dropped_has_none(photo_folder, tmp_path):
    pictures = [each for each in list_pictures(photo_folder) if "torn" not in each.name]
    vectors = np.eye(len(pictures), dtype=np.float32)
    embedded = embedded_of(pictures, vectors, np.ones((len(pictures), 1), np.float32), ["Thing"])
    clusters = [
        cluster_of([0, 1, 2], "Cup"),
        cluster_of([3, 4], "Cup"),
        cluster_of([5, 6], "Bowl"),
        cluster_of([7, 8], "Plate", "members: 2 < 3"),
        cluster_of([*range(14)], "Tin & can"),
    ]
    page = write_clusters(tmp_path / "clusters.html", embedded, clusters, 3).read_text()
    order = [page.index(word) for word in ("<h2>Tin &amp; can", "<h2>Cup", "<h2>Bowl")]
    assert order == sorted(order) and "Plate" not in page and page.count("<h2>Cup") == 1
    assert "3 of 4 clusters" in page and f"{PICTURES} of 14 pictures" in page
    assert page.count('src="data:image/jpeg') == PICTURES + 3 + 2
    assert "<script" not in page


def test_no_cluster_is_said(photo_folder, tmp_path):
    embedded = embedded_of([], np.empty((0, 4)), np.empty((0, 1)), ["Thing"])
    assert "0 of 0 clusters" in write_clusters(tmp_path / "clusters.html", embedded, []).read_text()
