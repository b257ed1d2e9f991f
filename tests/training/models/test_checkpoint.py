"""Both forms hold the same network; what does not fit is refused in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from pocketshelf_training.models.checkpoint import (
    CheckpointError,
    export_npz,
    load_checkpoint,
    save_checkpoint,
)


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    network[1].running_var.fill_(1e6)  # does not fit into half precision
    return network


@pytest.mark.parametrize(("save", "name"), [(save_checkpoint, "a.pt"), (export_npz, "a.npz")])
def test_round_trip(tmp_path, network, save, name):
    save(tmp_path / name, "toy", {"sizes": [1, 2]}, network.state_dict(), {"seed": 7})
    checkpoint = load_checkpoint(tmp_path / name, kind="toy")
    assert (checkpoint.kind, checkpoint.config, checkpoint.meta) == ("toy", {"sizes": [1, 2]}, {"seed": 7})
    for key, tensor in network.state_dict().items():
        assert checkpoint.state[key].dtype == tensor.dtype
        torch.testing.assert_close(checkpoint.state[key], tensor, rtol=1e-3, atol=1e-4)
    assert sorted(file.name for file in tmp_path.iterdir()) == [name]


def test_npz_halves_filters_and_keeps_statistics(tmp_path, network):
    export_npz(tmp_path / "a.npz", "toy", {}, network.state_dict())
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


@pytest.mark.parametrize("name", ["a.pt", "a.npz"])
def test_damaged_files_are_one_line(tmp_path, network, name):
    save = save_checkpoint if name.endswith("pt") else export_npz
    save(tmp_path / name, "toy", {}, network.state_dict())
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
    with pytest.raises(CheckpointError, match=r"known are \.pt, \.npz"):
        load_checkpoint(tmp_path / "a.onnx")


def test_a_checkpoint_without_weights_names_the_entry(tmp_path):
    torch.save({"kind": "toy", "config": {}}, tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="no entry 'state'"):
        load_checkpoint(tmp_path / "a.pt")
