"""The study from photos to page, on a grocery folder that the test draws."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf_training.studies.reduce import features as features_module
from pocketshelf_training.studies.reduce import run as command
from pocketshelf_training.studies.reduce.features import Features, load_features
from pocketshelf_training.studies.reduce.measure import METHODS, measure_method, to_int8


def small_features(products: int = 9, each: int = 6, side: int = 24, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(products, side))

    def draw(count: int) -> tuple[np.ndarray, np.ndarray]:
        truth = np.repeat(np.arange(products), count)
        return (centres[truth] + rng.normal(0, 0.8, (len(truth), side))).astype(np.float32), truth

    empty = np.zeros((0, 0), np.float32)
    parts = [*draw(each), *draw(2), *draw(3)]
    return Features(*parts, centres.astype(np.float32), np.arange(products), empty, empty, empty)


def test_to_int8_is_what_a_store_holds() -> None:
    vectors = np.array([[0.6, 0.8], [1.0, 0.0]])
    stored = to_int8(vectors)
    assert stored[0] == pytest.approx(np.array([95, 127]) / np.hypot(95, 127))
    assert np.allclose(np.linalg.norm(stored, axis=1), 1)


def test_measure_chooses_on_val_and_reports_test() -> None:
    data = small_features()
    rows = measure_method("PCA-whitening", data, [4, 8])
    assert [row.dimension for row in rows] == [4, 8]
    assert rows[0].bytes == 4
    assert rows[0].head_bytes == 24 * 4
    assert rows[0].test["R@1"].photos == 27
    assert rows[0].val.photos == 18
    assert rows[0].options["power"] in (0.0, 0.25, 0.5)
    # What is chosen must not depend on test.
    turned = Features(**{**vars(data), "test": data.test[::-1].copy()})
    assert [row.options for row in measure_method("PCA-whitening", turned, [4, 8])] == [
        row.options for row in rows
    ]


def test_lda_ends_at_its_last_direction() -> None:
    rows = measure_method("LDA", small_features(), [4, 8, 16, 24])
    assert [row.dimension for row in rows] == [4, 8]
    assert [row.dimension for row in measure_method("LDA", small_features(), [4, 16])] == [4, 8]


def test_held_out_products_are_asked_and_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    method = METHODS["LDA"]

    def spy(x: np.ndarray, y: np.ndarray, *rest: object, **options: object) -> dict:
        seen.update(y.tolist())
        return method.fit(x, y, *rest, **options)

    monkeypatch.setitem(METHODS, "LDA", method._replace(fit=spy))
    (row,) = measure_method("LDA", small_features(), [4], held_out=np.array([2, 5]))
    assert seen == {0, 1, 3, 4, 6, 7, 8}
    assert row.test["R@1"].photos == 6
    assert row.val.photos == 4


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four products of one colour each: two training photos, one of val, one of test."""
    root = tmp_path_factory.mktemp("data")
    folder = root / "grocery"
    (folder / "photos").mkdir(parents=True)
    rng = np.random.default_rng(0)
    colours = {"1": (200, 30, 30), "2": (30, 200, 30), "3": (30, 30, 200), "4": (200, 200, 30)}
    products = "product_id,title,category,category_id,image,description\n"
    photos = "photo,product_id,category_id,split\n"
    for product, colour in colours.items():
        Image.new("RGB", (64, 64), colour).save(folder / f"{product}.png")
        products += f"{product},P{product},Things,0,{product}.png,\n"
        for number, split in enumerate(("train", "train", "val", "test")):
            noisy = np.clip(np.array(colour) + rng.normal(0, 25, (64, 64, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"photos/{product}_{number}.png")
            photos += f"photos/{product}_{number}.png,{product},0,{split}\n"
    (folder / "products.csv").write_text(products)
    (folder / "photos.csv").write_text(photos)
    return root


def test_features_are_computed_once(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_features("imagenet", str(shop), tmp_path)
    assert first.train.shape == (8, 1280)
    assert first.val_products.tolist() == [0, 1, 2, 3]
    assert first.own_shop.size == 0

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(features_module, "_compute", fail)
    again = load_features("imagenet", str(shop), tmp_path)
    assert np.array_equal(first.test, again.test)
    (cached,) = tmp_path.glob("features-*.npz")
    cached.write_bytes(cached.read_bytes()[:1000])
    with pytest.raises(AssertionError, match="computed again"):
        load_features("imagenet", str(shop), tmp_path)


def test_the_command_writes_page_plot_and_figures(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    page = tmp_path / "docs/reduction.md"
    options = ["--data", str(shop), "--cache", str(tmp_path / "cache"), "--write", str(page)]
    args = parser.parse_args([*options, "--dimensions", "2,4", "--methods", "PCA-whitening,LDA", "--unseen"])
    assert command.run(args) == 0
    text = page.read_text(encoding="utf-8")
    assert "| LDA | 2 | 2 | 3 |" in text
    assert "ImageNet, frozen, unseen products (1 photos)" in text
    assert "--dimensions 2,4 --methods PCA-whitening,LDA" in text
    assert str(shop) not in text
    document = json.loads(page.with_suffix(".json").read_text())
    assert {row["method"] for row in document["rows"]} == {"all features", "PCA-whitening", "LDA"}
    assert document["rows"][0]["test"]["R@1"]["photos"] == 4
    assert Image.open(page.with_suffix(".png")).width > 300
    assert "# How short may a vector be" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--methods", "tsne", "there are PCA-whitening, LDA"), ("--dimensions", "4,x", "whole numbers")],
)
def test_the_command_refuses_what_does_not_exist(option: str, value: str, message: str) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(UsageError, match=message):
        command.run(parser.parse_args([option, value]))
