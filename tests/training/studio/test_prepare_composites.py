"""Composites of tiny drawn inputs: what is cut, what is rejected, boxes around what was pasted."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio_folders import busy, real_folder, thing

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_data_set
from pocketshelf_training.studio.prepare.composites import prepare
from pocketshelf_training.studio.scene.cutouts import on_plain_ground


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("composites")
    prepare(folder / "out", 20, 2, 3, real_folder(folder / "data"))
    return folder


def test_a_thing_on_plain_ground_is_cut_along_its_outline() -> None:
    shaded = (
        np.asarray(thing((205, 195, 180), (20, 20, 20)), float) * np.linspace(0.85, 1, 200)[None, :, None]
    )
    cut = on_plain_ground(shaded.astype(np.uint8))
    assert cut is not None
    assert np.abs(np.subtract(cut.size, (110, 160))).max() <= 3
    alpha = np.asarray(cut.getchannel("A"))
    assert alpha[:100, 95:].max() < 30 and alpha[20:140, 10:80].min() > 220


@pytest.mark.parametrize(
    "picture",
    [
        busy(),
        Image.new("RGB", (200, 240), (200, 190, 180)),
        thing((205, 195, 180), (200, 190, 176)),
        thing((205, 195, 180), (20, 20, 20)).crop((60, 50, 130, 190)),
    ],
    ids=["busy ground", "nothing there", "no contrast", "cut off by the frame"],
)
def test_what_cannot_be_cut_well_is_rejected(picture: Image.Image) -> None:
    assert on_plain_ground(np.asarray(picture)) is None


def test_pairs_of_one_identity_and_splits_that_do_not_overlap(prepared: Path) -> None:
    samples = load_data_set("composites", prepared / "out")
    shop = {s.identity: s for s in samples if s.domain == "shop"}
    assert len(shop) == 2 + 3 + 4
    assert not any("busy" in name for name in shop)
    own = {s.identity: s.split for s in samples}
    assert all(own[s.identity] == s.split for s in samples)
    assert {own[f"composite/grocery-{k}"] for k in range(2)} == {"train"}
    assert own["composite/clothing-0"] == "train" and own["composite/street-a-coat"] == "train"
    assert {own["composite/clothing-1"], own["composite/clothing-2"]} == {"val", "test"}
    assert {own["composite/street-c-coat"], own["composite/street-d-coat"]} == {"val", "test"}
    assert (
        shop["composite/clothing-0"].category == "T-Shirt"
        and shop["composite/street-a-coat"].category is None
    )


def test_a_shop_pictures_box_is_around_what_is_not_white(prepared: Path) -> None:
    samples = [s for s in load_data_set("composites", prepared / "out") if s.domain == "shop"]
    for sample in samples:
        rows, columns = np.nonzero(np.asarray(Image.open(sample.image)).min(axis=2) < 200)
        seen = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
        assert np.abs(np.subtract(seen, sample.boxes[0][1])).max() <= 4


def test_sources_can_be_left_out(prepared: Path) -> None:
    found = load_data_set("composites", prepared / "out", sources=("clothing",), one_per="photo")
    assert {s.identity for s in found} == {f"composite/clothing-{k}" for k in range(3)}
    with pytest.raises(UsageError, match="no source 'attic'; there are grocery, clothing, street"):
        load_data_set("composites", prepared / "out", sources=("attic",))


def test_they_are_the_same_with_two_processes(prepared: Path, tmp_path: Path) -> None:
    prepare(tmp_path, 20, 2, 3, prepared / "data", processes=2)
    for path in (prepared / "out").rglob("*"):
        if path.suffix in (".jpg", ".jsonl"):
            assert (tmp_path / path.relative_to(prepared / "out")).read_bytes() == path.read_bytes()
    assert len(list(tmp_path.rglob("*.jpg"))) == 27


def test_a_data_set_that_cannot_be_cut_from_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there are grocery, clothing, street"):
        prepare(tmp_path, 1, 1, 1, tmp_path, ("patterns",))
