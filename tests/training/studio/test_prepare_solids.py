"""Things from many sides: which models, which splits, and that a seed makes the same again."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from studio_folders import real_folder

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_data_set
from pocketshelf_training.studio.prepare.solids import prepare
from pocketshelf_training.studio.scene.libraries import models_in, of_split

BOX = """mtllib box.mtl
v 0 0 0
v {wide} 0 0
v {wide} 2 0
v 0 2 0
v 0 0 1
v {wide} 0 1
v {wide} 2 1
v 0 2 1
usemtl paint
f 1 2 3 4
f 5 6 7 8
f 1 2 6 5
f 2 3 7 6
f 3 4 8 7
f 4 1 5 8
"""


def library(path: Path, count: int) -> None:
    lines = ["name=Drawn", "license=CC0", "# model#90=/no/such.obj"]
    with zipfile.ZipFile(path, "w") as stream:
        for number in range(count):
            file = f"m/{number}/box.obj"
            stream.writestr(file, BOX.format(wide=1 + number))
            stream.writestr(f"m/{number}/box.mtl", f"newmtl paint\nKd 0.9 {0.1 * number:.1f} 0.2\n")
            category = "Characters" if number == 2 else "Kitchen"
            lines += [
                f"model#{number}=/{file}",
                f"name#{number}=Box {number}",
                f"category#{number}={category}",
            ]
        stream.writestr("m/empty.obj", "v 0 0 0\n")
        lines += ["model#70=/m/empty.obj", "name#70=Nothing", "category#70=Kitchen"]
        lines += ["model#80=/m/lost.obj", "name#80=Lost", "category#80=Kitchen"]
        stream.writestr("PluginFurnitureCatalog.properties", "\n".join(lines))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_folder(tmp_path_factory.mktemp("solids") / "data")


def test_models_are_those_of_the_libraries_but_people(tmp_path: Path) -> None:
    library(tmp_path / "drawn.sh3f", 4)
    models = models_in(tmp_path)
    assert [model.name for model in models] == ["Box 0", "Box 1", "Box 3", "Nothing"]
    assert {(model.licence, model.category) for model in models} == {("CC0", "Kitchen")}
    with pytest.raises(UsageError, match="apt-get install sweethome3d-furniture"):
        models_in(tmp_path / "elsewhere")


def test_pairs_are_of_two_splits_and_repeatable(folder: Path, tmp_path: Path) -> None:
    library(tmp_path / "drawn.sh3f", 7)
    models = models_in(tmp_path)
    for name, split in (("one", "train"), ("two", "train"), ("held", "val")):
        prepare(tmp_path / name, models, 100, 2, 3, folder, split)
    one, two, held = (
        list(csv.DictReader((tmp_path / n / "pairs.csv").open())) for n in ("one", "two", "held")
    )
    first, again = ((tmp_path / name / one[0]["image"]).read_bytes() for name in ("one", "two"))
    assert one == two and first == again
    # Six boxes and one that shows nothing: the first and the sixth are of val.
    assert {row["split"] for row in held} == {"val"} and len({row["item_id"] for row in held}) == 2 * 2
    assert Counter(row["role"] for row in one) == {"gallery": 8, "query": 16}
    assert {row["variant_of"] for row in one if row["item_id"].endswith("own")} == {""}
    samples = load_data_set("pairs", tmp_path / "one")
    assert {sample.domain for sample in samples} == {"shop", "street"}


def test_the_gallerys_picture_is_on_white_and_its_variant_of_another_colour(
    folder: Path, tmp_path: Path
) -> None:
    library(tmp_path / "drawn.sh3f", 3)
    rows = prepare(tmp_path / "out", models_in(tmp_path), 100, 1, 3, folder)
    shown = {
        row["item_id"]: np.asarray(Image.open(tmp_path / "out" / row["image"])).astype(int)
        for row in rows
        if row["role"] == "gallery"
    }
    assert shown and all(picture[0, 0].min() > 250 for picture in shown.values())
    for item, picture in shown.items():
        if item.endswith("-own"):
            other = shown[item.replace("own", "recoloured")]
            assert np.abs(picture[120:136, 120:136] - other[120:136, 120:136]).mean() > 20


CARTON = """mtllib material_0.mtl
usemtl material_0
v 0 0 0
v 1 0 0
v 1 0 2
v 0 0 2
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
"""


def scanned(folder: Path, name: str, mesh: str = "model_0.obj", texture: str = "texture.png") -> None:
    """A sheet that stands: its lower half is red, its upper half blue; z is up."""
    for each in (mesh, texture):
        (folder / name / each).parent.mkdir(parents=True, exist_ok=True)
    (folder / name / mesh).write_text(CARTON)
    pixels = np.zeros((32, 16, 3), np.uint8)
    pixels[:16], pixels[16:] = (20, 30, 220), (220, 30, 20)
    Image.fromarray(pixels).save(folder / name / texture)


def test_scans_are_read_as_published_and_as_simulators_keep_them(tmp_path: Path) -> None:
    scanned(tmp_path, "Acme_Game")
    scanned(tmp_path, "Acme_Game_NxacpAY9jDt")
    scanned(tmp_path, "Best_Cereal", "meshes/model.obj", "materials/textures/texture.png")
    (tmp_path / "collision only").mkdir()
    models = models_in(tmp_path)
    assert [(model.name, model.maker) for model in models] == [("Acme Game", "acme"), ("Best Cereal", "best")]
    for model in models:
        solid = model.solid(np.random.default_rng(0))
        upper = solid.points[:, 1] > 0.1
        assert solid.colours[upper].mean(0)[2] > 200 > 50 > solid.colours[upper].mean(0)[0]
        assert np.ptp(solid.points[:, 1]) > 1.5 * np.ptp(solid.points[:, 0])


def test_what_one_maker_made_is_of_one_split(tmp_path: Path) -> None:
    for maker in range(10):
        for thing in range(12 if maker == 0 else 2):
            scanned(tmp_path, f"Maker{maker}_Thing_{thing}")
    models = models_in(tmp_path)
    makers = {split: {model.maker for model in of_split(models, split)} for split in ("train", "val")}
    assert makers["val"] == {"maker1", "maker6"} and not makers["val"] & makers["train"]
    assert len(of_split(models, "train")) + len(of_split(models, "val")) == len(models)
