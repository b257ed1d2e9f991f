"""Attribute heads on an embedder's pooled features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pocketshelf_training.__main__ import main
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.embedder import attributes
from pocketshelf_training.embedder.attributes import fit_head, with_heads
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder


def drawn(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy points around one centre a class; features of very different size, as pooled ones are."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    scale = np.array([100.0, 1.0, 0.01, 1.0])
    features = (np.eye(classes, 4)[labels] * 3 + rng.normal(size=(count, 4)) * 0.4) * scale
    return features, np.array([f"label {label}" for label in labels], dtype=object)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_head_tells_labels_apart_on_features_as_they_come(classes: int) -> None:
    labels, weight, bias, _ = fit_head(drawn(90, classes, 0), drawn(30, classes, 1))
    features, truth = drawn(60, classes, 2)
    said = np.array(labels, dtype=object)[(features @ weight.T + bias).argmax(1)]
    assert (said == truth).mean() > 0.95


def test_a_label_with_few_pictures_is_left_out() -> None:
    features, names = drawn(60, 2, 0)
    names[0] = "rare"
    labels, weight, _, _ = fit_head((features, names), drawn(30, 2, 1))
    assert labels == ["label 0", "label 1"]
    assert weight.shape == (2, 4)


@pytest.fixture(scope="module")
def plain() -> Embedder:
    torch.manual_seed(0)
    return Embedder(["a", "b"], size=32).eval()


def test_heads_leave_the_embedding_as_it_was(plain: Embedder) -> None:
    head = ["x", "y"], np.ones((2, 1280)), np.array([0.0, 5.0])
    made = with_heads(plain, {"sleeve": head})
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before, after = plain(images), made(images)
    assert len(after) == len(before) + 1
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])
    assert torch.allclose(after[2][:, 1] - after[2][:, 0], torch.full((2,), 5.0), atol=1e-3)
    assert made.attributes == {"sleeve": ["x", "y"]}
    assert plain.attributes == {}


@pytest.mark.parametrize("name", ["e.safetensors", "e.npz"])
def test_labels_stay_with_their_heads_in_either_form(plain: Embedder, tmp_path: Path, name: str) -> None:
    heads = {
        name: (["x", "y"], np.zeros((2, 1280)), np.array([0.0, bias]))
        for name, bias in (("sleeve", 1.0), ("fit", 2.0))
    }
    made = with_heads(plain, heads)
    save_checkpoint(tmp_path / name, "embedder", made.config, made.state_dict())
    again = Embedder.from_checkpoint(tmp_path / name)
    found = {a: h.bias[1].item() for a, h in zip(again.attributes, again.attribute_heads, strict=True)}
    assert found == {"sleeve": 1.0, "fit": 2.0}


def test_the_command_writes_an_embedder_with_heads_and_says_what_they_reach(
    plain: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    colours = {"red": (220, 30, 30), "blue": (30, 30, 220)}
    samples = []
    for split, count in (("train", 12), ("val", 4), ("test", 4)):
        for name, colour in colours.items():
            path = tmp_path / f"{split}-{name}.png"
            Image.new("RGB", (40, 40), colour).save(path)
            values = dict.fromkeys(attributes.ATTRIBUTES, name)
            samples += [Sample(path, split, "street", attributes=values)] * count
    found = {"studio": samples, "patterns": [], "clothing": []}
    monkeypatch.setattr(attributes, "sources", lambda data, drawn, given: found)
    checkpoint = tmp_path / "e.safetensors"
    save_checkpoint(checkpoint, "embedder", plain.config, plain.state_dict(), {"seed": 1})
    call = ["train", "attributes", "--checkpoint", str(checkpoint), "--studio", str(tmp_path)]
    assert main([*call, "--space", "old-space"]) == 0
    said = json.loads(capsys.readouterr().out)["balanced_accuracy"]
    assert said["colour"]["studio test (synthetic)"]["value"] == 1.0
    meta = load_checkpoint(tmp_path / "e-attributes.safetensors").meta
    assert meta["space"] == "old-space"
    assert meta["seed"] == 1
    assert set(Embedder.from_checkpoint(tmp_path / "e-attributes.safetensors").attributes) == set(
        attributes.ATTRIBUTES
    )


def test_a_sleeve_is_one_that_real_photos_have(tmp_path: Path, real_photos: Path) -> None:
    """Drawn caps and three quarters keep all else; a shop's menu tells of its tops, and of no trousers."""
    drawn = [
        Sample(
            tmp_path / f"{sleeve}.png", "train", "street", attributes={"sleeve": sleeve, "pattern": "solid"}
        )
        for sleeve in ("cap", "short")
    ]
    kept = [attributes._real_sleeves(sample).attributes for sample in drawn]
    assert kept == [{"pattern": "solid"}, {"sleeve": "short", "pattern": "solid"}]
    told = attributes._by_menu(str(real_photos))
    assert {sample.category for sample in told} == {"upper"}
    assert {sample.attributes["sleeve"] for sample in told} == {"none", "short", "long"}


