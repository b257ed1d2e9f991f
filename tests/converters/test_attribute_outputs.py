"""An embedder with attribute heads, through every target."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
import torch
from torch import nn

from converters import photos
from converters.deploy import EmbedderCore
from converters.errors import ConversionError
from converters.networks import embedder_network
from converters.targets import find_target
from converters.tflite.metadata import associated_files, read_metadata
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.runtime import open_model
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import Photo, network_input
from pocketshelf_training.models.efficientnet_lite import MBConv, SameConv2d
from pocketshelf_training.models.embedder import Embedder

SIZE = (32, 32)
ATTRIBUTES = {
    "sleeve length": ["short", "long"],
    "pattern": ["plain", "striped", "dotted"],
    # Ten outputs and more: sorted by name, the eleventh would come before the third.
    **{f"detail{i}": [f"{i}{j}" for j in range(2 + i)] for i in range(8)},
}
NAMES = ("embedding", "categories", "sleeve_length", "pattern", *(f"detail{i}" for i in range(8)))


class TinyEmbedder(nn.Module):
    """What the converters ask of an embedder."""

    def __init__(self, attributes: dict[str, list[str]]) -> None:
        super().__init__()
        self.config = {"categories": ["a", "b", "c"], "dimension": 12, "attributes": attributes}
        self.preprocessing = Preprocessing(SIZE)
        stem = nn.Sequential(SameConv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU6())
        self.trunk = nn.Sequential(stem, MBConv(8, 16, 5, 2, 2))
        self.embedding, self.category = nn.Linear(16, 12, bias=False), nn.Linear(16, 3)
        self.attribute_heads = nn.ModuleList(nn.Linear(16, len(labels)) for labels in attributes.values())

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        pooled = self.trunk(x).mean((2, 3))
        unit = nn.functional.normalize(self.embedding(pooled), dim=1)
        return unit, self.category(pooled), *(head(pooled) for head in self.attribute_heads)


def tiny_embedder(attributes: dict[str, list[str]]) -> nn.Module:
    torch.manual_seed(3)
    module = TinyEmbedder(attributes)
    inputs = [
        torch.from_numpy(image.copy())
        for _, image in photos.drawn_set(16, 5).inputs(Preprocessing(SIZE), False)
    ]
    with torch.no_grad():
        for _ in range(30):
            module((torch.stack(inputs).permute(0, 3, 1, 2).float() - 127) / 128)
    return module.eval()


@pytest.fixture(scope="module")
def network():
    return embedder_network(tiny_embedder(ATTRIBUTES), {})


def test_outputs_are_named_after_their_attributes(network):
    assert network.outputs == NAMES
    assert network.labels["sleeve_length"] == ["short", "long"]
    described = network.describe("embedder.tflite", "int8")
    assert described.attributes["pattern"].output == 3
    assert described.attributes["pattern"].labels == ("plain", "striped", "dotted")


def test_the_bundle_says_which_categories_have_an_attribute():
    found = embedder_network(tiny_embedder(ATTRIBUTES), {"attribute_categories": {"pattern": ["a", "c"]}})
    heads = found.describe("embedder.tflite", "int8").attributes
    assert heads["pattern"].categories == ("a", "c") and heads["sleeve length"].categories == ()


def test_the_trainings_embedder_is_what_the_converters_ask_for():
    torch.manual_seed(0)
    module = Embedder(
        ["a", "b"], size=64, attributes={"sleeve": ["short", "long"], "fit": ["tight", "loose"]}
    )
    for each in module.modules():
        if isinstance(each, nn.BatchNorm2d):
            each.momentum = None  # Averages, so that one batch is enough for statistics.
    x = torch.rand(4, 3, 64, 64)
    with torch.no_grad():
        module(x)
        found = embedder_network(module.eval(), {})
        assert found.outputs == ("embedding", "categories", "sleeve", "fit")
        for expected, output in zip(module(x[:1]), found.core(x[:1]), strict=True):
            torch.testing.assert_close(expected, output, atol=1e-3, rtol=1e-2)


@pytest.fixture(scope="module")
def exported(network, export_once):
    return functools.partial(export_once, network)


@pytest.mark.parametrize("target", ["tflite", "executorch", "coreml"])
def test_every_target_keeps_their_order_and_the_bundle_lists_them(network, exported, target):
    out = exported(target, "none")
    bundle = load_bundle(out)
    heads = bundle.embedder.attributes
    assert {name: list(head.labels) for name, head in heads.items()} == ATTRIBUTES
    measured = {m["name"] for m in json.loads((out / "parity.json").read_text())[0]["measures"]}
    assert {f"{name}.cosine_min" for name in NAMES} <= measured

    image = np.array(network_input(photos.draw_picture(9), network.preprocessing))[None]
    found = find_target(target).load(bundle.embedder_path, network.outputs)(image)
    expected = network.reference(image)
    for name, labels in ATTRIBUTES.items():
        index = heads[name].output
        assert found[index].shape == (1, len(labels))
        np.testing.assert_allclose(found[index], expected[index], atol=1e-3)


def test_int8_keeps_them_and_names_their_labels_in_the_file(exported):
    content = (exported("tflite", "int8") / "embedder.tflite").read_bytes()
    (graph,) = read_metadata(content)["subgraph_metadata"]
    assert tuple(each["name"] for each in graph["output_tensor_metadata"]) == NAMES
    assert associated_files(content)["pattern.txt"].split() == ["plain", "striped", "dotted"]


def test_the_device_reads_their_probabilities(network, exported):
    bundle = load_bundle(exported("tflite", "int8"))
    pixels = photos.draw_picture(9)
    photo = Photo(pixels, pixels.shape[1], pixels.shape[0])
    found = NetworkEmbedder(bundle.embedder, open_model(bundle.embedder_path)).embed(photo)
    image = np.array(network_input(pixels, network.preprocessing))[None]
    expected = torch.tensor(network.reference(image)[3][0]).softmax(0).numpy()
    np.testing.assert_allclose(found.attributes["pattern"], expected, atol=0.1)


@pytest.mark.parametrize("names", [["embedding"], ["neck line", "neck_line"]])
def test_a_name_that_is_taken_is_refused(names):
    with pytest.raises(ConversionError, match="has the name of another output"):
        embedder_network(tiny_embedder({name: ["x", "y"] for name in names}), {})


def test_an_output_that_is_no_heads_is_refused():
    class Shifted(TinyEmbedder):
        def forward(self, x):
            *others, last = super().forward(x)
            return *others, last + 1

    module = Shifted({"fit": ["tight", "loose"]})
    with pytest.raises(ConversionError, match="give each a head of its own"):
        EmbedderCore(module.eval(), SIZE)
