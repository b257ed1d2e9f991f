"""All forms hold the same network; what does not fit is refused in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from pocketshelf_training.models.checkpoint import (
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)

FILES = ["a.safetensors", "a.npz", "a.pt"]


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    network[1].running_var.fill_(1e6)  # does not fit into half precision
    return network


@pytest.mark.parametrize("name", FILES)
def test_round_trip(tmp_path, network, name):
    save_checkpoint(tmp_path / name, "toy", {"sizes": [1, 2]}, network.state_dict(), {"seed": 7})
    checkpoint = load_checkpoint(tmp_path / name, kind="toy")
    assert (checkpoint.kind, checkpoint.config, checkpoint.meta) == ("toy", {"sizes": [1, 2]}, {"seed": 7})
    for key, tensor in network.state_dict().items():
        assert checkpoint.state[key].dtype == tensor.dtype
        torch.testing.assert_close(checkpoint.state[key], tensor, rtol=1e-3, atol=1e-4)
    assert sorted(file.name for file in tmp_path.iterdir()) == [name]


def test_npz_halves_filters_and_keeps_statistics(tmp_path, network):
    save_checkpoint(tmp_path / "a.npz", "toy", {}, network.state_dict())
    with np.load(tmp_path / "a.npz") as file:
        assert file["0.weight"].dtype == np.float16
        assert file["1.running_var"].dtype == np.float32
        assert str(file["__config__"]).startswith("{")


def test_another_kind_is_refused(tmp_path, network):
    save_checkpoint(tmp_path / "a.pt", "toy", {}, network.state_dict())
    with pytest.raises(CheckpointError, match="'toy', not 'detector'"):
        load_checkpoint(tmp_path / "a.pt", kind="detector")


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)), "0.weight have shape"),
        (nn.Sequential(nn.Conv2d(3, 4, 3)), "has no 1."),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.PReLU()), "no weights for Sequential.2"),
    ],
)
def test_another_architecture_is_refused(tmp_path, network, other, message):
    save_checkpoint(tmp_path / "a.pt", "toy", {}, network.state_dict())
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / "a.pt").load_into(other)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_one_line(tmp_path, network, name):
    save_checkpoint(tmp_path / name, "toy", {}, network.state_dict())
    whole = (tmp_path / name).read_bytes()
    for content in (b"", b"no checkpoint", whole[: len(whole) // 2]):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointError) as caught:
            load_checkpoint(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_missing_and_unknown_files(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "none.pt")
    (tmp_path / "a.onnx").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"known are \.safetensors, \.npz, \.pt"):
        load_checkpoint(tmp_path / "a.onnx")
    with pytest.raises(CheckpointError, match="unknown checkpoint format"):
        save_checkpoint(tmp_path / "b.onnx", "toy", {}, {})
    assert not (tmp_path / "b.onnx").exists()


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_training_forms_keep_every_bit_also_of_shared_weights_in_channels_last(tmp_path, network, name):
    shared = nn.ModuleList([network[0], network[0]]).to(memory_format=torch.channels_last)
    save_checkpoint(tmp_path / name, "toy", {}, shared.state_dict())
    state = load_checkpoint(tmp_path / name).state
    assert torch.equal(state["0.weight"], network[0].weight) and torch.equal(
        state["1.weight"], network[0].weight
    )


def test_a_checkpoint_of_an_earlier_training_loads(tmp_path, network):
    """As `torch.save` wrote them: not through this module's writer."""
    content = {"kind": "toy", "config": {"sizes": (1, 2)}, "state": network.state_dict(), "meta": {"seed": 7}}
    torch.save(content, tmp_path / "old.pt")
    checkpoint = load_checkpoint(tmp_path / "old.pt", kind="toy")
    assert (checkpoint.config, checkpoint.meta) == ({"sizes": (1, 2)}, {"seed": 7})
    checkpoint.load_into(network)


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    torch.save({"kind": "toy", "config": Trap(), "state": {}, "meta": {}}, tmp_path / "trap.pt")
    with pytest.raises(CheckpointError, match="damaged, or not a checkpoint"):
        load_checkpoint(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()


def test_a_checkpoint_without_weights_names_the_entry(tmp_path):
    torch.save({"kind": "toy", "config": {}}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="no entry 'state'"):
        load_checkpoint(tmp_path / "a.pt")
