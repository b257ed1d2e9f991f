"""Predictions are kept to their last bit, of one model and one crop, and survive a killed process."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import PhotoError
from pocketshelf.stages.embed import Embedding
from pocketshelf.types import Detection
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.model import Crop, Model
from pocketshelf_training.predict.predictor import CacheError, Predictor


class Counter:
    """A model that predicts until it is killed, and counts."""

    def __init__(self, most: int = 99) -> None:
        self.most, self.asked, self.loaded = most, [], 0

    def load(self):
        self.loaded += 1
        return self.predict

    def predict(self, crop: Crop) -> Embedding:
        if crop.image.name == "bad":
            raise PhotoError(f"{crop.image}: not an image")
        if len(self.asked) == self.most:
            raise KeyboardInterrupt
        self.asked.append(crop)
        return Embedding(np.full(2, 1 / 3 + len(self.asked), np.float32), {"a": 1 / 3}, {"b": np.ones(1)})

    def model(self, digest: str = "x") -> Model:
        return Model("embedder", Path("m"), digest, self.load)


def crops(folder: Path, *names: str) -> list[Crop]:
    return [Crop(folder / name) for name in names]


def test_a_killed_evaluation_goes_on(tmp_path):
    asked = crops(tmp_path, *"abcde")
    killed, second, third = Counter(3), Counter(), Counter()
    with pytest.raises(KeyboardInterrupt):
        Predictor(killed.model(), tmp_path).predict(asked, "photos")
    found = Predictor(second.model(), tmp_path).predict(asked, "photos")
    assert [crop.image.name for crop in second.asked] == ["d", "e"]
    again = Predictor(third.model(), tmp_path).predict(asked[::-1], "photos")[::-1]
    assert third.loaded == 0  # a model whose predictions are known is not even loaded
    for one, other in zip(found, again, strict=True):
        assert one.vector.dtype == np.float32 and np.array_equal(one.vector, other.vector)
        assert (one.categories, one.attributes["b"].tolist()) == ({"a": 1 / 3}, [1.0])
    assert [float(each.vector[0]) for each in found] == [
        float(np.float32(1 / 3 + n)) for n in (1, 2, 3, 1, 2)
    ]


def test_predictions_are_of_one_model_and_one_crop(tmp_path):
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"1")
    for digest, crop in (("x", Crop(photo)), ("y", Crop(photo)), ("x", Crop(photo, (0, 0, 1, 1)))):
        counter = Counter()
        Predictor(counter.model(digest), tmp_path / "cache").predict([crop], "photos")
        assert counter.asked == [crop]
    photo.write_bytes(b"another picture")
    counter = Counter()
    Predictor(counter.model(), tmp_path / "cache").predict([Crop(photo), Crop(photo)], "photos")
    assert counter.asked == [Crop(photo)]


def test_a_bad_photo_is_named_once_and_asked_for_again(tmp_path, capsys):
    counter = Counter()
    predictor = Predictor(counter.model(), tmp_path)
    for _ in range(2):
        good, bad = predictor.predict(crops(tmp_path, "a", "bad"), "photos")
        assert good is not None and bad is None
    assert capsys.readouterr().err.count("a miss:") == 1
    assert counter.loaded == 2 and len(counter.asked) == 1


def test_detections_are_kept_to_their_last_bit(tmp_path):
    boxes = (Detection((0.1, 1 / 3, 7.0, 1e-9), "hat", 1 / 3), Detection((0, 0, 1, 1), "bag", 0.05))
    model = Model("detector", Path("m"), "x", lambda: lambda crop: boxes)
    for _ in range(2):
        assert Predictor(model, tmp_path).predict([Crop(tmp_path / "a")], "photos") == [boxes]


def test_boxes_are_cut_out_unless_frames_are_wanted(tmp_path):
    sample = Sample(tmp_path / "a.png", "test", "street", boxes=(("goods", (12.0, 8.0, 40.0, 40.0)),))
    for whole, box in ((False, (12, 8, 40, 40)), (True, None)):
        counter = Counter()
        Predictor(counter.model(), tmp_path / str(whole), whole)([sample], "photos")
        assert [crop.box for crop in counter.asked] == [box]


def test_a_cache_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheError, match="cannot be written"):
        Predictor(Counter().model(), tmp_path / "file").predict(crops(tmp_path, "a"), "photos")
    predictor = Predictor(Counter().model(), tmp_path)
    predictor.path.write_bytes(b"no database" * 100)
    with pytest.raises(CacheError, match="file is not a database") as caught:
        predictor.predict(crops(tmp_path, "a"), "photos")
    assert isinstance(caught.value.__cause__, sqlite3.Error)