def test_a_csv_of_ones_own_gives_heads_of_its_own(
    plain: Embedder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a studio; an attribute with one label only is left out."""
    lines = ["image,split,category,lid,shape"]
    for split, count in (("train", 8), ("val", 2), ("test", 2)):
        for lid, colour in (("screw", (220, 30, 30)), ("crown", (30, 30, 220))):
            Image.new("RGB", (40, 40), colour).save(tmp_path / f"{lid}.png")
            lines += [f"{lid}.png,{split},b,{lid},round"] * count
    (tmp_path / "own.csv").write_text("\n".join(lines))
    checkpoint = tmp_path / "e.safetensors"
    save_checkpoint(checkpoint, "embedder", plain.config, plain.state_dict(), {})
    call = ["train", "attributes", "--checkpoint", str(checkpoint), "--studio", str(tmp_path / "no")]
    assert main([*call, "--data-set", f"csv={tmp_path / 'own.csv'}"]) == 0
    said = json.loads(capsys.readouterr().out)["balanced_accuracy"]
    assert said == {"lid": {"csv test": said["lid"]["csv test"]}}
    assert said["lid"]["csv test"]["value"] == 1.0
    made = load_checkpoint(tmp_path / "e-attributes.safetensors")
    assert made.config["attributes"] == {"lid": ["crown", "screw"]}
    assert made.meta["attribute_categories"] == {"lid": ["b"]}


def test_nothing_to_fit_writes_nothing_and_heads_that_go_are_named(
    plain: Embedder, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Its heads would be gone without a word."""
    known = with_heads(plain, {"sleeve": (["x", "y"], np.ones((2, 1280)), np.zeros(2))})
    checkpoint, out = tmp_path / "embedder.safetensors", tmp_path / "made.safetensors"
    save_checkpoint(checkpoint, "embedder", known.config, known.state_dict())
    for number in range(16):
        Image.new("RGB", (32, 32), (250 * (number % 2), 0, 0)).save(tmp_path / f"{number}.png")
    lines = [f"{n}.png,{'red' if n % 2 else 'black'},train" for n in range(16)]

    def trained(count: int) -> int:
        (tmp_path / "photos.csv").write_text("\n".join(["image,shade,split", *lines[:count]]))
        named = ["--checkpoint", str(checkpoint), "--out", str(out), "--studio", str(tmp_path / "none")]
        return main(["train", "attributes", *named, "--data-set", f"csv={tmp_path}"])

    assert trained(4) == 1
    assert "nothing is written" in capsys.readouterr().err and not out.exists()
    assert trained(16) == 0
    assert list(load_checkpoint(out).config["attributes"]) == ["shade"]
    assert "that has sleeve, as no picture" in caplog.text


def test_without_a_studio_the_error_names_the_command(
    plain: Embedder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_checkpoint(tmp_path / "e.safetensors", "embedder", plain.config, plain.state_dict(), {})
    call = [
        "train",
        "attributes",
        "--checkpoint",
        str(tmp_path / "e.safetensors"),
        "--studio",
        str(tmp_path / "no"),
    ]
    assert main(call) == 1
    assert "prepare studio" in capsys.readouterr().err
