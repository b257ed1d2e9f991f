"""Local features of what is imported: goods' by default, garments' if they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from server_products import CountingEmbedder

from drawn_prints import write_covers
from pocketshelf.closely import FeaturesWanted
from pocketshelf.formats import Bundle
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.catalogue.importer import Importer, ImportReport

pytest.importorskip("cv2")


@pytest.fixture
def bundle(fake_bundle: Bundle) -> Bundle:
    """Its detector knows a garment's name."""
    assert fake_bundle.detector is not None
    return replace(fake_bundle, detector=replace(fake_bundle.detector, categories={"upper": ("Tee",)}))


def test_garments_are_looked_at_when_that_is_asked_for(
    catalogue: Catalogue, bundle: Bundle, tmp_path: Path
) -> None:
    path = write_covers(tmp_path / "catalogue.csv", range(2))
    path.write_text(path.read_text().replace("Cover 0,Other things", "Cover 0,Tee"))
    embedder = CountingEmbedder()

    def imported(asked: bool | None) -> ImportReport:
        wish = FeaturesWanted(asked, bundle)
        return Importer(catalogue, lambda: embedder, tmp_path, closely=wish).run(path)

    assert imported(None).added_or_changed == 3
    assert catalogue.looked_at(["0", "10", "plain"]) == {"10", "plain"}
    assert imported(None).unchanged == 3 and embedder.calls == 3, "what is not wanted is not missed"
    imported(True)
    assert catalogue.looked_at(["0", "10", "plain"]) == {"0", "10", "plain"}
    assert embedder.calls == 4, "what was not looked at is read again"
