"""Retrieval after conversion, on a few drawn pictures in the real photos' layout."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from converters import measure
from converters.document import tables
from converters.photos import draw_picture


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Five products with one shop picture each, two test photos and one val photo of each."""
    folder = tmp_path / "data" / "grocery"
    folder.mkdir(parents=True)
    shop, rows = ["product_id,category,image"], ["photo,product_id,split"]
    for product in range(5):
        for kind, split in enumerate(("shop", "test", "test", "val")):
            name = f"{product}-{kind}.png"
            picture = draw_picture(100 + product) // 2 + draw_picture(200 + 7 * product + kind) // 4
            Image.fromarray(picture).save(folder / name)
            if split == "shop":
                shop.append(f"p{product},fruit,{name}")
            else:
                rows.append(f"{name},p{product},{split}")
    (folder / "products.csv").write_text("\n".join(shop))
    (folder / "photos.csv").write_text("\n".join(rows))
    monkeypatch.setenv("POCKETSHELF_DATA", str(folder.parent))


def test_the_float_file_finds_what_pytorch_finds(tiny, photos):
    reference = measure.Reference.of(tiny)
    assert reference.images.shape == (15, 32, 32, 3) and reference.shop == 5
    # One by one as in batches.
    one = tiny.reference(reference.images[3:4])[0][0]
    np.testing.assert_allclose(reference.vectors[3], one / np.linalg.norm(one), atol=1e-5)
    found = measure.measure(reference, tiny.reference)
    assert found["photos"] == 10
    assert found["top1_agreement"] == 1 and found["recall_at_1"] == found["recall_at_1_float"] > 0.2
    assert found["cosine_min"] == pytest.approx(1, abs=1e-5)


def test_a_spoilt_file_loses(tiny, photos):
    reference = measure.Reference.of(tiny)
    wrong = np.eye(12, dtype=np.float32)[:1]
    found = measure.measure(reference, lambda image: [wrong, None])
    assert found["recall_at_1"] == 0.2 and found["top1_agreement"] < 1 and found["cosine_min"] < 0.9


def test_photos_and_split_can_be_chosen(tiny, photos):
    assert len(measure.Reference.of(tiny, split="val").products) == 5 + 5
    assert len(measure.Reference.of(tiny, photos=3).products) == 5 + 3


def test_times_are_taken_on_one_thread(tiny):
    torch.set_num_threads(2)
    seen = set()

    def run(image):
        seen.add(torch.get_num_threads())
        return tiny.reference(image)

    found = measure.time_in_turns(tiny, run, turns=3)
    assert seen == {1} and torch.get_num_threads() == 2
    torch.set_num_threads(1)
    assert found["ms"] > 0 and found["latency_ratio"] == pytest.approx(
        found["ms"] / found["ms_eager"], rel=0.01
    )


def test_the_command_and_the_pages_table(tiny_embedder, exported, photos, tmp_path, capsys, monkeypatch):
    out = shutil.copytree(exported("coreml", "none"), tmp_path / "out")
    monkeypatch.delenv("POCKETSHELF_DATA")
    arguments = [str(out), "--checkpoint-embedder", "tiny.npz"]
    assert measure.main(arguments) == 1
    assert "set POCKETSHELF_DATA" in capsys.readouterr().err.splitlines()[-1]
    monkeypatch.setenv("POCKETSHELF_DATA", str(tmp_path / "data"))
    assert measure.main([*arguments, "--only-latency"]) == 1
    assert "nothing measured yet" in capsys.readouterr().err.splitlines()[-1]
    assert measure.main([*arguments, "--photos", "0"]) == 2
    assert measure.main(arguments) == 0
    found = json.loads((out / measure.FILE_NAME).read_text())
    assert found["photos"] == 10 and found["split"] == "test" and found["top1_agreement"] == 1
    # The interpreter's time says nothing about a phone.
    assert "ms" not in found
    (row,) = [line for line in tables([out]).splitlines() if line.startswith("| coreml | none | 10 test |")]
    assert row.endswith("| – | – |")


def test_a_folder_without_an_export(tmp_path, capsys):
    assert measure.main([str(tmp_path), "--checkpoint-embedder", "tiny.npz"]) == 1
    assert "no exported embedder here" in capsys.readouterr().err
