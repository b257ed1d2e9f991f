"""A checkpoint runs behind the SDK's own stages, with the settings that a bundle of it would have."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evaluate_shop import draw
from fake_models import make_bundle
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError, UsageError
from pocketshelf.stages.embed import softmax
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.specs import detector_spec, embedder_spec
from pocketshelf_training.predict.model import Crop, open_model
from pocketshelf_training.predict.runner import NetworkRunner


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    draw((200, 20, 20), 4, 230).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def saved(path: Path, model: Embedder | Detector, kind: str, **meta) -> Path:
    save_checkpoint(path, kind, model.config, model.state_dict(), meta)
    return path


def test_an_embedder_s_checkpoint(photo, tmp_path):
    torch.manual_seed(0)
    network = Embedder(["a", "b"], 8, size=64, attributes={"sleeve": ["long"], "shade": ["dark", "light"]})
    path = saved(tmp_path / "e.pt", network, "embedder", temperature=2.0)
    model = open_model(path)
    assert (model.kind, model.categories) == ("embedder", ("a", "b"))
    assert model.attributes == {"sleeve": ("long",), "shade": ("dark", "light")}
    found = model.load()(Crop(photo))
    pixels = network_input(decode_photo(photo).pixels, network.preprocessing)
    with torch.no_grad():
        vector, logits, _, shade = network.eval()(normalise(torch.tensor(pixels)[None]))
    assert found.vector == pytest.approx(vector[0].numpy(), abs=1e-5)
    assert list(found.categories.values()) == pytest.approx(softmax(logits[0].numpy() / 2.0), abs=1e-5)
    assert found.attributes["sleeve"].tolist() == [1.0]
    assert found.attributes["shade"] == pytest.approx(softmax(shade[0].numpy()), abs=1e-5)
    assert not np.allclose(model.load()(Crop(photo, (12, 12, 40, 40))).vector, found.vector)


def test_a_detector_s_checkpoint_keeps_what_was_tuned(photo, tmp_path):
    torch.manual_seed(0)
    network = Detector(size=64)
    for head in network.heads:  # every point scores, so that suppression has work
        torch.nn.init.constant_(head.score.bias, 0.0)
    found = {}
    for iou in (0.3, 0.9):
        path = saved(tmp_path / f"{iou}.pt", network, "detector", nms_iou=iou, score_threshold=0.4)
        model = open_model(path, "detector")
        assert model.groups == tuple(network.groups)
        found[iou] = model.load()(Crop(photo))
    assert found[0.3] != found[0.9]  # the record's suppression, not the default
    assert detector_spec(network, {"score_threshold": 0.4}).score_threshold == 0.4
    assert [each.score for each in found[0.3]] == sorted((e.score for e in found[0.3]), reverse=True)


def test_a_bundle_s_models_predict_what_the_sdk_does(photo, tmp_path):
    bundle = make_bundle(tmp_path / "bundle")
    encoder = Encoder.open(bundle)
    embedded = open_model(bundle.folder).load()(Crop(photo))
    expected = encoder.encode(photo, whole=True).regions[0].embedding
    assert np.array_equal(embedded.vector, expected.vector) and embedded.categories == expected.categories
    detected = open_model(bundle.folder / "detector.fake").load()(Crop(photo))
    regions = encoder.detect(photo).regions
    assert [each.group for each in detected] == [region.group for region in regions] and len(regions) > 1
    assert [each.box for each in detected] == [region.box for region in regions]


def test_a_bundle_that_ships_is_known_by_its_name(tmp_path, monkeypatch):
    bundle = make_bundle(tmp_path / "bundle")
    monkeypatch.setattr(
        "pocketshelf.formats.bundle.shipped", lambda name: {"models/ours": bundle.folder}[name]
    )
    assert open_model(Path("ours")).digest == open_model(bundle.folder).digest
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("ours").write_text("no model")  # What is there comes first.
    with pytest.raises(UsageError, match="no model"):
        open_model(Path("ours"))


def test_a_name_that_no_bundle_has_is_no_model():
    with pytest.raises(UsageError, match=r"theirs: no model; name .* a bundle's folder or name"):
        open_model(Path("theirs"))


def test_a_runner_puts_its_network_into_evaluation_mode():
    network = Embedder(["a"], 8, size=32).train()
    pixels = np.zeros((1, 32, 32, 3), np.uint8)
    pixels.setflags(write=False)
    threads = torch.get_num_threads()
    first, second = (NetworkRunner(network).run(pixels) for _ in range(2))
    assert torch.get_num_threads() == threads
    assert not network.training and [output.dtype for output in first] == [np.float32] * 2
    assert np.array_equal(first[0], second[0]) and first[0].shape == (1, 8)


def test_attributes_are_said_of_the_categories_that_have_them():
    network = Embedder(["Shirt", "Shoes"], size=32, attributes={"sleeve": ["short", "long"]})
    spec = embedder_spec(network, {"attribute_categories": {"sleeve": ["Shirt"]}})
    head = spec.attributes["sleeve"]
    assert (head.output, head.labels, head.categories) == (2, ("short", "long"), ("Shirt",))


def test_what_cannot_be_read_is_a_photo_error(tmp_path):
    predict = open_model(make_bundle(tmp_path).folder).load()
    with pytest.raises(PhotoError, match="no such file"):
        predict(Crop(tmp_path / "none.jpg"))


def test_another_kind_of_network_is_refused(tmp_path):
    save_checkpoint(tmp_path / "x.pt", "proxies", {}, {})
    with pytest.raises(UsageError, match="a network of kind 'proxies'"):
        open_model(tmp_path / "x.pt")
    with pytest.raises(UsageError, match="this bundle has no detector"):
        open_model(make_bundle(tmp_path / "bundle", detector=False).folder, "detector")
